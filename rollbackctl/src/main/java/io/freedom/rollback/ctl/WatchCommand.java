package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.TopicReader;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl watch}. */
@Command(
        name = "watch",
        description = {
            "Follow a rollback to its end; the exit code tells how it ended.",
            "Without argument: the running one, else the newest. Ctrl-C leaves the rollback running."
        })
final class WatchCommand extends WatchingVerb {
    private static final Duration POLL = Duration.ofMillis(200);

    @Parameters(arity = "0..1", paramLabel = "ROLLBACK|PLATFORM", description = "rollback id, or a platform's name")
    private @Nullable String what;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description =
                    "with a platform: wait (see --timeout) for a rollback that started then or later, such as one that"
                            + " an alert is about to start; e.g. 2026-03-14T03:09:26Z")
    private @Nullable Instant since;

    @Override
    int run(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            var statuses = Statuses.read(reader);
            var rollback = since != null
                    ? awaitNew(reader, statuses, since)
                    : what == null
                            ? statuses.current(_ -> true)
                                    .orElseThrow(
                                            () -> Failure.rejected(
                                                    "No rollback has run yet. Begin one with: rollbackctl start PLATFORM --reason …"))
                            : statuses.find(what);
            return exitCode(follow(reader, statuses, rollback.getRollbackId()));
        }
    }

    private RollbackStatus awaitNew(TopicReader reader, Statuses statuses, Instant begin) {
        if (what == null) {
            throw Failure.usage("--since needs a platform: rollbackctl watch PLATFORM --since TIME");
        }
        var end = Instant.now().plus(timeout());
        while (true) {
            var started = statuses.current(
                    s -> s.getPlatform().equals(what) && !s.getStartedAt().isBefore(begin));
            if (started.isPresent()) {
                return started.get();
            }
            if (Instant.now().isAfter(end)) {
                throw Failure.unreachable("No rollback of " + what + " has started since " + begin + " within "
                        + timeout().toSeconds()
                        + " s. What became of the incident says: rollbackctl history --platform "
                        + what);
            }
            statuses.apply(reader.poll(POLL));
        }
    }
}
