package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Decision;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.CompensationStarted;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentRepeated;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.incident.Incident;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/** Where somebody, or the orchestrator by its rules, chose how to go on. */
final class Decisions {
    private static final String ORCHESTRATOR = "orchestrator";

    private Decisions() {}

    /** Reports of an incident already answered are facts of the platform, not of the rollback: they are looked for too. */
    static List<Decision> of(Chronicle chronicle, List<HistoryEvent> history, Words words) {
        var decisions = new ArrayList<Decision>();
        for (var event : chronicle.events()) {
            decision(chronicle, event, words).ifPresent(decisions::add);
        }
        for (var event : history) {
            if (event.getEvent() instanceof IncidentDuplicated duplicated
                    && chronicle.id().equals(duplicated.getRollbackId())
                    && chronicle.plan().getPlatform().equals(event.getPlatform())) {
                decisions.add(new Decision(
                        event.getAt(),
                        ORCHESTRATOR,
                        "Counted a repeated report as answered by this rollback",
                        incident(duplicated.getIncident())));
            }
            if (event.getEvent() instanceof IncidentRepeated repeated
                    && chronicle.id().equals(repeated.getRollbackId())
                    && chronicle.plan().getPlatform().equals(event.getPlatform())) {
                decisions.add(new Decision(
                        event.getAt(),
                        ORCHESTRATOR,
                        "Counted " + Words.count(repeated.getTimes(), "repeated reports")
                                + " as answered by this rollback",
                        incident(repeated.getIncident())));
            }
        }
        decisions.sort(Comparator.comparing(Decision::at)); // stable
        return decisions;
    }

    private static Optional<Decision> decision(Chronicle chronicle, HistoryEvent event, Words words) {
        var at = event.getAt();
        return switch (event.getEvent()) {
            case RollbackStarted e -> Optional.of(started(event, e, words));
            case IncidentMerged e ->
                Optional.of(new Decision(
                        at, ORCHESTRATOR, "Joined a further incident to this rollback", incident(e.getIncident())));
            case AbortRequested e ->
                Optional.of(new Decision(
                        at, e.getOperator(), "Aborted the rollback", or(e.getReason(), "no reason given")));
            case CompensationStarted e ->
                Optional.of(new Decision(
                        at,
                        ORCHESTRATOR,
                        e.getSteps().isEmpty()
                                ? "Stopped: nothing was there to undo"
                                : "Began to undo " + Words.count(e.getSteps().size(), "steps"),
                        e.getReason()));
            case StepFailed e
            when e.getTolerated() ->
                Optional.of(new Decision(
                        at,
                        ORCHESTRATOR,
                        "Went on without \"" + Troubles.step(chronicle, e.getStepId(), false) + "\"",
                        "the plan says so: service does not depend on it"));
            case RollbackFinished e ->
                Optional.of(new Decision(at, ORCHESTRATOR, "Ended it: " + Words.lower(e.getOutcome()), e.getReason()));
            default -> byOperator(chronicle, event);
        };
    }

    private static Decision started(HistoryEvent event, RollbackStarted e, Words words) {
        var incident = e.getIncident();
        var plan = e.getPlan();
        var what = "Started " + plan.getScenario() + (plan.getTarget() == null ? "" : " to " + plan.getTarget())
                + (plan.getRestorePoint() == null ? "" : ", restoring " + plan.getRestorePoint())
                + (plan.getOverrides() == null
                        ? ""
                        : ", instead of " + plan.getOverrides() + ", which the descriptor has for such an incident");
        if (incident != null) {
            return new Decision(
                    event.getAt(),
                    ORCHESTRATOR + ", for " + incident.getSource(),
                    what,
                    incident(incident) + ", began " + words.moment(incident.getBeganAt()));
        }
        return new Decision(
                event.getAt(), or(e.getOperator(), "not known"), what, or(e.getReason(), "no reason given"));
    }

    private static String incident(Incident incident) {
        return incident.getIncidentId() + ", " + Words.lower(incident.getIncidentClass()) + " from "
                + incident.getSource() + ": " + incident.getSummary();
    }

    /** Whatever an operator may decide, in this release or a later one: such events name their operator. */
    private static Optional<Decision> byOperator(Chronicle chronicle, HistoryEvent event) {
        if (!(event.getEvent() instanceof IndexedRecord record)) {
            return Optional.empty();
        }
        var operator = field(record, "operator");
        if (operator == null) {
            return Optional.empty();
        }
        var words = record.getSchema().getName().replaceAll("(?<=[a-z])(?=[A-Z])", " ");
        var step = field(record, "stepId");
        var about = step == null ? "" : ": " + Troubles.step(chronicle, step, false);
        return Optional.of(new Decision(
                event.getAt(),
                operator,
                Words.capital(words.toLowerCase(Locale.ROOT)) + about,
                or(field(record, "reason"), "no reason given")));
    }

    private static @Nullable String field(IndexedRecord record, String name) {
        var field = record.getSchema().getField(name);
        var value = field == null ? null : record.get(field.pos());
        return value == null ? null : value.toString();
    }

    private static String or(@Nullable String text, String otherwise) {
        return text == null || text.isBlank() ? otherwise : text;
    }
}
