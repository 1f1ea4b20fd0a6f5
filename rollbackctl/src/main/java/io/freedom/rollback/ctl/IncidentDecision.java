package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the orchestrator decided about an incident, in an operator's words.
 *
 * @param rollbackId what answers the incident already; null where nothing does yet
 */
record IncidentDecision(String text, int exitCode, @Nullable String rollbackId) {
    static Optional<IncidentDecision> of(HistoryEvent event) {
        var id = event.getRollbackId();
        var watch = "\nWatch it: rollbackctl watch ";
        return switch (event.getEvent()) {
            case RollbackStarted started
            when started.getIncident() != null ->
                done(
                        "A rollback of " + event.getPlatform() + " started: " + id + ", "
                                + started.getPlan().getScenario() + watch + id,
                        id);
            case IncidentDuplicated duplicated ->
                done(
                        "This incident was reported before and is answered by " + duplicated.getRollbackId() + watch
                                + duplicated.getRollbackId(),
                        duplicated.getRollbackId());
            case IncidentMerged _ ->
                done(
                        "A rollback of " + event.getPlatform() + " runs already; the incident joins it" + watch
                                + (id == null ? event.getPlatform() : id),
                        id);
            case IncidentQueued _ ->
                done(
                        "The incident waits: something else runs on " + event.getPlatform()
                                + ", another of its incidents waits for its turn, or its last rollback left it to an operator"
                                + watch
                                + event.getPlatform(),
                        null);
            case IncidentPostponed postponed ->
                done("It " + postponed.getReason() + watch + postponed.getStartId(), postponed.getStartId());
            case IncidentHeld held ->
                Optional.of(new IncidentDecision("Held for you: " + held.getReason(), ExitCode.REJECTED, null));
            case IncidentIgnored ignored ->
                Optional.of(new IncidentDecision("Ignored: " + ignored.getReason(), ExitCode.REJECTED, null));
            default -> Optional.empty();
        };
    }

    private static Optional<IncidentDecision> done(String text, @Nullable String rollbackId) {
        return Optional.of(new IncidentDecision(text, ExitCode.OK, rollbackId));
    }
}
