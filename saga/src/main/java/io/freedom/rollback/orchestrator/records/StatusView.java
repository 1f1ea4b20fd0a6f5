package io.freedom.rollback.orchestrator.records;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Gates;
import io.freedom.rollback.orchestrator.saga.Prediction;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The snapshot of a rollback that operators see. */
public final class StatusView {
    private StatusView() {}

    public static RollbackStatus of(Rollback rollback, Progress progress, Instant now) {
        var following = rollback.plan().getFollowedBy();
        var status = RollbackStatus.newBuilder()
                .setPlatform(rollback.plan().getPlatform())
                .setRollbackId(rollback.id())
                .setScenario(rollback.plan().getScenario())
                .setTarget(rollback.plan().getTarget())
                .setState(state(rollback))
                .setTrigger(trigger(rollback))
                .setStartedAt(rollback.startedAt())
                .setFinishedAt(rollback.finishedAt())
                .setRto(rollback.plan().getRto())
                .setExpectedEnd(Prediction.end(rollback, now).orElse(null))
                .setDownSince(rollback.downSince())
                .setUpSince(rollback.upSince())
                .setIncidentClass(rollback.plan().getIncidentClass())
                .setDifferences(rollback.differences())
                .setFollowedBy(following == null ? null : following.getScenario())
                .setAt(now)
                .setSteps(rollback.plan().getSteps().stream()
                        .map(step -> step(rollback, step, progress))
                        .toList());
        return status.setReason(reason(rollback)).build();
    }

    /** Why the rollback is where it is, the most pressing first. */
    private static String reason(Rollback rollback) {
        if (rollback.finished()) {
            return Stream.of(rollback.finishReason(), undoWaits(rollback))
                    .filter(words -> !words.isEmpty())
                    .collect(Collectors.joining("; "));
        }
        var reasons = new ArrayList<String>();
        var pause = rollback.pause();
        if (pause != null) {
            reasons.add("paused by " + pause.operator() + (pause.reason() == null ? "" : ": " + pause.reason()));
        }
        var stopping = rollback.stopping();
        if (stopping != null) {
            reasons.add(stopping);
        }
        rollback.held()
                .forEach(step -> reasons.add(
                        step + " is held: " + rollback.track(step, false).detail()));
        rollback.openGates().forEach(gate -> reasons.add(gate + " waits for approval"));
        return String.join("; ", reasons);
    }

    /** Empty where nobody has asked, or nobody else has to. */
    private static String undoWaits(Rollback rollback) {
        var asked = rollback.undoAsked();
        return asked == null
                ? ""
                : String.join(", ", asked.operators()) + " asked to undo it, which begins if others have by "
                        + asked.deadline();
    }

    private static RollbackState state(Rollback rollback) {
        var outcome = rollback.outcome();
        if (outcome == null) {
            return unfinished(rollback);
        }
        return switch (outcome) {
            case SUCCEEDED -> RollbackState.SUCCEEDED;
            case REFUSED -> RollbackState.REFUSED;
            case COMPENSATED -> RollbackState.COMPENSATED;
            case COMPENSATION_FAILED -> RollbackState.COMPENSATION_FAILED;
            case ABORTED -> RollbackState.ABORTED;
        };
    }

    private static RollbackState unfinished(Rollback rollback) {
        if (rollback.pause() != null) {
            return RollbackState.PAUSED;
        }
        var stop = rollback.stop();
        if (stop != null) {
            return stop.undo() ? RollbackState.COMPENSATING : RollbackState.RUNNING;
        }
        if (!rollback.held().isEmpty()) {
            return RollbackState.HELD;
        }
        return rollback.openGates().isEmpty() ? RollbackState.RUNNING : RollbackState.AWAITING_APPROVAL;
    }

    private static String trigger(Rollback rollback) {
        var incident = rollback.incident();
        if (incident != null) {
            var found = rollback.startReason();
            return incident.getSource() + ": " + incident.getIncidentClass() + ", " + incident.getSummary()
                    + (found == null ? "" : "; " + found);
        }
        var kind = rollback.plan().getIncidentClass();
        var why = Stream.of(kind == null ? null : kind.name(), rollback.startReason())
                .filter(Objects::nonNull)
                .collect(Collectors.joining(", "));
        return rollback.operator() + (why.isEmpty() ? "" : ": " + why);
    }

    private static StepStatus step(Rollback rollback, PlanStep step, Progress progress) {
        // One that waits to be undone still shows how it ended.
        boolean undone = rollback.undo().containsKey(step.getId())
                && rollback.track(step.getId(), true).status() != StepTrack.Status.PENDING;
        var track = rollback.track(step.getId(), undone);
        var forward = rollback.track(step.getId(), false);
        var status = StepStatus.newBuilder()
                .setId(step.getId())
                .setTitle(undone ? step.getCompensation().getTitle() : rollback.title(step))
                .setPhase(step.getPhase())
                .setWorker(undone ? step.getCompensation().getWorker() : step.getWorker())
                .setDependsOn(step.getDependsOn())
                .setState(undone ? undoState(track, forward) : state(track))
                .setAttempt(track.attempt())
                .setStartedAt(track.startedAt())
                .setFinishedAt(track.finishedAt())
                .setDetail(track.status() == StepTrack.Status.OPEN ? asks(step, track) : track.detail())
                .setFailure(track.failure())
                .setExpected(undone ? 0 : step.getExpected());
        var report = progress.of(new AttemptId(step.getId(), undone, track.attempt()));
        if (report != null && track.inFlight()) {
            status.setDone(report.getDone())
                    .setTotal(report.getTotal())
                    .setUnit(report.getUnit())
                    .setDetail(report.getNote());
        }
        return status.build();
    }

    /** What a gate asks, who has answered, and until when it waits. */
    private static String asks(PlanStep step, StepTrack track) {
        var gate = Gates.of(step);
        var so = track.approvals().isEmpty() ? "" : " (" + String.join(", ", track.approvals()) + ")";
        var then = switch (gate.getOnExpiry()) {
            case REJECT -> "rejected";
            case APPROVE -> "approved";
        };
        var until = track.deadline() == null ? "" : "; " + then + " at " + track.deadline() + " without an answer";
        return track.approvals().size() + " of " + gate.getApprovals() + " approvals" + so + until + ": "
                + String.join("; ", gate.getReasons());
    }

    private static StepState state(StepTrack track) {
        return switch (track.status()) {
            case PENDING -> StepState.PENDING;
            case DISPATCHED -> StepState.DISPATCHED;
            case RUNNING -> StepState.RUNNING;
            case WAITING -> StepState.WAITING_TO_RETRY;
            case OPEN -> StepState.AWAITING_APPROVAL;
            case HELD -> StepState.HELD;
            case SUCCEEDED -> StepState.SUCCEEDED;
            case FAILED, TOLERATED -> StepState.FAILED;
            case SKIPPED -> StepState.SKIPPED;
        };
    }

    /** A step that waits to be undone still shows how it ended. */
    private static StepState undoState(StepTrack undo, StepTrack forward) {
        return switch (undo.status()) {
            case PENDING -> state(forward);
            case DISPATCHED, RUNNING, WAITING -> StepState.COMPENSATING;
            case SUCCEEDED -> StepState.COMPENSATED;
            case SKIPPED -> StepState.SKIPPED;
            case OPEN, HELD, FAILED, TOLERATED -> StepState.COMPENSATION_FAILED;
        };
    }
}
