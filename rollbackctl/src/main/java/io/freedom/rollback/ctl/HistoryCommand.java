package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Chains;
import io.freedom.rollback.ctl.view.HistoryLines;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl history}. */
@Command(
        name = "history",
        description = {
            "Replay what happened, from the history topic.",
            "Checks that no event is missing or altered; if one is, the exit code is 1. `history verify` checks all else."
        },
        subcommands = HistoryVerifyCommand.class)
final class HistoryCommand extends Verb {
    @Parameters(arity = "0..1", paramLabel = "ROLLBACK", description = "only this rollback")
    private @Nullable String rollbackId;

    @Option(names = "--platform", paramLabel = "NAME", description = "only this platform")
    private @Nullable String platform;

    @Option(names = "--since", paramLabel = "DURATION", description = "only the last, e.g. 2h or 7d")
    private @Nullable Duration since;

    @Override
    int run(ControlPlane plane) {
        var events = events(plane);
        if (events.isEmpty()) {
            if (rollbackId != null) {
                throw Failure.rejected(
                        "The history has no rollback '" + rollbackId + "'. See rollbackctl status --all");
            }
            err().println("The history has no such event.");
        }
        var lines = new HistoryLines(zone(), style());
        events.forEach(event -> out().println(json() ? Json.of(event) : lines.line(event)));
        out().flush();
        return isWhole(events) ? ExitCode.OK : ExitCode.FAILED;
    }

    private List<HistoryEvent> events(ControlPlane plane) {
        return Histories.read(plane, since == null ? null : now().minus(since), platform).stream()
                .filter(event -> rollbackId == null || rollbackId.equals(event.getRollbackId()))
                .toList();
    }

    private boolean isWhole(List<HistoryEvent> events) {
        var chains = new Chains();
        var broken =
                events.stream().map(chains::check).flatMap(Optional::stream).toList();
        broken.forEach(problem -> err().println("rollbackctl: " + problem));
        return broken.isEmpty();
    }
}
