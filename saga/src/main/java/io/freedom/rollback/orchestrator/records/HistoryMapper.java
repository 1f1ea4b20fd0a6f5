package io.freedom.rollback.orchestrator.records;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.CompensationStarted;
import io.freedom.rollback.schemas.history.FasterWayChosen;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.history.GateExpired;
import io.freedom.rollback.schemas.history.GateOpened;
import io.freedom.rollback.schemas.history.GateRejected;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.history.RollbackResumed;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.RtoAtRisk;
import io.freedom.rollback.schemas.history.StepAcknowledged;
import io.freedom.rollback.schemas.history.StepCancelRequested;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepHeld;
import io.freedom.rollback.schemas.history.StepRetryRequested;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.TimeoutChanged;
import io.freedom.rollback.schemas.history.UndoApproved;
import io.freedom.rollback.schemas.history.UndoRequested;
import java.time.Duration;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** Saga events as the history topic has them, and back. */
public final class HistoryMapper {
    private HistoryMapper() {}

    public static SpecificRecord toAvro(RollbackEvent event) {
        return switch (event) {
            case RollbackEvent.Started e -> new RollbackStarted(e.plan(), e.incident(), e.operator(), e.reason());
            case RollbackEvent.Dispatched(var attempt, var deadline) ->
                new StepDispatched(attempt.step(), attempt.number(), attempt.compensation(), deadline);
            case RollbackEvent.Acknowledged(var attempt, var worker) ->
                new StepAcknowledged(attempt.step(), attempt.number(), attempt.compensation(), worker);
            case RollbackEvent.Succeeded(var attempt, var result, var detail, var already) ->
                new StepSucceeded(attempt.step(), attempt.number(), attempt.compensation(), detail, already, result);
            case RollbackEvent.AttemptFailed(var attempt, var kind, var message, var lost, var retryAt) ->
                new AttemptFailed(
                        attempt.step(), attempt.number(), attempt.compensation(), kind, message, lost, retryAt);
            case RollbackEvent.Failed e ->
                new StepFailed(e.step(), e.compensation(), e.kind(), e.message(), e.tolerated());
            case RollbackEvent.Skipped(var step, var compensation, var reason, var operator) ->
                new StepSkipped(step, reason, operator, compensation);
            case RollbackEvent.Held(var step, var kind, var message) -> new StepHeld(step, kind, message);
            case RollbackEvent.RetryRequested(var step, var compensation, var operator, var reason) ->
                new StepRetryRequested(step, compensation, operator, reason);
            case RollbackEvent.TimeoutChanged(var attempt, var timeout, var deadline, var operator, var reason) ->
                new TimeoutChanged(
                        attempt.step(),
                        attempt.compensation(),
                        timeout.toMillis(),
                        deadline,
                        attempt.number(),
                        operator,
                        reason);
            case RollbackEvent.GateOpened(var step, var deadline) -> new GateOpened(step, deadline);
            case RollbackEvent.GateApproved(var step, var operator, var reason, var approvals, var needed) ->
                new GateApproved(step, operator, reason, approvals, needed);
            case RollbackEvent.GateRejected(var step, var operator, var reason) ->
                new GateRejected(step, operator, reason);
            case RollbackEvent.GateExpired(var step, var decision) -> new GateExpired(step, decision);
            case RollbackEvent.Paused(var operator, var reason, var downSince) ->
                new RollbackPaused(operator, reason, downSince);
            case RollbackEvent.Resumed(var operator, var reason) -> new RollbackResumed(operator, reason);
            case RollbackEvent.CancelRequested(var attempt) ->
                new StepCancelRequested(attempt.step(), attempt.number(), attempt.compensation());
            case RollbackEvent.AbortRequested(var operator, var reason, var mode, var undo) ->
                new AbortRequested(operator, reason, mode, undo);
            case RollbackEvent.UndoApproved(var operator, var reason, var approvals, var needed, var deadline) ->
                new UndoApproved(operator, reason, approvals, needed, deadline);
            case RollbackEvent.UndoRequested(var operator, var reason) -> new UndoRequested(operator, reason);
            case RollbackEvent.FasterWayChosen(var step, var operator, var reason) ->
                new FasterWayChosen(step, operator, reason);
            case RollbackEvent.RtoAtRisk(var predictedEnd, var deadline, var step, var dispensable, var faster) ->
                new RtoAtRisk(predictedEnd, deadline, step, dispensable, faster);
            case RollbackEvent.CompensationStarted(var reason, var steps) -> new CompensationStarted(reason, steps);
            case RollbackEvent.Finished e ->
                new RollbackFinished(
                        e.outcome(),
                        e.reason(),
                        e.took().toMillis(),
                        e.downtime().toMillis());
        };
    }

