package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.CompensationStarted;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.history.ConfigurationUnfollowed;
import io.freedom.rollback.schemas.history.FasterWayChosen;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpOverdue;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.history.GateExpired;
import io.freedom.rollback.schemas.history.GateOpened;
import io.freedom.rollback.schemas.history.GateRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.IncidentRepeated;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.history.NotificationsTested;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.history.RollbackResumed;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.history.RtoAtRisk;
import io.freedom.rollback.schemas.history.SiteLimitDisregarded;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.history.StepAcknowledged;
import io.freedom.rollback.schemas.history.StepCancelRequested;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepHeld;
import io.freedom.rollback.schemas.history.StepRetryRequested;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.history.TimeoutChanged;
import io.freedom.rollback.schemas.history.UndoApproved;
import io.freedom.rollback.schemas.history.UndoRequested;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchiveNotStored;
import io.freedom.rollback.schemas.history.WalArchiveStored;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.AbortMode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The history as a timeline: clock, time since the rollback began, what happened. */
public final class HistoryLines {
    private record Line(String what, String about) {}

    private final ZoneId zone;
    private final Style style;
    private final Map<String, Instant> starts = new HashMap<>();

    public HistoryLines(ZoneId zone, Style style) {
        this.zone = zone;
        this.style = style;
    }

    public String line(HistoryEvent event) {
        var line = describe(event.getEvent());
        var chain = event.getRollbackId() == null ? event.getPlatform() : event.getRollbackId();
        var text = Texts.pad(line.what(), 20) + "  " + Texts.cut(line.about(), 400);
        return Texts.moment(event.getAt(), zone) + "  " + Texts.pad(offset(event), 10) + "  " + Texts.pad(chain, 23)
                + "  " + coloured(event.getEvent(), text).stripTrailing();
    }

    private String offset(HistoryEvent event) {
        if (event.getRollbackId() == null) {
            return "";
        }
        if (event.getEvent() instanceof RollbackStarted) {
            starts.put(event.getRollbackId(), event.getAt());
        }
        var start = starts.get(event.getRollbackId());
        return start == null ? "" : "+" + Texts.span(Duration.between(start, event.getAt()));
    }

