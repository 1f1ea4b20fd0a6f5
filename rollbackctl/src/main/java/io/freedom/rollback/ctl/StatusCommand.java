package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.StatusTable;
import io.freedom.rollback.ctl.view.WatchFrame;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl status}. */
@Command(
        name = "status",
        description = {
            "Show how rollbacks stand now.",
            "Without argument: those that run, and the newest of each platform. With a rollback's id: its steps."
        })
final class StatusCommand extends Verb {
    @Parameters(arity = "0..1", paramLabel = "PLATFORM|ROLLBACK", description = "a platform's name, or a rollback id")
    private @Nullable String what;

    @Option(names = "--all", description = "every rollback that was ever run")
    private boolean all;

    @Override
    int run(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            var statuses = Statuses.read(reader);
            var one = what == null ? Optional.<RollbackStatus>empty() : statuses.rollback(what);
            if (one.isPresent()) {
                var width = surroundings().terminal().size().columns();
                return print(List.of(one.get()), WatchFrame.lines(one.get(), now(), width, Integer.MAX_VALUE, style()));
            }
            return printTable(selected(statuses));
        }
    }

    private List<RollbackStatus> selected(Statuses statuses) {
        var ofPlatform = what == null ? null : statuses.find(what).getPlatform();
        return statuses.all().stream()
                .filter(s -> ofPlatform == null || s.getPlatform().equals(ofPlatform))
                .filter(s -> all
                        || Statuses.isRunning(s)
                        || statuses.current(o -> o.getPlatform().equals(s.getPlatform()))
                                .filter(s::equals)
                                .isPresent())
                .toList();
    }

    private int printTable(List<RollbackStatus> rollbacks) {
        return print(
                rollbacks,
                rollbacks.isEmpty()
                        ? List.of("No rollback has run yet.")
                        : StatusTable.lines(rollbacks, now(), zone(), style()));
    }
}
