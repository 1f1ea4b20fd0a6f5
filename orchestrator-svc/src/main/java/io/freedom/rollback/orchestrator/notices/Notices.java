package io.freedom.rollback.orchestrator.notices;

import io.freedom.rollback.orchestrator.saga.Gates;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.notification.NotificationKind;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** From events to what people are told of them; most events are nothing to be woken for. */
public final class Notices {
    private static final String REASON = " --reason \"…\"";

    private Notices() {}

    /** @param after the state after everything that happened together with {@code event} */
    public static Optional<Notice> of(RollbackEvent event, Rollback after) {
        return switch (event) {
            case RollbackEvent.Started _ -> Optional.of(started(after));
            case RollbackEvent.GateOpened e when isOpen(after, e.step()) -> Optional.of(gate(after, e.step()));
            case RollbackEvent.Held e -> Optional.of(held(after, e));
            case RollbackEvent.Finished e -> Optional.of(finished(after, e));
            case RollbackEvent.RtoAtRisk e when !after.finished() -> Optional.of(late(after, e));
            case RollbackEvent.UndoApproved e when after.finished() -> Optional.of(undoWaits(after, e));
            case RollbackEvent.GateOpened _, // the starter's own word was enough
                    RollbackEvent.RtoAtRisk _,
                    RollbackEvent.Dispatched _,
                    RollbackEvent.Acknowledged _,
                    RollbackEvent.Succeeded _,
                    RollbackEvent.AttemptFailed _,
                    RollbackEvent.Failed _,
                    RollbackEvent.Skipped _,
                    RollbackEvent.RetryRequested _,
                    RollbackEvent.TimeoutChanged _,
                    RollbackEvent.GateApproved _,
                    RollbackEvent.GateRejected _,
                    RollbackEvent.GateExpired _,
                    RollbackEvent.Paused _,
                    RollbackEvent.Resumed _,
                    RollbackEvent.CancelRequested _,
                    RollbackEvent.AbortRequested _,
                    RollbackEvent.UndoApproved _, // the last whose word was needed
                    RollbackEvent.UndoRequested _,
                    RollbackEvent.FasterWayChosen _,
                    RollbackEvent.CompensationStarted _ -> Optional.empty();
        };
    }

    /** An incident that should have started something, and did not. */
    public static Notice unanswered(Incident incident, String reason) {
        return new Notice(
                NotificationKind.ATTENTION,
                incident.getPlatform() + ": an incident starts nothing",
                List.of(told(incident), reason),
                List.of(
                        "See what is known: rollbackctl status " + incident.getPlatform(),
                        "Start a rollback: rollbackctl start " + incident.getPlatform() + " --scenario …" + REASON),
                null,
                null);
    }

    /** An incident that waits for its turn at a site, and longer than people would think. */
    public static Notice postponed(Incident incident, String rollbackId, Instant since, String reason) {
        return new Notice(
                NotificationKind.ATTENTION,
                incident.getPlatform() + ": an incident waits since " + since + " for its turn to be answered",
                List.of(told(incident), reason),
                List.of(
                        "Its place now: rollbackctl status " + rollbackId,
                        "Start it at once: rollbackctl start " + incident.getPlatform() + " --class "
                                + incident.getIncidentClass()
                                        .name()
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-') + REASON,
                        "Do not start it: rollbackctl abort " + rollbackId + REASON),
                null,
                rollbackId);
    }

