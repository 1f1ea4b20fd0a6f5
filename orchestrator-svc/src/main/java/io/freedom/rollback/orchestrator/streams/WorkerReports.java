package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a worker's event means to the running rollback. */
final class WorkerReports {
    private WorkerReports() {}

    /** Each is a sign of life; empty where it tells the rollback nothing. */
    static Optional<RollbackCommand> hear(StepEvent event, @Nullable Live live, Instant now) {
        if (live == null || !live.rollback.id().equals(event.getRollbackId())) {
            return Optional.empty(); // of a rollback that has ended: too late to mean anything
        }
        var attempt = new AttemptId(event.getStepId(), event.getCompensation(), event.getAttempt());
        if (event.getEvent() instanceof StepProgress progress) {
            if (!live.rollback.isCurrent(attempt)) {
                return Optional.empty();
            }
            live.signs.progress(attempt, progress, now);
            live.unpublished = true;
        } else {
            live.signs.heard(attempt, now);
        }
        return Optional.of(command(event, attempt));
    }

    /** A step is done, but this orchestrator can make nothing of its result. */
    static Optional<RollbackCommand> notUnderstood(StepEvent event, String why, @Nullable Live live) {
        return live == null || !live.rollback.id().equals(event.getRollbackId())
                ? Optional.empty()
                : Optional.of(new RollbackCommand.Fail(
                        new AttemptId(event.getStepId(), event.getCompensation(), event.getAttempt()),
                        FailureKind.INVALID,
                        why));
    }

    private static RollbackCommand command(StepEvent event, AttemptId attempt) {
        return switch (event.getEvent()) {
            // The acceptance may have been lost with a broker; progress says as much.
            case StepAccepted _, StepProgress _ -> new RollbackCommand.Acknowledge(attempt, event.getWorkerId());
            case StepDone e ->
                new RollbackCommand.Complete(attempt, e.getResult(), e.getDetail(), e.getAlreadyApplied());
            case StepError e -> new RollbackCommand.Fail(attempt, e.getKind(), e.getMessage());
            case StepCancelled e -> new RollbackCommand.Cancelled(attempt, e.getReason());
            default ->
                throw new IllegalStateException(
                        "unknown event " + event.getEvent().getClass());
        };
    }
}