    private Line describe(Object event) {
        return switch (event) {
            case PlatformRegistered e ->
                new Line(
                        "platform registered",
                        "by " + e.getOperator() + ", descriptor " + Texts.cut(e.getDescriptorHash(), 13));
            case CommandRejected e -> new Line("command rejected", e.getReason());
            case PlanPreviewed e -> new Line("plan previewed", Texts.aim(e.getPlan()));
            case IncidentDuplicated e ->
                new Line("incident duplicated", incident(e.getIncident()) + ", answered by " + e.getRollbackId());
            case IncidentRepeated e ->
                new Line(
                        "incident repeated",
                        incident(e.getIncident()) + ", " + e.getTimes() + " times since "
                                + Texts.moment(e.getSince(), zone) + ": " + e.getAnswer());
            case IncidentMerged e -> new Line("incident merged", incident(e.getIncident()));
            case IncidentQueued e -> new Line("incident queued", incident(e.getIncident()));
            case IncidentPostponed e ->
                new Line(
                        "incident postponed",
                        incident(e.getIncident()) + ", to start " + e.getStartId() + ": " + e.getReason());
            case SiteLimitDisregarded e -> new Line("site limit disregarded", e.getReason());
            case IncidentIgnored e -> new Line("incident ignored", incident(e.getIncident()) + ": " + e.getReason());
            case IncidentHeld e -> new Line("incident held", incident(e.getIncident()) + ": " + e.getReason());
            case RtoAtRisk e ->
                new Line(
                        "RTO at risk",
                        "to be over by " + Texts.moment(e.getDeadline(), zone)
                                + (e.getPredictedEnd() == null
                                        ? ""
                                        : ", expected at " + Texts.moment(e.getPredictedEnd(), zone))
                                + (e.getStepId().isEmpty() ? "" : ", running: " + e.getStepId())
                                + (e.getDispensable().isEmpty()
                                        ? ""
                                        : ", sooner if skipped: " + String.join(", ", e.getDispensable()))
                                + (e.getFaster().isEmpty()
                                        ? ""
                                        : ", has a faster way: " + String.join(", ", e.getFaster())));
            case StabilityWatchStarted e ->
                new Line(
                        "watch started",
                        "after " + e.getWatchedRollback() + ", until " + Texts.moment(e.getUntil(), zone) + ", every "
                                + Texts.limit(e.getEvery()));
            case PlatformRelapsed e ->
                new Line(
                        "platform relapsed",
                        "after " + e.getWatchedRollback() + ", " + e.getLooks() + " looks: "
                                + String.join("; ", e.getAnomalies()));
            case StabilityWatchEnded e ->
                new Line(
                        "watch ended",
                        "after " + e.getWatchedRollback() + ", " + e.getLooks() + " looks, " + e.getWithAnomalies()
                                + " with anomalies: " + e.getReason());
            case FollowUpsPlanned e ->
                new Line("follow-ups planned", e.getFollowUps().size() + " after " + e.getOfRollback());
            case FollowUpDone e -> new Line("follow-up done", e.getFollowUpId() + by(e.getOperator(), e.getReason()));
            case FollowUpOverdue e ->
                new Line(
                        "follow-up overdue",
                        e.getFollowUp().getFollowUpId() + ": " + e.getFollowUp().getWhat() + " ("
                                + e.getFollowUp().getOwner() + ")");
            case RpoAtRisk e
            when !e.getPart().equals("database") ->
                new Line(
                        "RPO at risk",
                        "of its " + e.getPart() + ": "
                                + (e.getTakenAt() == null || e.getMissedAt() == null
                                        ? "nothing is kept"
                                        : "what was there until " + Texts.moment(e.getTakenAt(), zone) + " is kept"
                                                + (e.getRestorePoint() == null ? "" : ", in " + e.getRestorePoint())
                                                + "; a restore misses " + Texts.limit(e.getRpo()) + " from "
                                                + Texts.moment(e.getMissedAt(), zone) + " on"));
            case RpoAtRisk e ->
                new Line(
                        "RPO at risk",
                        e.getMissedAt() == null
                                ? "there is no restore point that could be restored"
                                : (e.getRestorePoint() == null
                                                ? "the WAL archive does not go on"
                                                : "the newest restore point is " + e.getRestorePoint())
                                        + "; a restore misses "
                                        + Texts.limit(e.getRpo()) + " from " + Texts.moment(e.getMissedAt(), zone)
                                        + " on");
            case WalArchived e ->
                new Line(
                        "WAL archived",
                        "any moment from " + Texts.moment(e.getSince(), zone) + " on can be derived"
                                + (e.getNotes().isEmpty() ? "" : "; " + String.join("; ", e.getNotes())));
            case WalArchiveInterrupted e ->
                new Line(
                        "WAL not archived",
                        e.getReason()
                                + (e.getUntil() == null
                                        ? ""
                                        : "; what was committed until " + Texts.moment(e.getUntil(), zone) + " is"));
            case RestorePointsStored e ->
                new Line(
                        "restore points stored",
                        e.getStored().size() + " are whole in the store"
                                + (e.getNotes().isEmpty() ? "" : "; " + String.join("; ", e.getNotes()))
                                + (e.getFault() == null ? "" : "; not all: " + e.getFault()));
            case StoreInterrupted e -> new Line(e.getEnded() ? "store ended" : "store not reached", e.getReason());
            case WalArchiveStored e ->
                new Line(
                        "WAL stored",
                        "any moment from " + Texts.moment(e.getSince(), zone) + " on can be derived from the store"
                                + (e.getNotes().isEmpty() ? "" : "; " + String.join("; ", e.getNotes())));
            case WalArchiveNotStored e ->
                new Line(
                        e.getEnded() ? "WAL store ended" : "WAL not stored",
                        e.getReason()
                                + (e.getUntil() == null
                                        ? ""
                                        : "; what was committed until " + Texts.moment(e.getUntil(), zone)
                                                + " is in the store"));
            case LogsArchived e ->
                new Line(
                        "logs kept",
                        "every " + Texts.limit(e.getEvery())
                                + (e.getNotes().isEmpty() ? "" : "; not so: " + String.join("; ", e.getNotes())));
            case LogArchiveInterrupted e ->
                new Line(
                        "logs not kept",
                        e.getReason()
                                + (e.getUntil() == null
                                        ? ""
                                        : "; what was logged until " + Texts.moment(e.getUntil(), zone) + " is"));
            case ConfigurationFollowed e ->
                new Line(
                        "configuration recorded",
                        "every " + Texts.limit(e.getEvery())
                                + (e.getNotes().isEmpty() ? "" : "; not so: " + String.join("; ", e.getNotes())));
            case ConfigurationUnfollowed e ->
                new Line(
                        "configuration not recorded",
                        e.getReason()
                                + (e.getUntil() == null
                                        ? ""
                                        : "; what was changed until " + Texts.moment(e.getUntil(), zone) + " is"));
            case NotificationsTested e ->
                new Line(
                        "notifications tested",
                        "by " + e.getOperator() + ": " + e.getNotifications().size() + " sent");
            case UndoApproved e ->
                new Line(
                        "undo asked for",
                        e.getApprovals() + " of " + e.getNeeded() + " operators, until "
                                + Texts.moment(e.getDeadline(), zone) + by(e.getOperator(), e.getReason()));
            case FasterWayChosen e -> new Line("faster way chosen", e.getStepId() + by(e.getOperator(), e.getReason()));
            case UndoRequested e -> new Line("undo requested", "by " + e.getOperator() + detail(e.getReason()));
            case RollbackStarted e -> new Line("rollback started", aim(e) + because(e));
            case StepDispatched e ->
                new Line("step dispatched", step(e.getStepId(), e.getAttempt(), e.getCompensation()));
            case StepAcknowledged e ->
                new Line(
                        "step accepted",
                        step(e.getStepId(), e.getAttempt(), e.getCompensation()) + " by " + e.getWorkerId());
            case StepSucceeded e ->
                new Line(
                        e.getCompensation() ? "step undone" : "step succeeded",
                        step(e.getStepId(), e.getAttempt(), e.getCompensation())
                                + detail(e.getDetail())
                                + (e.getAlreadyApplied() ? " (was already so)" : ""));
            case AttemptFailed e ->
                new Line(
                        "attempt failed",
                        step(e.getStepId(), e.getAttempt(), e.getCompensation()) + ", "
                                + Texts.lower(e.getKind()) + detail(e.getMessage())
                                + (e.getRetryAt() == null ? "" : " (will be tried again)"));
            case StepFailed e ->
                new Line(
                        e.getTolerated() ? "step failed, goes on" : "step failed",
                        step(e.getStepId(), 1, e.getCompensation()) + ", " + Texts.lower(e.getKind())
                                + detail(e.getMessage()));
            case StepSkipped e ->
                new Line("step skipped", step(e.getStepId(), 1, e.getCompensation()) + detail(e.getReason()));
            case StepHeld e ->
                new Line("step held", e.getStepId() + ", " + Texts.lower(e.getKind()) + detail(e.getMessage()));
            case StepRetryRequested e ->
                new Line(
                        "retry requested",
                        step(e.getStepId(), 1, e.getCompensation()) + by(e.getOperator(), e.getReason()));
            case TimeoutChanged e ->
                new Line(
                        "timeout changed",
                        step(e.getStepId(), 1, e.getCompensation()) + " may take " + Texts.limit(e.getTimeout())
                                + by(e.getOperator(), e.getReason()));
            case GateOpened e ->
                new Line("gate opened", e.getStepId() + ", until " + Texts.moment(e.getDeadline(), zone));
            case GateApproved e ->
                new Line(
                        "gate approved",
                        e.getStepId() + ", " + e.getApprovals() + " of " + e.getNeeded()
                                + by(e.getOperator(), e.getReason()));
            case GateRejected e -> new Line("gate rejected", e.getStepId() + by(e.getOperator(), e.getReason()));
            case GateExpired e ->
                new Line("gate expired", e.getStepId() + ", the plan says " + Texts.lower(e.getDecision()));
            case RollbackPaused e ->
                new Line(
                        "paused",
                        "by " + e.getOperator() + detail(e.getReason())
                                + (e.getDownSince() == null ? "" : " (service is down)"));
            case RollbackResumed e -> new Line("resumed", "by " + e.getOperator() + detail(e.getReason()));
            case StepCancelRequested e ->
                new Line("cancel requested", step(e.getStepId(), e.getAttempt(), e.getCompensation()));
            case AbortRequested e ->
                new Line(
                        "abort requested",
                        "by " + e.getOperator() + detail(e.getReason())
                                + (e.getMode() == AbortMode.AFTER_STEP ? " (after the steps that run)" : "")
                                + (e.getCompensate() ? "" : " (left as it is)"));
            case CompensationStarted e -> new Line("undoing", e.getSteps().size() + " steps" + detail(e.getReason()));
            case RollbackFinished e ->
                new Line(
                        Texts.lower(e.getOutcome()),
                        "took " + Texts.span(Duration.ofMillis(e.getTook())) + ", downtime "
                                + Texts.span(Duration.ofMillis(e.getDowntime())) + detail(e.getReason()));
            default -> new Line(event.getClass().getSimpleName(), "");
        };
    }

