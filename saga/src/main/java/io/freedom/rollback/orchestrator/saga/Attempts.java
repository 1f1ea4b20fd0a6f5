package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** How attempts end, by what workers report or fail to report. */
final class Attempts {
    /** A step that no worker takes for so long is given up while the platform is still untouched. */
    static final int LOSSES_BEFORE_SHUT_DOWN = 4;

    /** As often as that it may pass from one worker to another, as it does where they are restarted one by one. */
    static final int HAND_OVERS_BEFORE_SHUT_DOWN = 20;

    /**
     * Attempts that a step has while Docker does not answer, about ten minutes: what goes on and what undoes both need it, so
     * giving up would leave the platform where it is. Not while it is still untouched.
     */
    static final int OUTAGES = 120;

    /** About an hour. */
    static final int OUTAGES_WHILE_UNDOING = 720;

    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

    /** The downtime ends no sooner than the outage is seen to be over. */
    private static final Duration LONGEST_OUTAGE_BACKOFF = Duration.ofSeconds(5);

    private Attempts() {}

    static List<RollbackEvent> failed(
            Rollback state, AttemptId attempt, FailureKind kind, String message, Instant now) {
        var track = state.track(attempt);
        boolean stopping = state.stopping() != null && !attempt.compensation();
        if (kind == FailureKind.OUTAGE && !stopping && state.sitsOutOutages(attempt)) {
            return outage(state, attempt, message, now);
        }
        boolean retry = retryable(kind) && !stopping && track.failures() + 1 < attempts(state, attempt);
        if (!retry) {
            return over(state, attempt, kind, message);
        }
        return List.of(new RollbackEvent.AttemptFailed(
                attempt, kind, message, false, now.plus(backoff(state, attempt, track.failures(), LONGEST_BACKOFF))));
    }

    private static List<RollbackEvent> outage(Rollback state, AttemptId attempt, String message, Instant now) {
        var track = state.track(attempt);
        if (track.losses() >= (attempt.compensation() ? OUTAGES_WHILE_UNDOING : OUTAGES)) {
            return over(state, attempt, FailureKind.OUTAGE, message);
        }
        var pause = backoff(state, attempt, track.losses(), LONGEST_OUTAGE_BACKOFF);
        return List.of(new RollbackEvent.AttemptFailed(attempt, FailureKind.OUTAGE, message, false, now.plus(pause)));
    }

    /** A step without a further attempt. */
    private static List<RollbackEvent> over(Rollback state, AttemptId attempt, FailureKind kind, String message) {
        var ended = new RollbackEvent.AttemptFailed(attempt, kind, message, false, null);
        boolean undo = attempt.compensation();
        var policy =
                undo ? FailurePolicy.COMPENSATE : state.planStep(attempt.step()).getOnFailure();
        if (policy == FailurePolicy.HOLD && state.stop() == null) {
            return List.of(ended, new RollbackEvent.Held(attempt.step(), kind, message));
        }
        boolean tolerated = policy == FailurePolicy.CONTINUE;
        return List.of(ended, new RollbackEvent.Failed(attempt.step(), undo, kind, message, tolerated));
    }

    static List<RollbackEvent> cancelled(Rollback state, AttemptId attempt, String reason, Instant now) {
        return state.track(attempt).cancelRequested()
                ? stopped(state, attempt, reason, now)
                : lost(state, attempt, reason, HAND_OVERS_BEFORE_SHUT_DOWN, "do its workers die of it?", now);
    }

    /**
     * An attempt is told to stop and stays in flight until its worker says that it has: what it does must not meet what undoes
     * it, nor, where it undoes something itself, what operators do by hand.
     */
    static List<RollbackEvent> timedOut(Rollback state, AttemptId attempt) {
        return state.track(attempt).cancelRequested() ? List.of() : List.of(new RollbackEvent.CancelRequested(attempt));
    }

    static List<RollbackEvent> lost(Rollback state, AttemptId attempt, String observation, Instant now) {
        return lost(state, attempt, observation, LOSSES_BEFORE_SHUT_DOWN, "is the worker running?", now);
    }

    private static List<RollbackEvent> lost(
            Rollback state, AttemptId attempt, String observation, int limit, String question, Instant now) {
        var track = state.track(attempt);
        if (track.cancelRequested()) {
            return stopped(state, attempt, observation, now);
        }
        if (state.stop() != null && !attempt.compensation()) {
            // Nothing comes after it that would fence it off: should it live, it is to let it be.
            var events = new ArrayList<RollbackEvent>();
            events.add(new RollbackEvent.CancelRequested(attempt));
            events.addAll(stopped(state, attempt, observation, now));
            return events;
        }
        boolean untouched = !attempt.compensation()
                && state.planStep(attempt.step()).getPhase().compareTo(Phase.SHUT_DOWN) < 0
                && !state.touchedPlatform();
        boolean dispensable =
                !attempt.compensation() && state.planStep(attempt.step()).getOnFailure() == FailurePolicy.CONTINUE;
        if ((untouched || dispensable) && track.losses() + 1 >= limit) {
            // Should a worker take it after all, it is to let it be.
            var events = new ArrayList<RollbackEvent>();
            events.add(new RollbackEvent.CancelRequested(attempt));
            events.addAll(over(state, attempt, FailureKind.UNAVAILABLE, observation + ": " + question));
            return events;
        }
        return List.of(new RollbackEvent.AttemptFailed(attempt, FailureKind.UNAVAILABLE, observation, true, now));
    }

    /** What was told to stop has, or is not heard of any more: because the rollback stops, or because its time was over. */
    private static List<RollbackEvent> stopped(Rollback state, AttemptId attempt, String observation, Instant now) {
        return state.stopping() == null || attempt.compensation()
                ? failed(state, attempt, FailureKind.UNAVAILABLE, late(state, attempt) + "; " + observation, now)
                : List.of(
                        new RollbackEvent.AttemptFailed(attempt, FailureKind.UNAVAILABLE, observation, true, null),
                        new RollbackEvent.Skipped(attempt.step(), false, "stopped: " + observation, null));
    }

    private static String late(Rollback state, AttemptId attempt) {
        return "no result within " + text(state.timeout(attempt));
    }

    static List<RollbackEvent> retried(Rollback state, AttemptId next, Instant now) {
        var track = state.track(next);
        boolean due = state.knows(next)
                && track.status() == Status.WAITING
                && track.attempt() + 1 == next.number()
                && !state.idle()
                && (next.compensation() || state.stop() == null);
        return due ? List.of(Due.dispatch(state, next, now)) : List.of();
    }

    // ---- what the plan says ---------------------------------------------------------------------

    private static boolean retryable(FailureKind kind) {
        return switch (kind) {
            case UNAVAILABLE, OUTAGE, TOOL, INTERNAL, MISMATCH -> true;
            case PRECONDITION, INVALID -> false;
        };
    }

    private static int attempts(Rollback state, AttemptId attempt) {
        var step = state.planStep(attempt.step());
        return attempt.compensation() ? step.getCompensation().getAttempts() : step.getAttempts();
    }

    private static Duration backoff(Rollback state, AttemptId attempt, int before, Duration longest) {
        var first = Duration.ofMillis(state.planStep(attempt.step()).getBackoff());
        var grown = first.multipliedBy(1L << Math.min(before, 10));
        return grown.compareTo(longest) > 0 ? longest : grown;
    }

    private static String text(Duration duration) {
        return duration.toSeconds() + " s";
    }
}
