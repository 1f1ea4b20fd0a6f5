package io.freedom.rollback.orchestrator.saga;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What operators' controls lead to; to nothing where {@link Refusals} speak against it. */
final class Controls {
    private Controls() {}

    static List<RollbackEvent> decide(RollbackCommand.Control command, Rollback state, Instant now) {
        if (Refusals.of(command, state, now).isPresent()) {
            return List.of();
        }
        return switch (command) {
            case RollbackCommand.Pause(var operator, var reason) ->
                List.of(new RollbackEvent.Paused(operator, reason, down(state)));
            case RollbackCommand.Resume(var operator, var reason) ->
                List.of(new RollbackEvent.Resumed(operator, reason));
            case RollbackCommand.Abort(var operator, var reason, var mode, var undo) ->
                List.of(new RollbackEvent.AbortRequested(operator, reason, mode, undo));
            case RollbackCommand.Undo c -> undo(state, c, now);
            case RollbackCommand.Approve c -> Gates.approved(state, c);
            case RollbackCommand.Reject c -> Gates.rejected(state, c);
            case RollbackCommand.RetryStep c -> retry(state, c, now);
            case RollbackCommand.SkipStep c -> skip(state, c);
            case RollbackCommand.TakeFasterWay c -> hasten(state, c, now);
            case RollbackCommand.ChangeTimeout c -> changeTimeout(state, c);
        };
    }

    private static @Nullable Instant down(Rollback state) {
        return state.upSince() == null ? state.downSince() : null;
    }

    /** Where data are given up, as many have to ask as had to approve that. */
    private static List<RollbackEvent> undo(Rollback state, RollbackCommand.Undo command, Instant now) {
        var requested = new RollbackEvent.UndoRequested(command.operator(), command.reason());
        var terms = state.plan().getUndo();
        if (terms == null || terms.getOperators() <= 1 || !state.gaveDataUp()) {
            return List.of(requested);
        }
        var before = state.undoAsked();
        var asked = state.askedToUndo(now);
        var deadline = before == null || asked.isEmpty() ? now.plusMillis(terms.getAnswerWithin()) : before.deadline();
        var approved = new RollbackEvent.UndoApproved(
                command.operator(), command.reason(), asked.size() + 1, terms.getOperators(), deadline);
        return approved.approvals() < approved.needed() ? List.of(approved) : List.of(approved, requested);
    }

    /** What has begun begins anew, that way. */
    private static List<RollbackEvent> hasten(Rollback state, RollbackCommand.TakeFasterWay command, Instant now) {
        var chosen = new RollbackEvent.FasterWayChosen(command.step(), command.operator(), command.reason());
        var attempt = state.newest(command.step());
        return state.track(attempt).status() == StepTrack.Status.PENDING
                ? List.of(chosen)
                : List.of(chosen, Due.dispatch(state, attempt.next(), now));
    }

    private static List<RollbackEvent> retry(Rollback state, RollbackCommand.RetryStep command, Instant now) {
        var attempt = state.newest(command.step());
        var asked = new RollbackEvent.RetryRequested(
                command.step(), attempt.compensation(), command.operator(), command.reason());
        var step = state.planStep(command.step());
        if (Gates.isGate(step)) {
            return List.of(asked, Gates.openedAgain(step, now.plus(state.timeout(attempt))));
        }
        return List.of(asked, Due.dispatch(state, attempt.next(), now));
    }

    private static List<RollbackEvent> skip(Rollback state, RollbackCommand.SkipStep command) {
        var attempt = state.newest(command.step());
        var why = "skipped by " + Gates.words(command.operator(), command.reason());
        var events = new ArrayList<RollbackEvent>();
        events.add(new RollbackEvent.Skipped(command.step(), attempt.compensation(), why, command.operator()));
        if (state.track(attempt).status() == StepTrack.Status.WAITING) {
            // One that was given up may still be at it somewhere.
            events.add(new RollbackEvent.CancelRequested(attempt));
        }
        return events;
    }

    private static List<RollbackEvent> changeTimeout(Rollback state, RollbackCommand.ChangeTimeout command) {
        var attempt = state.newest(command.step());
        return List.of(new RollbackEvent.TimeoutChanged(
                attempt,
                command.timeout(),
                newDeadline(state, attempt, command),
                command.operator(),
                command.reason()));
    }

    /** Counted from the dispatch of the attempt, or the opening of the gate; null when neither is on. */
    static @Nullable Instant newDeadline(Rollback state, AttemptId attempt, RollbackCommand.ChangeTimeout command) {
        var deadline = state.track(attempt).deadline();
        return deadline == null ? null : deadline.minus(state.timeout(attempt)).plus(command.timeout());
    }
}
