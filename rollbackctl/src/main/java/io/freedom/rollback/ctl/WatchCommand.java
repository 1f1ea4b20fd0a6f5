package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl watch}. */
@Command(
        name = "watch",
        description = {
            "Follow a rollback to its end; the exit code tells how it ended.",
            "Without argument: the running one, else the newest. Ctrl-C leaves the rollback running."
        })
final class WatchCommand extends WatchingVerb {
    @Parameters(arity = "0..1", paramLabel = "ROLLBACK|PLATFORM", description = "rollback id, or a platform's name")
    private @Nullable String what;

    @Override
    int run(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            var statuses = Statuses.read(reader);
            var rollback = what == null
                    ? statuses.current(_ -> true)
                            .orElseThrow(() -> Failure.rejected(
                                    "No rollback has run yet. Begin one with: rollbackctl start PLATFORM --reason …"))
                    : statuses.find(what);
            return exitCode(follow(reader, statuses, rollback.getRollbackId()));
        }
    }
}
