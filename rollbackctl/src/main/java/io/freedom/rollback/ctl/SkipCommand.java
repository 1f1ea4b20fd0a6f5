package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl skip}. */
@Command(
        name = "skip",
        description = {
            "Go on without a step that does not run: held, waiting for its next attempt, or not yet begun.",
            "Refused where another step needs its result. Where undoing has failed, go on without undoing that step."
        })
final class SkipCommand extends ControlVerb {
    @Parameters(index = "1", paramLabel = "STEP", description = "id of the step")
    private String step = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    String verb() {
        return "skip";
    }

    @Override
    boolean concerns(RollbackStatus status) {
        return super.concerns(status) || status.getState() == RollbackState.COMPENSATION_FAILED;
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, required(reason, "--reason"), new SkipStep(id, step));
        return print(
                List.of(answer), List.of(id + " goes on without " + step + ".", "Watch it: rollbackctl watch " + id));
    }
}
