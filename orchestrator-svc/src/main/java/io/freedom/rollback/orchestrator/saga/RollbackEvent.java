package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened to a rollback. */
public sealed interface RollbackEvent {
    record Started(
            String rollbackId,
            Plan plan,
            @Nullable Incident incident,
            @Nullable String operator,
            @Nullable String reason)
            implements RollbackEvent {}

    record Dispatched(AttemptId attempt, Instant deadline) implements RollbackEvent {}

    record Acknowledged(AttemptId attempt, String workerId) implements RollbackEvent {}

    record Succeeded(AttemptId attempt, StepResult result, String detail, boolean alreadyApplied)
            implements RollbackEvent {}

    /** An attempt ended without success; {@code retryAt} null when it was the last. */
    record AttemptFailed(
            AttemptId attempt,
            FailureKind kind,
            String message,
            boolean lost,
            @Nullable Instant retryAt) implements RollbackEvent {}

    /** No attempt is left; {@code tolerated} when the rollback goes on without the step. */
    record Failed(String step, boolean compensation, FailureKind kind, String message, boolean tolerated)
            implements RollbackEvent {}

    /** Will not be executed in this rollback. */
    record Skipped(String step, String reason) implements RollbackEvent {}

    record CancelRequested(AttemptId attempt) implements RollbackEvent {}

    record AbortRequested(String operator, @Nullable String reason) implements RollbackEvent {}

    /** From now on the steps are undone, in this order. */
    record CompensationStarted(String reason, List<String> steps) implements RollbackEvent {}

    record Finished(Outcome outcome, String reason, Duration took, Duration downtime) implements RollbackEvent {}
}
