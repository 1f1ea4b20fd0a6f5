package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.PlanTree;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl plan}. */
@Command(
        name = "plan",
        description = "Show what a rollback would do, step by step, and what would undo it. Nothing runs.")
final class PlanCommand extends Verb {
    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Mixin
    private WantedOptions wanted = new WantedOptions();

    @Override
    int run(ControlPlane plane) {
        var answer = request(plane).ask(platform, null, wanted.preview());
        if (!(answer.getEvent() instanceof PlanPreviewed previewed)) {
            throw new IllegalStateException("answered by " + answer.getEvent());
        }
        return print(List.of(previewed.getPlan()), PlanTree.lines(previewed.getPlan(), style()));
    }
}
