package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Headline;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.status.RollbackState;

/** What it was, how it ended, who or what started it. */
final class Headlines {
    private Headlines() {}

    static Headline of(Chronicle chronicle, Words words) {
        var plan = chronicle.plan();
        var state = state(chronicle);
        return new Headline(
                chronicle.id(),
                plan.getPlatform(),
                plan.getScenario(),
                plan.getTarget(),
                state,
                outcome(state),
                chronicle.finished().map(RollbackFinished::getReason).orElseGet(() -> stopping(chronicle)),
                startedBy(chronicle, words),
                chronicle.startedAt(),
                chronicle.finishedAt());
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

    private static String outcome(RollbackState state) {
        return switch (state) {
            case RUNNING, PAUSED, HELD, AWAITING_APPROVAL -> "Still running: what follows is how far it is";
            case COMPENSATING -> "Still running: what was done is being undone";
            case SUCCEEDED -> "Succeeded";
            case REFUSED -> "Refused before anything was touched";
            case COMPENSATED -> "Undone: the platform is as it was before";
            case ABORTED -> "Aborted and left as it was: nothing was undone, the platform needs an operator";
            case COMPENSATION_FAILED -> "Failed and could not be undone: the platform needs an operator";
        };
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
