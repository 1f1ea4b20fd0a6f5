package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepInput;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A command for a worker that an event calls for. */
public record Reaction(Worker worker, StepCommand command) {
    /** The reaction to an event, given the state after it. */
    public static Optional<Reaction> react(RollbackEvent event, Rollback state, Instant now) {
        return switch (event) {
            case RollbackEvent.Dispatched e -> Optional.of(execute(e, state, now));
            case RollbackEvent.CancelRequested e -> Optional.of(cancel(e, state, now));
            case RollbackEvent.TimeoutChanged e -> extend(e, state, now);
            case RollbackEvent.Started _,
                    RollbackEvent.Acknowledged _,
                    RollbackEvent.Succeeded _,
                    RollbackEvent.AttemptFailed _,
                    RollbackEvent.Failed _,
                    RollbackEvent.Skipped _,
                    RollbackEvent.Held _,
                    RollbackEvent.RetryRequested _,
                    RollbackEvent.GateOpened _,
                    RollbackEvent.GateApproved _,
                    RollbackEvent.GateRejected _,
                    RollbackEvent.GateExpired _,
                    RollbackEvent.Paused _,
                    RollbackEvent.Resumed _,
                    RollbackEvent.AbortRequested _,
                    RollbackEvent.UndoApproved _,
                    RollbackEvent.UndoRequested _,
                    RollbackEvent.RtoAtRisk _,
                    RollbackEvent.FasterWayChosen _,
                    RollbackEvent.CompensationStarted _,
                    RollbackEvent.Finished _ -> Optional.empty();
        };
    }

    private static Reaction execute(RollbackEvent.Dispatched event, Rollback state, Instant now) {
        var step = state.planStep(event.attempt().step());
        boolean undo = event.attempt().compensation();
        StepAction action = undo ? step.getCompensation().getAction() : state.action(step);
        List<String> inputs = undo ? step.getCompensation().getInputs() : step.getInputs();
        return command(event.attempt(), state, now, new ExecuteStep(action, inputs(inputs, state), event.deadline()));
    }

    /** Results of the wanted steps, as far as they have one: a dispensable step may have none. */
    private static List<StepInput> inputs(List<String> wanted, Rollback state) {
        return wanted.stream()
                .flatMap(id -> {
                    var result = state.track(id, false).result();
                    return result == null ? Stream.empty() : Stream.of(new StepInput(id, result));
                })
                .toList();
    }

    private static Reaction cancel(RollbackEvent.CancelRequested event, Rollback state, Instant now) {
        var track = state.track(event.attempt());
        var why = track.status() == StepTrack.Status.SKIPPED
                ? track.detail()
                : state.stopping() == null || event.attempt().compensation() ? "its time is over" : state.stopping();
        return command(event.attempt(), state, now, new CancelStep(why));
    }

    /** The worker ends an attempt at its deadline, so it has to know the new one. Gates have no worker. */
    private static Optional<Reaction> extend(RollbackEvent.TimeoutChanged event, Rollback state, Instant now) {
        return event.deadline() == null || !state.track(event.attempt()).inFlight()
                ? Optional.empty()
                : Optional.of(command(event.attempt(), state, now, new ExtendStep(event.deadline())));
    }

    private static Reaction command(AttemptId attempt, Rollback state, Instant now, Object command) {
        var step = state.planStep(attempt.step());
        var worker = attempt.compensation() ? step.getCompensation().getWorker() : step.getWorker();
        return new Reaction(
                worker,
                StepCommand.newBuilder()
                        .setPlatform(state.plan().getPlatform())
                        .setSite(state.plan().getSite())
                        .setRollbackId(state.id())
                        .setStepId(attempt.step())
                        .setAttempt(attempt.number())
                        .setCompensation(attempt.compensation())
                        .setAt(now)
                        .setCommand(command)
                        .build());
    }
}
