package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.AbortMode;
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

    /**
     * Will not be executed in this rollback, or will not be undone; {@code operator} null when because the rollback is being
     * stopped.
     */
    record Skipped(
            String step,
            boolean compensation,
            String reason,
            @Nullable String operator) implements RollbackEvent {}

    /** No attempt is left, and an operator is to decide. */
    record Held(String step, FailureKind kind, String message) implements RollbackEvent {}

    /** An operator wants a further attempt; its dispatch follows. */
    record RetryRequested(
            String step,
            boolean compensation,
            String operator,
            @Nullable String reason) implements RollbackEvent {}

    /**
     * How long attempts may take from now on.
     *
     * @param attempt the attempt that runs or the open gate, or the last one where nothing does
     * @param deadline of that attempt; null when nothing runs
     */
    record TimeoutChanged(
            AttemptId attempt,
            Duration timeout,
            @Nullable Instant deadline,
            String operator,
            @Nullable String reason) implements RollbackEvent {}

    record GateOpened(String step, Instant deadline) implements RollbackEvent {}

    /** One more operator approved; enough of them make the step succeed. */
    record GateApproved(
            String step, String operator, @Nullable String reason, int approvals, int needed)
            implements RollbackEvent {}

    record GateRejected(
            String step, String operator, @Nullable String reason) implements RollbackEvent {}

    record GateExpired(String step, GateExpiry decision) implements RollbackEvent {}

    /** @param downSince when service was taken down, if it was */
    record Paused(
            String operator,
            @Nullable String reason,
            @Nullable Instant downSince) implements RollbackEvent {}

    record Resumed(String operator, @Nullable String reason) implements RollbackEvent {}

    record CancelRequested(AttemptId attempt) implements RollbackEvent {}

    record AbortRequested(String operator, @Nullable String reason, AbortMode mode, boolean undo)
            implements RollbackEvent {}

    /** One operator asks to undo a rollback that has succeeded; {@code needed} have to, until {@code deadline}. */
    record UndoApproved(String operator, @Nullable String reason, int approvals, int needed, Instant deadline)
            implements RollbackEvent {}

    /** A rollback that had succeeded runs again, to be undone. */
    record UndoRequested(String operator, @Nullable String reason) implements RollbackEvent {}

    /**
     * It will probably not be over by {@code deadline}, or has not been.
     *
     * @param predictedEnd null when not known
     * @param step the last to end of those that run; empty when none does
     * @param dispensable steps that are waited for and could be skipped
     * @param faster steps that have a faster way
     */
    record RtoAtRisk(
            @Nullable Instant predictedEnd,
            Instant deadline,
            String step,
            List<String> dispensable,
            List<String> faster)
            implements RollbackEvent {
        public RtoAtRisk {
            dispensable = List.copyOf(dispensable);
            faster = List.copyOf(faster);
        }
    }

    /** A step is done in its faster way; where it had begun, the next attempt follows. */
    record FasterWayChosen(
            String step, String operator, @Nullable String reason) implements RollbackEvent {}

    /** From now on the steps are undone, in this order. */
    record CompensationStarted(String reason, List<String> steps) implements RollbackEvent {}

    record Finished(Outcome outcome, String reason, Duration took, Duration downtime) implements RollbackEvent {}
}
