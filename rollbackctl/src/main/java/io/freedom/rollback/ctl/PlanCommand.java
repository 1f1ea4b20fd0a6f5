package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Outlook;
import io.freedom.rollback.ctl.view.PlanTree;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl plan}. */
@Command(
        name = "plan",
        description = {
            "Show what a rollback would do, step by step, and what would undo it; then have the workers look what that"
                    + " means right now: files, dirty work, containers, images, rows and transactions, and whether the"
                    + " target could start here.",
            "Nothing is changed: the tag is checked out beside the live work tree and removed again. The look is in the"
                    + " history; it takes a few seconds, and an incident that comes meanwhile ends it."
        },
        exitCodeList = {
            "0:shown; nothing stands in the way of it, or nobody looked",
            "1:shown; it would not get through as the platform is",
            "2:wrong arguments",
            "3:the control plane cannot be reached or did not answer in time",
            "4:rejected: there is no such plan"
        })
final class PlanCommand extends WatchingVerb {
    /** Clocks of two machines need not agree. */
    private static final Duration SKEW = Duration.ofMinutes(10);

    @Parameters(paramLabel = "PLATFORM", description = "name of a registered platform")
    private String platform = "";

    @Option(names = "--no-look", description = "the plan alone; no worker is asked")
    private boolean planOnly;

    @Mixin
    private WantedOptions wanted = new WantedOptions();

    @Override
    int run(ControlPlane plane) {
        var asked = now();
        var lookId = planOnly ? null : RollbackIds.nextLook(asked);
        var answer = request(plane).ask(platform, "rollbackctl plan", wanted.preview(lookId));
        if (!(answer.getEvent() instanceof PlanPreviewed previewed)) {
            throw new IllegalStateException("answered by " + answer.getEvent());
        }
        var plan = previewed.getPlan();
        print(List.of(plan), PlanTree.lines(plan, style()));
        out().flush();
        if (previewed.getNotLooked() != null) {
            err().println("Nobody looks what it means right now: " + previewed.getNotLooked() + ".");
            return ExitCode.OK;
        }
        return lookId == null ? ExitCode.OK : look(plane, plan, lookId, asked);
    }

    private int look(ControlPlane plane, Plan plan, String lookId, Instant asked) {
        await(plane, lookId);
        var outlook = Outlook.of(
                plan,
                Histories.read(plane, asked.minus(SKEW), platform).stream()
                        .filter(event -> lookId.equals(event.getRollbackId()))
                        .toList());
        if (json()) {
            out().println(Json.of(outlook.json()));
        } else {
            outlook.lines(style()).forEach(out()::println);
        }
        return outlook.problems().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }
}
