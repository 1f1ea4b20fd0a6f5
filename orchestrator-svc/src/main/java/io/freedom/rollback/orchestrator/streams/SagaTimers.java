package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.Prediction;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Which commands time itself gives to a rollback. */
final class SagaTimers {
    /** Workers report every 2 s; after so long without a word their process is taken for dead. */
    static final Duration SILENCE = Duration.ofSeconds(10);
    /** A command that no worker took is sent again after so long: it may have been written before any worker came. */
    static final Duration NOT_TAKEN = Duration.ofSeconds(30);
    /** A worker ends an overdue attempt itself; only if it does not within this, the attempt is given up here. */
    static final Duration GRACE = Duration.ofSeconds(3);

    /** How long a worker may take to stop, once a step's time is over; no longer is waited for one that neither stops nor falls silent. */
    static final Duration STOPPING = Duration.ofSeconds(60);

    private SagaTimers() {}

    static List<RollbackCommand> due(Rollback rollback, Signs signs, Instant now) {
        var due = new ArrayList<RollbackCommand>();
        for (var attempt : rollback.inFlight()) {
            var track = rollback.track(attempt);
            var silent = Duration.between(signs.lastHeard(attempt, now), now);
            var deadline = track.deadline();
            if (track.status() == StepTrack.Status.DISPATCHED) {
                if (silent.compareTo(NOT_TAKEN) > 0) {
                    due.add(new RollbackCommand.Lose(
                            attempt, "no worker took it within " + NOT_TAKEN.toSeconds() + " s"));
                }
            } else if (silent.compareTo(SILENCE) > 0) {
                due.add(new RollbackCommand.Lose(
                        attempt, "nothing heard of its worker for " + SILENCE.toSeconds() + " s"));
            } else if (deadline != null && now.isAfter(deadline.plus(GRACE))) {
                if (!track.cancelRequested()) {
                    due.add(new RollbackCommand.TimeOut(attempt));
                } else if (signs.stopping(attempt, now).compareTo(STOPPING) > 0) {
                    due.add(new RollbackCommand.Lose(
                            attempt, "told to stop, but its worker did not within " + STOPPING.toSeconds() + " s"));
                }
            }
        }
        for (var attempt : rollback.waiting()) {
            var at = rollback.track(attempt).retryAt();
            if (at != null && !at.isAfter(now)) {
                due.add(new RollbackCommand.Retry(attempt.next()));
            }
        }
        Prediction.risk(rollback, now).ifPresent(due::add);
        for (var gate : rollback.openGates()) {
            var deadline = rollback.track(gate, false).deadline();
            if (deadline != null && now.isAfter(deadline)) {
                due.add(new RollbackCommand.Expire(gate));
            }
        }
        return due;
    }
}
