package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.TimeoutChanged;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl timeout}. */
@Command(
        name = "timeout",
        description = {
            "Change how long an attempt of a step may take, or an open gate wait, counted from its beginning.",
            "Goes for the attempt that runs, and for those after it."
        })
final class TimeoutCommand extends ControlVerb {
    @Parameters(index = "1", paramLabel = "STEP", description = "id of the step")
    private String step = "";

    @Parameters(index = "2", paramLabel = "DURATION", description = "e.g. 90s, 45m or 2h")
    private Duration duration = Duration.ZERO;

    @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
    private @Nullable String reason;

    @Override
    String verb() {
        return "change";
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, reason, new ChangeTimeout(id, step, duration.toMillis()));
        var until = answer.getEvent() instanceof TimeoutChanged changed && changed.getDeadline() != null
                ? ", the one that runs until " + Texts.moment(changed.getDeadline(), zone())
                : "";
        return print(
                List.of(answer), List.of("An attempt of " + step + " may take " + Texts.span(duration) + until + "."));
    }
}