    /** Empty for facts that do not change a rollback's state, such as a merged incident. */
    public static Optional<RollbackEvent> fromAvro(String rollbackId, Object event) {
        return Optional.ofNullable(
                switch (event) {
                    case RollbackStarted e ->
                        new RollbackEvent.Started(
                                rollbackId, e.getPlan(), e.getIncident(), e.getOperator(), e.getReason());
                    case StepDispatched e ->
                        new RollbackEvent.Dispatched(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()), e.getDeadline());
                    case StepAcknowledged e ->
                        new RollbackEvent.Acknowledged(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()), e.getWorkerId());
                    case StepSucceeded e ->
                        new RollbackEvent.Succeeded(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()),
                                e.getResult(),
                                e.getDetail(),
                                e.getAlreadyApplied());
                    case AttemptFailed e ->
                        new RollbackEvent.AttemptFailed(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()),
                                e.getKind(),
                                e.getMessage(),
                                e.getLost(),
                                e.getRetryAt());
                    case StepFailed e ->
                        new RollbackEvent.Failed(
                                e.getStepId(), e.getCompensation(), e.getKind(), e.getMessage(), e.getTolerated());
                    case StepSkipped e ->
                        new RollbackEvent.Skipped(e.getStepId(), e.getCompensation(), e.getReason(), e.getOperator());
                    case StepHeld e -> new RollbackEvent.Held(e.getStepId(), e.getKind(), e.getMessage());
                    case StepRetryRequested e ->
                        new RollbackEvent.RetryRequested(
                                e.getStepId(), e.getCompensation(), e.getOperator(), e.getReason());
                    case TimeoutChanged e ->
                        new RollbackEvent.TimeoutChanged(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()),
                                Duration.ofMillis(e.getTimeout()),
                                e.getDeadline(),
                                e.getOperator(),
                                e.getReason());
                    case GateOpened e -> new RollbackEvent.GateOpened(e.getStepId(), e.getDeadline());
                    case GateApproved e ->
                        new RollbackEvent.GateApproved(
                                e.getStepId(), e.getOperator(), e.getReason(), e.getApprovals(), e.getNeeded());
                    case GateRejected e ->
                        new RollbackEvent.GateRejected(e.getStepId(), e.getOperator(), e.getReason());
                    case GateExpired e -> new RollbackEvent.GateExpired(e.getStepId(), e.getDecision());
                    case RollbackPaused e -> new RollbackEvent.Paused(e.getOperator(), e.getReason(), e.getDownSince());
                    case RollbackResumed e -> new RollbackEvent.Resumed(e.getOperator(), e.getReason());
                    case StepCancelRequested e ->
                        new RollbackEvent.CancelRequested(
                                new AttemptId(e.getStepId(), e.getCompensation(), e.getAttempt()));
                    case AbortRequested e ->
                        new RollbackEvent.AbortRequested(
                                e.getOperator(), e.getReason(), e.getMode(), e.getCompensate());
                    case UndoApproved e ->
                        new RollbackEvent.UndoApproved(
                                e.getOperator(), e.getReason(), e.getApprovals(), e.getNeeded(), e.getDeadline());
                    case UndoRequested e -> new RollbackEvent.UndoRequested(e.getOperator(), e.getReason());
                    case FasterWayChosen e ->
                        new RollbackEvent.FasterWayChosen(e.getStepId(), e.getOperator(), e.getReason());
                    case RtoAtRisk e ->
                        new RollbackEvent.RtoAtRisk(
                                e.getPredictedEnd(), e.getDeadline(), e.getStepId(), e.getDispensable(), e.getFaster());
                    case CompensationStarted e -> new RollbackEvent.CompensationStarted(e.getReason(), e.getSteps());
                    case RollbackFinished e ->
                        new RollbackEvent.Finished(
                                e.getOutcome(),
                                e.getReason(),
                                Duration.ofMillis(e.getTook()),
                                Duration.ofMillis(e.getDowntime()));
                    default -> null;
                });
    }
}
