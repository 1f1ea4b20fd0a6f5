package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long steps took, remembered from one rollback of a platform to the next of the same scenario. */
public final class Durations {
    private static final int REMEMBERED = 5;

    private Durations() {}

    /** Medians, by the steps' ids. */
    static Map<String, Duration> of(PlatformState state, Scenario scenario) {
        var prefix = scenario.id() + "/";
        var medians = new HashMap<String, Duration>();
        state.getDurations().forEach((key, past) -> {
            if (key.startsWith(prefix) && !past.isEmpty()) {
                medians.put(key.substring(prefix.length()), median(past));
            }
        });
        return medians;
    }

    private static Duration median(List<Long> past) {
        return Duration.ofMillis(past.stream().sorted().toList().get(past.size() / 2));
    }

    /** With those of a rollback that has ended; one that failed tells of no step how long it takes when all is well. */
    public static PlatformState remembered(PlatformState state, Rollback ended) {
        if (ended.outcome() != Outcome.SUCCEEDED) {
            return state;
        }
        var durations = new HashMap<>(state.getDurations());
        for (var step : ended.plan().getSteps()) {
            var track = ended.track(step.getId(), false);
            var begun = track.startedAt();
            var over = track.finishedAt();
            // What was tried again, or waited for a worker to come back, is no measure; nor is what operators took.
            boolean plain = track.status() == StepTrack.Status.SUCCEEDED
                    && track.attempt() == 1
                    && !ended.faster().contains(step.getId());
            if (plain && begun != null && over != null) {
                durations.merge(
                        key(ended, step),
                        List.of(Math.max(1, Duration.between(begun, over).toMillis())),
                        Durations::newest);
            }
        }
        return PlatformState.newBuilder(state).setDurations(durations).build();
    }

    private static String key(Rollback rollback, PlanStep step) {
        return rollback.plan().getScenario() + "/" + step.getId();
    }

    private static List<Long> newest(List<Long> past, List<Long> next) {
        var all = new ArrayList<>(past);
        all.addAll(next);
        return List.copyOf(all.subList(Math.max(0, all.size() - REMEMBERED), all.size()));
    }
}
