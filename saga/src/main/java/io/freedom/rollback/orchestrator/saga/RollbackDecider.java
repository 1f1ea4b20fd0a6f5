package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What follows from a command: the events, and with them everything that is due next. Duplicates decide to nothing. */
public final class RollbackDecider {
    private RollbackDecider() {}

    public static List<RollbackEvent> decide(RollbackCommand command, @Nullable Rollback state, Instant now) {
        var events = new ArrayList<>(direct(command, state, now));
        if (events.isEmpty()) {
            return List.of();
        }
        var folded = evolve(state, events, now);
        for (var due = Due.of(folded, now); !due.isEmpty(); due = Due.of(folded, now)) {
            events.addAll(due);
            folded = evolve(folded, due, now);
        }
        return List.copyOf(events);
    }

    public static Rollback evolve(@Nullable Rollback state, List<RollbackEvent> events, Instant at) {
        var folded = state;
        for (var event : events) {
            folded = Rollback.evolve(folded, event, at);
        }
        if (folded == null) {
            throw new IllegalStateException("no events");
        }
        return folded;
    }

    // ---- what the command itself means ----------------------------------------------------------

    private static List<RollbackEvent> direct(RollbackCommand command, @Nullable Rollback state, Instant now) {
        if (command instanceof RollbackCommand.Start start) {
            return state != null
                    ? List.of()
                    : List.of(new RollbackEvent.Started(
                            start.rollbackId(), start.plan(), start.incident(), start.operator(), start.reason()));
        }
        if (state == null || state.finished() && !(command instanceof RollbackCommand.Control)) {
            return List.of();
        }
        return switch (command) {
            case RollbackCommand.Start _ -> List.of();
            case RollbackCommand.Acknowledge c -> {
                boolean news =
                        state.isCurrent(c.attempt()) && state.track(c.attempt()).status() == Status.DISPATCHED;
                yield news ? List.of(new RollbackEvent.Acknowledged(c.attempt(), c.workerId())) : List.of();
            }
            case RollbackCommand.Complete c ->
                state.isCurrent(c.attempt())
                        ? List.of(new RollbackEvent.Succeeded(c.attempt(), c.result(), c.detail(), c.alreadyApplied()))
                        : List.of();
            case RollbackCommand.Fail c ->
                state.isCurrent(c.attempt())
                        ? Attempts.failed(state, c.attempt(), c.kind(), c.message(), now)
                        : List.of();
            case RollbackCommand.Cancelled c ->
                state.isCurrent(c.attempt()) ? Attempts.cancelled(state, c.attempt(), c.reason(), now) : List.of();
            case RollbackCommand.TimeOut c ->
                state.isCurrent(c.attempt()) ? Attempts.timedOut(state, c.attempt()) : List.of();
            case RollbackCommand.Lose c ->
                state.isCurrent(c.attempt()) ? Attempts.lost(state, c.attempt(), c.observation(), now) : List.of();
            case RollbackCommand.Retry c -> Attempts.retried(state, c.next(), now);
            case RollbackCommand.Expire(var step) -> expired(state, step, now);
            case RollbackCommand.WarnOfRto(var predictedEnd) -> Prediction.warning(state, predictedEnd, now);
            case RollbackCommand.Control c -> Controls.decide(c, state, now);
        };
    }

    private static List<RollbackEvent> expired(Rollback state, String step, Instant now) {
        var gate = state.track(step, false);
        boolean due = gate.status() == Status.OPEN && state.pause() == null && Gates.isOverdue(gate, now);
        return due ? Gates.expired(state, step) : List.of();
    }
}
