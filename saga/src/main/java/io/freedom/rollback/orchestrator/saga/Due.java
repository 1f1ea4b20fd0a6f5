package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What is due now, whatever led here: the next steps, the end of those that are to stop, what is to be undone. */
final class Due {
    private Due() {}

    static List<RollbackEvent> of(Rollback state, Instant now) {
        if (state.finished()) {
            return List.of();
        }
        if (state.undoing() != null) {
            return undo(state, now);
        }
        var stop = state.stop();
        return stop == null ? advance(state, now) : stop(state, stop, now);
    }

    private static List<RollbackEvent> advance(Rollback state, Instant now) {
        var events = new ArrayList<RollbackEvent>();
        boolean allOver = true;
        for (var step : state.plan().getSteps()) {
            var track = state.track(step.getId(), false);
            allOver &= track.over();
            if (state.idle()) {
                continue;
            }
            if (track.status() == Status.PENDING && ready(state, step)) {
                events.addAll(begin(state, step, now));
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

    private static List<RollbackEvent> begin(Rollback state, PlanStep step, Instant now) {
        var first = new AttemptId(step.getId(), false, 1);
        return Gates.isGate(step)
                ? Gates.opened(state, step, now.plus(state.timeout(first)))
                : List.of(dispatch(state, first, now));
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
    private static List<RollbackEvent> stop(Rollback state, Rollback.Stop stop, Instant now) {
        var events = new ArrayList<RollbackEvent>();
        for (var attempt : state.waiting()) {
            // One that was given up may still be at it somewhere.
            events.add(new RollbackEvent.CancelRequested(attempt));
            events.add(skipped(attempt.step(), "not tried again: the rollback is being stopped"));
        }
        state.held()
                .forEach(step ->
                        events.add(skipped(step, state.track(step, false).detail())));
        state.openGates().forEach(gate -> events.add(skipped(gate, "not needed: the rollback is being stopped")));
        if (!events.isEmpty() || state.pause() != null) {
            return events;
        }
        for (var attempt : state.inFlight()) {
            if (!stop.letFinish() && !state.track(attempt).cancelRequested()) {
                events.add(new RollbackEvent.CancelRequested(attempt));
            }
        }
        if (state.inFlight().isEmpty()) {
            events.add(stop.undo() ? compensation(state, stop) : leftAsItIs(state, stop, now));
        }
        return events;
    }

    private static RollbackEvent skipped(String step, String why) {
        return new RollbackEvent.Skipped(step, false, why, null);
    }

    private static RollbackEvent compensation(Rollback state, Rollback.Stop stop) {
        var steps = state.order().reversed().stream()
                .filter(step -> state.planStep(step).getCompensation() != null)
                .toList();
        return new RollbackEvent.CompensationStarted(stop.why(), steps);
    }

    private static RollbackEvent leftAsItIs(Rollback state, Rollback.Stop stop, Instant now) {
        return new RollbackEvent.Finished(
                Outcome.ABORTED,
                stop.why() + "; left as it is, nothing undone",
                Duration.between(state.startedAt(), now),
                state.downtime(now));
    }

    /**
     * One at a time, in reverse order; a failure stops here, for an operator to look at. Not in a drill: what cannot be undone in
     * a copy goes with it.
     */
    private static List<RollbackEvent> undo(Rollback state, Instant now) {
        var took = Duration.between(state.startedAt(), now);
        var reason = String.valueOf(state.stopping());
        var next = state.nextToUndo();
        boolean goesOn = state.plan().getDrillOf() != null && next.isPresent();
        for (var entry : state.undo().entrySet()) {
            if (entry.getValue().status() == Status.FAILED && !goesOn) {
                var title = state.planStep(entry.getKey()).getTitle();
                return List.of(new RollbackEvent.Finished(
                        Outcome.COMPENSATION_FAILED,
                        "could not undo \"" + title + "\": " + entry.getValue().detail() + " (undoing because " + reason
                                + ")",
                        took,
                        state.downtime(now)));
            }
        }
        if (next.isEmpty()) {
            var outcome = state.touchedPlatform() ? Outcome.COMPENSATED : Outcome.REFUSED;
            return List.of(new RollbackEvent.Finished(outcome, reason + notAsBefore(state), took, state.downtime(now)));
        }
        var track = state.track(next.get(), true);
        boolean begins =
                track.status() == Status.PENDING || track.status() == Status.WAITING && immediately(track, now);
        return begins && !state.idle()
                ? List.of(dispatch(state, new AttemptId(next.get(), true, track.attempt() + 1), now))
                : List.of();
    }

    private static String notAsBefore(Rollback state) {
        var differences = state.differences();
        return differences.isEmpty() ? "" : "; NOT AS BEFORE: " + String.join("; ", differences);
    }

    static RollbackEvent dispatch(Rollback state, AttemptId attempt, Instant now) {
        return new RollbackEvent.Dispatched(attempt, now.plus(state.timeout(attempt)));
    }

    private static String summary(Rollback state) {
        long tolerated = count(state, Status.TOLERATED);
        long skipped = count(state, Status.SKIPPED);
        if (tolerated == 0 && skipped == 0) {
            return "all steps succeeded";
        }
        var without = new ArrayList<String>();
        if (tolerated > 0) {
            without.add(tolerated + " dispensable step(s)");
        }
        if (skipped > 0) {
            without.add(skipped + " step(s) that operators skipped");
        }
        return "succeeded without " + String.join(" and ", without);
    }

    private static long count(Rollback state, Status status) {
        return state.steps().values().stream()
                .filter(track -> track.status() == status)
                .count();
    }
}
