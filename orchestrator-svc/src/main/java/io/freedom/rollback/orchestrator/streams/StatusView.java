package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The snapshot of a rollback that operators see. */
final class StatusView {
    private StatusView() {}

    static RollbackStatus of(Rollback rollback, Signs signs, Instant now) {
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
                .setDownSince(rollback.downSince())
                .setUpSince(rollback.upSince())
                .setAt(now)
                .setSteps(rollback.plan().getSteps().stream()
                        .map(step -> step(rollback, step, signs))
                        .toList());
        var stopping = rollback.stopping();
        status.setReason(rollback.finished() ? rollback.finishReason() : stopping == null ? "" : stopping);
        return status.build();
    }

    private static RollbackState state(Rollback rollback) {
        var outcome = rollback.outcome();
        if (outcome == null) {
            return rollback.stopping() == null ? RollbackState.RUNNING : RollbackState.COMPENSATING;
        }
        return switch (outcome) {
            case SUCCEEDED -> RollbackState.SUCCEEDED;
            case REFUSED -> RollbackState.REFUSED;
            case COMPENSATED -> RollbackState.COMPENSATED;
            case COMPENSATION_FAILED -> RollbackState.COMPENSATION_FAILED;
        };
    }

    private static String trigger(Rollback rollback) {
        var incident = rollback.incident();
        if (incident != null) {
            return incident.getSource() + ": " + incident.getIncidentClass() + ", " + incident.getSummary();
        }
        var kind = rollback.plan().getIncidentClass();
        var why = Stream.of(kind == null ? null : kind.name(), rollback.startReason())
                .filter(Objects::nonNull)
                .collect(Collectors.joining(", "));
        return rollback.operator() + (why.isEmpty() ? "" : ": " + why);
    }

    private static StepStatus step(Rollback rollback, PlanStep step, Signs signs) {
        boolean undone = rollback.undo().containsKey(step.getId());
        var track = rollback.track(step.getId(), undone);
        var forward = rollback.track(step.getId(), false);
        var status = StepStatus.newBuilder()
                .setId(step.getId())
                .setTitle(undone ? step.getCompensation().getTitle() : step.getTitle())
                .setPhase(step.getPhase())
                .setWorker(undone ? step.getCompensation().getWorker() : step.getWorker())
                .setDependsOn(step.getDependsOn())
                .setState(undone ? undoState(track, forward) : state(track))
                .setAttempt(track.attempt())
                .setStartedAt(track.startedAt())
                .setFinishedAt(track.finishedAt())
                .setDetail(track.detail())
                .setFailure(track.failure());
        var progress = signs.progressOf(new AttemptId(step.getId(), undone, track.attempt()));
        if (progress != null && track.inFlight()) {
            status.setDone(progress.getDone())
                    .setTotal(progress.getTotal())
                    .setUnit(progress.getUnit())
                    .setDetail(progress.getNote());
        }
        return status.build();
    }

    private static StepState state(StepTrack track) {
        return switch (track.status()) {
            case PENDING -> StepState.PENDING;
            case DISPATCHED -> StepState.DISPATCHED;
            case RUNNING -> StepState.RUNNING;
            case WAITING -> StepState.WAITING_TO_RETRY;
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
            case FAILED, TOLERATED, SKIPPED -> StepState.COMPENSATION_FAILED;
        };
    }
}
