package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl abort}. */
@Command(name = "abort", description = "Stop a running rollback and undo what it did.")
final class AbortCommand extends Verb {
    @Parameters(paramLabel = "ROLLBACK", description = "rollback id")
    private String rollbackId = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    int run(ControlPlane plane) {
        var status = status(plane);
        if (!Statuses.isRunning(status)) {
            throw Failure.rejected(rollbackId + " is over ("
                    + status.getState().name().toLowerCase(Locale.ROOT) + "): there is nothing to abort");
        }
        var answer =
                request(plane).ask(status.getPlatform(), required(reason, "--reason"), new AbortRollback(rollbackId));
        return print(
                List.of(answer),
                List.of(
                        rollbackId + " stops now; what it did to " + status.getPlatform() + " is undone.",
                        "Watch it: rollbackctl watch " + rollbackId));
    }

    private RollbackStatus status(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            return Statuses.read(reader)
                    .rollback(rollbackId)
                    .orElseThrow(() -> Failure.rejected(
                            "There is no rollback '" + rollbackId + "'. See rollbackctl status --all"));
        }
    }
}