    private String coloured(Object event, String text) {
        return switch (event) {
            case RollbackStarted _ -> style.bold(text);
            case StepSucceeded _ -> style.green(text);
            case RollbackFinished e ->
                switch (e.getOutcome()) {
                    case SUCCEEDED -> style.bold(style.green(text));
                    case REFUSED, COMPENSATED -> style.bold(style.yellow(text));
                    case COMPENSATION_FAILED, ABORTED -> style.bold(style.red(text));
                };
            case PlatformRelapsed _, StepFailed _, StepHeld _, GateRejected _, CommandRejected _, IncidentHeld _ ->
                style.red(text);
            case AttemptFailed _,
                    AbortRequested _,
                    UndoApproved _,
                    UndoRequested _,
                    FasterWayChosen _,
                    CompensationStarted _,
                    StepSkipped _,
                    StepCancelRequested _,
                    GateOpened _,
                    GateExpired _,
                    RtoAtRisk _,
                    IncidentPostponed _,
                    SiteLimitDisregarded _,
                    RollbackPaused _ -> style.yellow(text);
            case StepDispatched _, StepAcknowledged _ -> style.dim(text);
            default -> text;
        };
    }

    private static String step(String id, int attempt, boolean compensation) {
        return (compensation ? "undo of " : "") + id + (attempt > 1 ? " (attempt " + attempt + ")" : "");
    }

    private static String detail(@Nullable String text) {
        return text == null || text.isEmpty() ? "" : ": " + text;
    }

    /** A reported incident tells its class itself. */
    private static String aim(RollbackStarted e) {
        var plan = e.getPlan();
        return e.getIncident() == null ? Texts.aim(plan) : Texts.aim(plan.getScenario(), plan.getTarget());
    }

    private static String by(String operator, @Nullable String reason) {
        return ", by " + operator + detail(reason);
    }

    private static String because(RollbackStarted e) {
        if (e.getIncident() != null) {
            return ", because of " + incident(e.getIncident()) + detail(e.getReason());
        }
        return e.getOperator() == null ? "" : ", by " + e.getOperator() + detail(e.getReason());
    }

    private static String incident(Incident incident) {
        return Texts.lower(incident.getIncidentClass()) + " from " + incident.getSource() + " (" + incident.getSummary()
                + ")";
    }
}
