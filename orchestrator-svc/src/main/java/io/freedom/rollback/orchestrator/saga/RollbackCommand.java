package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
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

    record Abort(String operator, @Nullable String reason) implements RollbackCommand {}
}
