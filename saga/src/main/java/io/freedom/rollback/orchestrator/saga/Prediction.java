package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * When a rollback will be validated, by what its steps took before: the longest path through what is left of the plan.
 * What tidies up after service is back does not count, nor does the time in which operators think.
 */
public final class Prediction {
    private final Rollback rollback;
    private final Instant now;
    private final Map<String, Instant> ends = new HashMap<>();
    /** Step that is taken as skipped; empty for none. */
    private final String without;

    private Prediction(Rollback rollback, Instant now, String without) {
        this.rollback = rollback;
        this.now = now;
        this.without = without;
    }

    /** Empty where a step that is left was never seen to succeed, and where nothing goes forward. */
    public static Optional<Instant> end(Rollback rollback, Instant now) {
        boolean goesForward = !rollback.finished() && rollback.stop() == null && !rollback.idle();
        var left = left(rollback).toList();
        if (!goesForward || left.isEmpty() || left.stream().anyMatch(step -> isUnknown(step, rollback))) {
            return Optional.empty();
        }
        return Optional.of(end(rollback, left, "", now));
    }

    private static Instant end(Rollback rollback, List<PlanStep> left, String without, Instant now) {
        var prediction = new Prediction(rollback, now, without);
        return left.stream().map(prediction::end).max(Comparator.naturalOrder()).orElse(now);
    }

    /** The faster way, where there is one: what has not begun, may be left out, and is waited for. */
    private static List<String> dispensable(Rollback rollback, Instant now) {
        var left = left(rollback).toList();
        var end = end(rollback, left, "", now);
        return left.stream()
                .filter(step -> step.getOnFailure() == FailurePolicy.CONTINUE && !Gates.isGate(step))
                .map(PlanStep::getId)
                .filter(id -> rollback.track(id, false).startedAt() == null)
                .filter(id -> end(rollback, left, id, now).isBefore(end))
                .toList();
    }

    /** Steps that can be done in another, faster way. */
    private static List<String> faster(Rollback rollback) {
        return left(rollback)
                .filter(step -> step.getFaster() != null && !rollback.faster().contains(step.getId()))
                .map(PlanStep::getId)
                .toList();
    }

    /** The command to say so, once: it will not be over in time, or is not. */
    public static Optional<RollbackCommand> risk(Rollback rollback, Instant now) {
        var plan = rollback.plan();
        boolean practised = plan.getDrillOf() != null; // its objective is that of the scenario alone
        // What validates nothing has brought nothing back: nobody waits for it, a restore point above all.
        boolean recovers = plan.getSteps().stream()
                .anyMatch(
                        step -> step.getPhase() == Phase.VALIDATE || step.getAvailability() == Availability.COMES_BACK);
        if (practised
                || !recovers
                || rollback.atRisk()
                || rollback.finished()
                || rollback.stop() != null
                || left(rollback).findAny().isEmpty()) {
            return Optional.empty();
        }
        var deadline = deadline(rollback);
        if (now.isAfter(deadline)) {
            return Optional.of(new RollbackCommand.WarnOfRto(end(rollback, now).orElse(null)));
        }
        return end(rollback, now).filter(end -> end.isAfter(deadline)).map(RollbackCommand.WarnOfRto::new);
    }

    static List<RollbackEvent> warning(Rollback rollback, @Nullable Instant predictedEnd, Instant now) {
        if (rollback.atRisk() || rollback.stop() != null) {
            return List.of();
        }
        var running = rollback.inFlight().stream()
                .map(AttemptId::step)
                .max(Comparator.comparingLong(step -> rollback.planStep(step).getExpected()))
                .orElse("");
        return List.of(new RollbackEvent.RtoAtRisk(
                predictedEnd, deadline(rollback), running, dispensable(rollback, now), faster(rollback)));
    }

    private static Instant deadline(Rollback rollback) {
        return rollback.startedAt().plusMillis(rollback.plan().getRto());
    }

    private static Stream<PlanStep> left(Rollback rollback) {
        return rollback.plan().getSteps().stream()
                .filter(step -> step.getPhase() != Phase.FINISH)
                .filter(step -> !rollback.track(step.getId(), false).over());
    }

    /** What a rollback can do without may have failed each time; it is not what it is waiting for. */
    private static boolean isUnknown(PlanStep step, Rollback rollback) {
        return expected(step, rollback) == 0 && !Gates.isGate(step) && step.getOnFailure() != FailurePolicy.CONTINUE;
    }

    /** Milliseconds; 0 when not known. It was measured for the plan's own way only. */
    private static long expected(PlanStep step, Rollback rollback) {
        return rollback.faster().contains(step.getId()) ? 0 : step.getExpected();
    }

    private Instant end(PlanStep step) {
        var known = ends.get(step.getId());
        if (known != null) {
            return known;
        }
        var track = rollback.track(step.getId(), false);
        Instant end;
        if (step.getId().equals(without)) {
            end = ready(step);
        } else if (track.over() || track.status() == StepTrack.Status.OPEN) {
            end = now;
        } else {
            var begun = track.startedAt();
            var begin = begun == null ? ready(step) : begun;
            end = later(begin.plus(Duration.ofMillis(expected(step, rollback))), now);
        }
        ends.put(step.getId(), end);
        return end;
    }

    private Instant ready(PlanStep step) {
        return step.getDependsOn().stream()
                .map(id -> end(rollback.planStep(id)))
                .reduce(now, Prediction::later);
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