    /** After a rollback that had succeeded. */
    public static Notice relapsed(String platform, String rollbackId, List<String> anomalies) {
        var details = new ArrayList<String>();
        details.add("Nothing is started for it: you decide.");
        details.addAll(anomalies);
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": not well again after " + rollbackId,
                details,
                List.of(
                        "How it is now: rollbackctl status " + platform,
                        "What was done: rollbackctl report " + rollbackId,
                        "Go back to how it was before: rollbackctl undo " + rollbackId + REASON),
                null,
                rollbackId);
    }

    /** Whether it is well after a rollback that had succeeded, nobody finds out. */
    public static Notice unwatched(String platform, String rollbackId) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": nobody looks at it after " + rollbackId,
                List.of("No health worker answers. It is looked at again as soon as one does."),
                List.of(
                        "Start the health worker of the platform's site, then see its log",
                        "Look yourself: rollbackctl platform check FILE"),
                null,
                rollbackId);
    }

    /** What was to be done after a rollback, and was not in time. */
    public static Notice overdue(String platform, List<FollowUp> overdue) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": overdue after a rollback: "
                        + (overdue.size() == 1 ? overdue.getFirst().getWhat() : overdue.size() + " follow-ups"),
                overdue.stream()
                        .map(followUp -> "%s: %s, due %s"
                                .formatted(followUp.getOwner(), followUp.getWhat(), second(followUp.getDue())))
                        .toList(),
                overdue.stream()
                        .map(followUp -> "Done: rollbackctl follow-ups done " + followUp.getFollowUpId() + REASON)
                        .toList(),
                null,
                null);
    }

    /** Before a restore would miss the objective, where it is not missed already. */
    public static Notice tooOld(String platform, RpoAtRisk risk) {
        var takenAt = risk.getTakenAt();
        var missedAt = risk.getMissedAt();
        var rpo = "the RPO of " + Duration.ofMillis(risk.getRpo()).toMinutes() + " min";
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": no restore point is taken",
                List.of(
                        takenAt == null || missedAt == null
                                ? "There is none that could be restored, and " + rpo + " cannot be met."
                                : (risk.getRestorePoint() == null
                                                ? "The WAL archive has what was committed until " + second(takenAt)
                                                : "The newest is " + risk.getRestorePoint() + " of " + second(takenAt))
                                        + "; a restore misses " + rpo + " from " + second(missedAt) + " on.",
                        "While something runs, or waits for an operator, none is taken by itself."),
                List.of(
                        "Look: rollbackctl status " + platform,
                        "Take one: rollbackctl start " + platform + " --scenario restore-point" + REASON),
                null,
                null);
    }

    /** As for the database, of what else is kept: models, logs, configuration. */
    public static Notice partTooOld(String platform, RpoAtRisk risk) {
        var until = risk.getTakenAt();
        var missedAt = risk.getMissedAt();
        var rpo = "the RPO of " + Duration.ofMillis(risk.getRpo()).toMinutes() + " min";
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": what is kept of its " + risk.getPart() + " grows too old",
                List.of(
                        until == null || missedAt == null
                                ? "Nothing is kept of its " + risk.getPart() + " yet, and " + rpo + " cannot be met."
                                : "What was there until " + second(until) + " is kept"
                                        + (risk.getRestorePoint() == null ? "" : ", in " + risk.getRestorePoint())
                                        + "; a restore misses " + rpo + " from " + second(missedAt) + " on.",
                        "It is told again once something newer is kept and grows as old."),
                List.of(
                        "Until when each is kept, and why not further: rollbackctl backups list " + platform,
                        "Keep all of it now: rollbackctl start " + platform + " --scenario restore-point" + REASON),
                null,
                null);
    }

    /** What is committed from now on is in no archive. */
    public static Notice notArchived(String platform, @Nullable Instant until, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": what its database commits is not archived",
                List.of(
                        why,
                        until == null
                                ? "No moment can be derived from the WAL archive yet."
                                : "What was committed until " + second(until) + " is in the WAL archive.",
                        "It is tried again each minute, and goes on by itself."),
                List.of("What can be restored: rollbackctl backups list " + platform),
                null,
                null);
    }

    /** What a rollback was to lead to has not begun. */
    public static Notice notFollowed(String platform, String id, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": nothing has followed " + id + ", and its data are as they were",
                List.of(why),
                List.of("What it has made: rollbackctl backups show " + id),
                null,
                null);
    }

    public static Notice notCopied(String platform, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": its restore points are not copied to the store",
                List.of(
                        why,
                        "They are taken and restored as ever, on the local disk alone.",
                        "It is tried again every five minutes, and goes on by itself."),
                List.of("Which are in the store: rollbackctl backups list " + platform),
                null,
                null);
    }

    /** Where the disk is lost, so is what was committed since. */
    public static Notice walNotCopied(String platform, @Nullable Instant until, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": its WAL archive is not copied to the store",
                List.of(
                        why,
                        until == null
                                ? "No moment can be derived from the store yet."
                                : "The store has what was committed until " + second(until) + ".",
                        "It is archived as ever, on the local disk alone.",
                        "It is tried again each minute, and goes on by itself."),
                List.of("What is in the store: rollbackctl backups list " + platform),
                null,
                null);
    }

    /** What containers log from now on goes with them. */
    public static Notice logsNotKept(String platform, @Nullable Instant until, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": the logs of its containers are not kept",
                List.of(
                        why,
                        until == null
                                ? "No lines are kept yet."
                                : "What was logged until " + second(until) + " is kept.",
                        "It is tried again every five minutes, and goes on by itself with the lines that the engine still has: `docker compose down` removes these."),
                List.of("How old what is kept is: rollbackctl backups list " + platform),
                null,
                null);
    }

    /** What is overwritten from now on may be lost. */
    public static Notice configurationNotRecorded(String platform, @Nullable Instant until, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": changes of its configuration are not recorded",
                List.of(
                        why,
                        until == null
                                ? "No change is recorded yet."
                                : "What was changed until " + second(until) + " is recorded.",
                        "It is tried again at least every five minutes, and goes on by itself with the files as they are then."),
                List.of("Until when they are recorded: rollbackctl backups list " + platform),
                null,
                null);
    }

    /** One less to go back to, and maybe a disk that fails. */
    public static Notice withdrawn(String platform, String restorePoint, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": restore point " + restorePoint + " cannot be restored",
                List.of(why, "It is offered no longer. See what has changed it, and whether the others are well."),
                List.of(
                        "Which are left: rollbackctl backups list " + platform,
                        "Where its manifest is damaged, or it is back: rollbackctl backups import " + platform,
                        "Once it is mended: rollbackctl backups verify " + restorePoint),
                null,
                null);
    }

    /** What can be derived ends before what was archived, and maybe a disk fails. */
    public static Notice walDamaged(String platform, String why) {
        return new Notice(
                NotificationKind.ATTENTION,
                platform + ": its WAL archive cannot be recovered to its end",
                List.of(
                        why,
                        "The archive goes on. Where replay failed, another base backup is taken by itself: moments from then on can be derived, those between the damage and then cannot.",
                        "Restore points are not concerned. See what has changed it."),
                List.of(
                        "What can be restored: rollbackctl backups list " + platform,
                        "Take a restore point: rollbackctl start " + platform + " --scenario restore-point" + REASON,
                        "Recover it again, once the base backup is there: rollbackctl backups verify " + platform
                                + " --wal --watch"),
                null,
                null);
    }

    public static Notice test(String platform, String operator) {
        return new Notice(
                NotificationKind.TEST,
                platform + ": a test of this channel",
                List.of("Asked for by " + operator + ". Nothing happened to the platform."),
                List.of(),
                null,
                null);
    }

    private static Notice started(Rollback rollback) {
        var rto = Duration.ofMillis(rollback.plan().getRto());
        return notice(
                NotificationKind.START,
                rollback,
                " has begun",
                List.of(
                        because(rollback),
                        "To be over by " + second(rollback.startedAt().plus(rto)) + " (RTO " + span(rto) + ")."),
                List.of("Watch it: rollbackctl watch " + rollback.id()));
    }

    private static boolean isOpen(Rollback rollback, String gate) {
        return !rollback.finished() && rollback.track(gate, false).status() == StepTrack.Status.OPEN;
    }

    private static Notice gate(Rollback rollback, String id) {
        var gate = Gates.of(rollback.planStep(id));
        var deadline = rollback.track(id, false).deadline();
        var details = new ArrayList<String>();
        details.add(because(rollback));
        details.addAll(gate.getReasons());
        if (deadline != null) {
            details.add("Without an answer by " + second(deadline) + " it counts as "
                    + switch (gate.getOnExpiry()) {
                        case REJECT -> "rejected.";
                        case APPROVE -> "approved.";
                    });
        }
        var named = rollback.id() + " " + id;
        return notice(
                NotificationKind.ATTENTION,
                rollback,
                " waits for approval",
                details,
                List.of(
                        "Approve: rollbackctl approve " + named,
                        "Reject: rollbackctl reject " + named + REASON,
                        "Look first: rollbackctl status " + rollback.plan().getPlatform()));
    }

    private static Notice undoWaits(Rollback rollback, RollbackEvent.UndoApproved event) {
        return notice(
                NotificationKind.ATTENTION,
                rollback,
                ": to be undone, if others want it too",
                List.of(
                        "Asked for by " + event.operator() + detail(event.reason()) + ".",
                        "What was written since it ended is given up with that.",
                        event.approvals() + " of " + event.needed() + " operators have asked; the others have until "
                                + second(event.deadline()) + ", else nothing is undone."),
                List.of(
                        "Undo it: rollbackctl undo " + rollback.id() + " --accept-data-loss" + REASON,
                        "What it did: rollbackctl report " + rollback.id()));
    }

    private static Notice held(Rollback rollback, RollbackEvent.Held event) {
        var named = rollback.id() + " " + event.step() + REASON;
        return notice(
                NotificationKind.ATTENTION,
                rollback,
                " is held at " + event.step(),
                List.of(because(rollback), event.message(), service(rollback)),
                Stream.concat(
                                Gates.isGate(rollback.planStep(event.step()))
                                        ? Stream.of("Ask again: rollbackctl retry " + named)
                                        : Stream.of(
                                                "Try again: rollbackctl retry " + named,
                                                "Go on without it: rollbackctl skip " + named),
                                stops(rollback))
                        .toList());
    }

    /** Who stops the answer to a breach and undoes it lets the intruder back in: that is said. */
    private static Stream<String> stops(Rollback rollback) {
        var abort = "rollbackctl abort " + rollback.id();
        return rollback.plan().getIncidentClass() == IncidentClass.SECURITY_BREACH
                ? Stream.of(
                        "Stop and leave it as it is: " + abort + " --leave-as-is" + REASON,
                        "Stop and go back INTO THE BREACHED STATE: " + abort + REASON)
                : Stream.of("Stop and undo: " + abort + REASON);
    }

    private static Notice late(Rollback rollback, RollbackEvent.RtoAtRisk event) {
        var end = event.predictedEnd();
        var runs = event.step().isEmpty() ? "" : " Running: " + event.step() + ".";
        return notice(
                NotificationKind.ATTENTION,
                rollback,
                " will miss its RTO",
                List.of(
                        because(rollback),
                        "To be over by " + second(event.deadline())
                                + (end == null ? ", which has passed." : ", expected at " + second(end) + ".") + runs,
                        service(rollback)),
                Stream.of(
                                event.faster().stream().map(step -> faster(rollback, step)),
                                event.dispensable().stream()
                                        .map(step ->
                                                "Go on without " + step + ", which it can do without: rollbackctl skip "
                                                        + rollback.id() + " " + step + REASON),
                                Stream.of("Watch it: rollbackctl watch " + rollback.id()))
                        .flatMap(commands -> commands)
                        .toList());
    }

    private static String faster(Rollback rollback, String step) {
        var way = rollback.planStep(step).getFaster();
        return (way == null ? step : way.getTitle()) + ": rollbackctl faster " + rollback.id() + " " + step + REASON;
    }

    private static Notice finished(Rollback rollback, RollbackEvent.Finished event) {
        var took = " after " + span(event.took());
        var report = "Report: rollbackctl report " + rollback.id();
        var details = new ArrayList<String>();
        details.add(because(rollback));
        if (!event.reason().isEmpty()) {
            details.add(event.reason());
        }
        if (event.outcome() != Outcome.REFUSED) {
            details.add("Downtime " + span(event.downtime()) + ".");
        }
        var outcome = switch (event.outcome()) {
            case SUCCEEDED -> " has succeeded" + took;
            case REFUSED -> " was refused; nothing was touched";
            case COMPENSATED ->
                " was undone" + took
                        + (rollback.differences().isEmpty()
                                ? "; the platform is as before it"
                                : "; the platform is NOT AS BEFORE it");
            case COMPENSATION_FAILED -> " failed and COULD NOT BE UNDONE" + took;
            case ABORTED -> " was aborted and left as it is" + took;
        };
        var kind = event.outcome() == Outcome.SUCCEEDED ? NotificationKind.OUTCOME : NotificationKind.ATTENTION;
        var look = "What to do now: rollbackctl status " + rollback.plan().getPlatform();
        return notice(
                kind,
                rollback,
                outcome,
                details,
                kind == NotificationKind.OUTCOME ? List.of(report) : List.of(look, report));
    }

    private static Notice notice(
            NotificationKind kind, Rollback rollback, String predicate, List<String> details, List<String> commands) {
        var plan = rollback.plan();
        var target = plan.getTarget() == null ? "" : " to " + plan.getTarget();
        return new Notice(
                kind,
                plan.getPlatform() + ": " + plan.getScenario() + target + predicate,
                details,
                commands,
                plan,
                rollback.id());
    }

    private static String because(Rollback rollback) {
        var incident = rollback.incident();
        if (incident != null) {
            var found = rollback.startReason();
            return told(incident) + (found == null ? "" : ". " + found);
        }
        return "Started by " + rollback.operator() + detail(rollback.startReason()) + ".";
    }

    private static String told(Incident incident) {
        return "Incident " + incident.getIncidentClass() + " from " + incident.getSource() + " since "
                + second(incident.getBeganAt()) + ": " + incident.getSummary();
    }

    private static String service(Rollback rollback) {
        var down = rollback.downSince();
        return down == null || rollback.upSince() != null
                ? "The platform serves."
                : "The platform has been DOWN since " + second(down) + ".";
    }

    private static String detail(@Nullable String text) {
        return text == null || text.isEmpty() ? "" : ": " + text;
    }

    private static String second(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** {@code 6.8 s}, {@code 3 min 20 s}. */
    private static String span(Duration duration) {
        if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
            return duration.toMillis() / 100 / 10.0 + " s";
        }
        return duration.toMinutes() + " min"
                + (duration.toSecondsPart() == 0 ? "" : " " + duration.toSecondsPart() + " s");
    }
}
