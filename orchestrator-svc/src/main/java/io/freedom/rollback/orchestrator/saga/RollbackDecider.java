package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What follows from a command: the events, and with them everything that is due next. Duplicates decide to nothing. */
public final class RollbackDecider {
    /** A step that no worker takes for so long is given up while the platform is still untouched. */
    static final int LOSSES_BEFORE_SHUT_DOWN = 4;

    /** How long a worker may take to stop, once a step's time is over. */
    static final Duration STOPPING = Duration.ofSeconds(60);

    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

    private RollbackDecider() {}

    public static List<RollbackEvent> decide(RollbackCommand command, @Nullable Rollback state, Instant now) {
        var events = new ArrayList<>(direct(command, state, now));
        if (events.isEmpty()) {
            return List.of();
        }
        var folded = evolve(state, events, now);
        for (var due = due(folded, now); !due.isEmpty(); due = due(folded, now)) {
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
        if (state == null || state.finished()) {
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
                state.isCurrent(c.attempt()) ? failed(state, c.attempt(), c.kind(), c.message(), now) : List.of();
            case RollbackCommand.Cancelled c ->
                state.isCurrent(c.attempt()) ? cancelled(state, c.attempt(), c.reason(), now) : List.of();
            case RollbackCommand.TimeOut c ->
                state.isCurrent(c.attempt()) ? timedOut(state, c.attempt(), now) : List.of();
            case RollbackCommand.Lose c ->
                state.isCurrent(c.attempt()) ? lost(state, c.attempt(), c.observation(), now) : List.of();
            case RollbackCommand.Retry c -> retried(state, c.next(), now);
            case RollbackCommand.Abort c ->
                state.stopping() == null
                        ? List.of(new RollbackEvent.AbortRequested(c.operator(), c.reason()))
                        : List.of();
        };
    }

    private static List<RollbackEvent> failed(
            Rollback state, AttemptId attempt, FailureKind kind, String message, Instant now) {
        var track = state.track(attempt);
        boolean stopping = state.stopping() != null && !attempt.compensation();
        boolean retry = retryable(kind) && !stopping && track.failures() + 1 < attempts(state, attempt);
        if (!retry) {
            return over(state, attempt, kind, message);
        }
        return List.of(new RollbackEvent.AttemptFailed(
                attempt, kind, message, false, now.plus(backoff(state, attempt, track.failures()))));
    }

    /** A step without a further attempt. */
    private static List<RollbackEvent> over(Rollback state, AttemptId attempt, FailureKind kind, String message) {
        boolean tolerated =
                !attempt.compensation() && state.planStep(attempt.step()).getOnFailure() == FailurePolicy.CONTINUE;
        return List.of(
                new RollbackEvent.AttemptFailed(attempt, kind, message, false, null),
                new RollbackEvent.Failed(attempt.step(), attempt.compensation(), kind, message, tolerated));
    }

    private static List<RollbackEvent> cancelled(Rollback state, AttemptId attempt, String reason, Instant now) {
        return state.track(attempt).cancelRequested()
                ? stopped(state, attempt, reason)
                : lost(state, attempt, reason, now);
    }

    /**
     * The last attempt of a step is told to stop and stays in flight until its worker says that it has: what it does must
     * not meet what undoes it. A worker that neither stops nor falls silent is waited for so long and no longer.
     */
    private static List<RollbackEvent> timedOut(Rollback state, AttemptId attempt, Instant now) {
        var track = state.track(attempt);
        if (track.cancelRequested()) {
            boolean stubborn =
                    track.deadline() == null || now.isAfter(track.deadline().plus(STOPPING));
            return stubborn
                    ? stopped(state, attempt, "told to stop, but its worker did not within " + text(STOPPING))
                    : List.of();
        }
        var failed = failed(state, attempt, FailureKind.UNAVAILABLE, late(state, attempt), now);
        boolean again = failed.size() == 1; // the next attempt fences this one off at the worker
        return again || attempt.compensation() ? failed : List.of(new RollbackEvent.CancelRequested(attempt));
    }

    private static List<RollbackEvent> lost(Rollback state, AttemptId attempt, String observation, Instant now) {
        var track = state.track(attempt);
        if (track.cancelRequested()) {
            return stopped(state, attempt, observation);
        }
        boolean untouched = !attempt.compensation()
                && state.planStep(attempt.step()).getPhase().compareTo(Phase.SHUT_DOWN) < 0
                && !state.touchedPlatform();
        boolean dispensable =
                !attempt.compensation() && state.planStep(attempt.step()).getOnFailure() == FailurePolicy.CONTINUE;
        if ((untouched || dispensable) && track.losses() + 1 >= LOSSES_BEFORE_SHUT_DOWN) {
            // Should a worker take it after all, it is to let it be.
            var events = new ArrayList<RollbackEvent>();
            events.add(new RollbackEvent.CancelRequested(attempt));
            events.addAll(over(state, attempt, FailureKind.UNAVAILABLE, observation + ": is the worker running?"));
            return events;
        }
        return List.of(new RollbackEvent.AttemptFailed(attempt, FailureKind.UNAVAILABLE, observation, true, now));
    }

    /** What was told to stop has, or is not heard of any more: because the rollback stops, or because its time was over. */
    private static List<RollbackEvent> stopped(Rollback state, AttemptId attempt, String observation) {
        return state.stopping() == null
                ? over(state, attempt, FailureKind.UNAVAILABLE, late(state, attempt) + "; " + observation)
                : List.of(
                        new RollbackEvent.AttemptFailed(attempt, FailureKind.UNAVAILABLE, observation, true, null),
                        new RollbackEvent.Skipped(attempt.step(), "stopped: " + observation));
    }

    private static String late(Rollback state, AttemptId attempt) {
        return "no result within " + text(Duration.ofMillis(timeout(state, attempt)));
    }

    private static List<RollbackEvent> retried(Rollback state, AttemptId next, Instant now) {
        var track = state.track(next);
        boolean due = state.knows(next)
                && track.status() == Status.WAITING
                && track.attempt() + 1 == next.number()
                && (next.compensation() || state.stopping() == null);
        return due ? List.of(dispatch(state, next, now)) : List.of();
    }

    // ---- what is due now ------------------------------------------------------------------------

    private static List<RollbackEvent> due(Rollback state, Instant now) {
        if (state.finished()) {
            return List.of();
        }
        if (state.undoing() != null) {
            return undo(state, now);
        }
        return state.stopping() != null ? stop(state, now) : advance(state, now);
    }

    private static List<RollbackEvent> advance(Rollback state, Instant now) {
        var events = new ArrayList<RollbackEvent>();
        boolean allOver = true;
        for (var step : state.plan().getSteps()) {
            var track = state.track(step.getId(), false);
            allOver &= track.over();
            if (track.status() == Status.PENDING && ready(state, step)) {
                events.add(dispatch(state, new AttemptId(step.getId(), false, 1), now));
            } else if (track.status() == Status.WAITING && immediately(track, now)) {
                events.add(dispatch(state, new AttemptId(step.getId(), false, track.attempt() + 1), now));
            }
        }
        if (allOver) {
            events.add(new RollbackEvent.Finished(
                    Outcome.SUCCEEDED, summary(state), Duration.between(state.startedAt(), now), state.downtime(now)));
        }
        return events;
    }

    private static boolean ready(Rollback state, PlanStep step) {
        return step.getDependsOn().stream()
                .allMatch(dependency -> state.track(dependency, false).satisfied());
    }

    /** Lost attempts are due the moment they are lost. */
    private static boolean immediately(StepTrack track, Instant now) {
        return track.retryAt() != null && !track.retryAt().isAfter(now);
    }

    /** Ends what is out, then begins to undo: no worker may still change what another one undoes. */
    private static List<RollbackEvent> stop(Rollback state, Instant now) {
        var events = new ArrayList<RollbackEvent>();
        for (var attempt : state.waiting()) {
            events.add(new RollbackEvent.Skipped(attempt.step(), "not tried again: the rollback is being stopped"));
        }
        for (var attempt : state.inFlight()) {
            if (!state.track(attempt).cancelRequested()) {
                events.add(new RollbackEvent.CancelRequested(attempt));
            }
        }
        if (events.isEmpty() && state.inFlight().isEmpty()) {
            var reason = String.valueOf(state.stopping());
            var steps = state.order().reversed().stream()
                    .filter(step -> state.planStep(step).getCompensation() != null)
                    .toList();
            events.add(new RollbackEvent.CompensationStarted(reason, steps));
        }
        return events;
    }

    /** One at a time, in reverse order; a failure stops here, for an operator to look at. */
    private static List<RollbackEvent> undo(Rollback state, Instant now) {
        var took = Duration.between(state.startedAt(), now);
        var reason = String.valueOf(state.stopping());
        for (var entry : state.undo().entrySet()) {
            if (entry.getValue().status() == Status.FAILED) {
                var title = state.planStep(entry.getKey()).getTitle();
                return List.of(new RollbackEvent.Finished(
                        Outcome.COMPENSATION_FAILED,
                        "could not undo \"" + title + "\": " + entry.getValue().detail() + " (undoing because " + reason
                                + ")",
                        took,
                        state.downtime(now)));
            }
        }
        var next = state.nextToUndo();
        if (next.isEmpty()) {
            var outcome = state.touchedPlatform() ? Outcome.COMPENSATED : Outcome.REFUSED;
            return List.of(new RollbackEvent.Finished(outcome, reason, took, state.downtime(now)));
        }
        var track = state.track(next.get(), true);
        boolean begins =
                track.status() == Status.PENDING || track.status() == Status.WAITING && immediately(track, now);
        return begins ? List.of(dispatch(state, new AttemptId(next.get(), true, track.attempt() + 1), now)) : List.of();
    }

    private static RollbackEvent dispatch(Rollback state, AttemptId attempt, Instant now) {
        return new RollbackEvent.Dispatched(attempt, now.plusMillis(timeout(state, attempt)));
    }

    // ---- what the plan says ---------------------------------------------------------------------

    private static boolean retryable(FailureKind kind) {
        return switch (kind) {
            case UNAVAILABLE, TOOL, INTERNAL, MISMATCH -> true;
            case PRECONDITION, INVALID -> false;
        };
    }

    private static int attempts(Rollback state, AttemptId attempt) {
        var step = state.planStep(attempt.step());
        return attempt.compensation() ? step.getCompensation().getAttempts() : step.getAttempts();
    }

    private static long timeout(Rollback state, AttemptId attempt) {
        var step = state.planStep(attempt.step());
        return attempt.compensation() ? step.getCompensation().getTimeout() : step.getTimeout();
    }

    private static Duration backoff(Rollback state, AttemptId attempt, int failures) {
        var first = Duration.ofMillis(state.planStep(attempt.step()).getBackoff());
        var grown = first.multipliedBy(1L << Math.min(failures, 10));
        return grown.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : grown;
    }

    private static String summary(Rollback state) {
        long tolerated = state.steps().values().stream()
                .filter(track -> track.status() == Status.TOLERATED)
                .count();
        return tolerated == 0 ? "all steps succeeded" : "succeeded without " + tolerated + " dispensable step(s)";
    }

    private static String text(Duration duration) {
        return duration.toSeconds() + " s";
    }
}
