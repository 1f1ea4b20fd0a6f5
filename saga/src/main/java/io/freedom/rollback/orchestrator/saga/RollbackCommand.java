package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What may happen to a rollback. */
public sealed interface RollbackCommand {
    /** Executes a plan, for an incident or an operator. */
    record Start(
            String rollbackId,
            Plan plan,
            @Nullable Incident incident,
            @Nullable String operator,
            @Nullable String reason)
            implements RollbackCommand {}

    /** A worker took an attempt. */
    record Acknowledge(AttemptId attempt, String workerId) implements RollbackCommand {}

    record Complete(AttemptId attempt, StepResult result, String detail, boolean alreadyApplied)
            implements RollbackCommand {}

    record Fail(AttemptId attempt, FailureKind kind, String message) implements RollbackCommand {}

    /** The worker stopped an attempt as it was told. */
    record Cancelled(AttemptId attempt, String reason) implements RollbackCommand {}

    /** The deadline of an attempt passed without a result. */
    record TimeOut(AttemptId attempt) implements RollbackCommand {}

    /** Nothing was heard of an attempt: its worker may be dead, or no worker took it. */
    record Lose(AttemptId attempt, String observation) implements RollbackCommand {}

    /** The waiting time before the next attempt is over. */
    record Retry(AttemptId next) implements RollbackCommand {}

    /** The deadline of an open gate passed. */
    record Expire(String step) implements RollbackCommand {}

    /** By past durations it will not be over in time, or its time is over. */
    record WarnOfRto(@Nullable Instant predictedEnd) implements RollbackCommand {}

    /** What operators ask of a running rollback. {@link Refusals} says when it is not possible. */
    sealed interface Control extends RollbackCommand {
        String operator();

        @Nullable
        String reason();
    }

    /** @param undo false to leave the platform as it is */
    record Abort(String operator, @Nullable String reason, AbortMode mode, boolean undo) implements Control {}

    /** Of a rollback that has succeeded. @param acceptDataLoss what was committed since may be given up */
    record Undo(String operator, @Nullable String reason, boolean acceptDataLoss) implements Control {}

    record Pause(String operator, @Nullable String reason) implements Control {}

    record Resume(String operator, @Nullable String reason) implements Control {}

    record Approve(String step, String operator, @Nullable String reason) implements Control {}

    record Reject(String step, String operator, @Nullable String reason) implements Control {}

    /** A further attempt now, whatever the plan says. */
    record RetryStep(String step, String operator, @Nullable String reason) implements Control {}

    record SkipStep(String step, String operator, @Nullable String reason) implements Control {}

    /** The step is done in the faster way that the plan has for it. */
    record TakeFasterWay(
            String step, String operator, @Nullable String reason) implements Control {}

    record ChangeTimeout(
            String step,
            Duration timeout,
            String operator,
            @Nullable String reason) implements Control {}
}
