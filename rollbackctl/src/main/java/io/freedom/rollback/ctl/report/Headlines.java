package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Headline;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.status.RollbackState;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What it was, how it ended, who or what started it. */
final class Headlines {
    private Headlines() {}

    static Headline of(Chronicle chronicle, List<HistoryEvent> history, Words words) {
        var plan = chronicle.plan();
        var state = state(chronicle);
        return new Headline(
                chronicle.id(),
                plan.getPlatform(),
                plan.getScenario(),
                plan.getTarget(),
                state,
                outcome(state, isAsBefore(chronicle)),
                chronicle.finished().map(RollbackFinished::getReason).orElseGet(() -> stopping(chronicle)),
                startedBy(chronicle, words),
                chronicle.startedAt(),
                chronicle.finishedAt(),
                continues(chronicle, history),
                continuedBy(chronicle, history));
    }

    /** What only looks is the cause of what it leads to. */
    private static @Nullable String continues(Chronicle chronicle, List<HistoryEvent> history) {
        var cause = chronicle.events().getFirst().getCause();
        return starts(chronicle, history)
                .map(HistoryEvent::getRollbackId)
                .filter(Objects::nonNull)
                .filter(id -> id.equals(cause))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable String continuedBy(Chronicle chronicle, List<HistoryEvent> history) {
        return starts(chronicle, history)
                .filter(start -> chronicle.id().equals(start.getCause()))
                .map(HistoryEvent::getRollbackId)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Of other rollbacks of the platform. */
    private static Stream<HistoryEvent> starts(Chronicle chronicle, List<HistoryEvent> history) {
        return history.stream()
                .filter(event -> event.getEvent() instanceof RollbackStarted)
                .filter(event -> event.getPlatform().equals(chronicle.plan().getPlatform()))
                .filter(event -> !chronicle.id().equals(event.getRollbackId()));
    }

    static RollbackState state(Chronicle chronicle) {
        return chronicle
                .finished()
                .map(finished -> state(finished.getOutcome()))
                .orElse(chronicle.isStopping() ? RollbackState.COMPENSATING : RollbackState.RUNNING);
    }

    private static RollbackState state(Outcome outcome) {
        return switch (outcome) {
            case SUCCEEDED -> RollbackState.SUCCEEDED;
            case REFUSED -> RollbackState.REFUSED;
            case COMPENSATED -> RollbackState.COMPENSATED;
            case COMPENSATION_FAILED -> RollbackState.COMPENSATION_FAILED;
            case ABORTED -> RollbackState.ABORTED;
        };
    }

    private static String outcome(RollbackState state, boolean asBefore) {
        return switch (state) {
            case RUNNING, PAUSED, HELD, AWAITING_APPROVAL -> "Still running: what follows is how far it is";
            case COMPENSATING -> "Still running: what was done is being undone";
            case SUCCEEDED -> "Succeeded";
            case REFUSED -> "Refused before anything was touched";
            case COMPENSATED ->
                asBefore
                        ? "Undone: the platform is as it was before"
                        : "Undone, but the platform is not as it was before: see why, below";
            case ABORTED -> "Aborted and left as it was: nothing was undone, the platform needs an operator";
            case COMPENSATION_FAILED -> "Failed and could not be undone: the platform needs an operator";
        };
    }

    /** As far as what was undone tells. */
    private static boolean isAsBefore(Chronicle chronicle) {
        return chronicle.events().stream().map(HistoryEvent::getEvent).noneMatch(event -> switch (event) {
            case StepSkipped skipped -> skipped.getCompensation();
            case StepSucceeded done ->
                done.getResult().getResult() instanceof DatabaseChecked rows
                        && !rows.getDifferences().isEmpty();
            default -> false;
        });
    }

    private static String stopping(Chronicle chronicle) {
        return chronicle
                .compensation()
                .map(compensation -> compensation.getReason())
                .or(() -> chronicle
                        .abort()
                        .map(abort -> Words.because("aborted by " + abort.getOperator(), abort.getReason())))
                .orElse("");
    }

    private static String startedBy(Chronicle chronicle, Words words) {
        var started = chronicle.started();
        var incident = started.getIncident();
        if (incident != null) {
            return "Incident " + incident.getIncidentId() + ", " + Words.lower(incident.getIncidentClass())
                    + ", reported by " + incident.getSource() + ": " + incident.getSummary() + ". It began "
                    + words.moment(incident.getBeganAt());
        }
        var operator = started.getOperator();
        return operator == null
                ? "Not known"
                : Words.because("Operator " + operator, started.getReason())
                        + (started.getReason() == null ? ", without a reason" : "");
    }
}
