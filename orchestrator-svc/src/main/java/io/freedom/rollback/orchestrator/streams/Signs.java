package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Signs of life of a rollback's attempts. Kept in memory only: after a restart, and when the orchestrator itself could hear nobody, every
 * attempt counts as just heard of, and a living worker reports again within seconds.
 */
final class Signs {
    private final Map<AttemptId, Instant> heard = new HashMap<>();
    private final Map<AttemptId, Instant> toldToStop = new HashMap<>();
    private final Map<AttemptId, StepProgress> progress = new HashMap<>();

    void heard(AttemptId attempt, Instant at) {
        heard.put(attempt, at);
    }

    void progress(AttemptId attempt, StepProgress report, Instant at) {
        heard.put(attempt, at);
        progress.put(attempt, report);
    }

    Instant lastHeard(AttemptId attempt, Instant now) {
        return heard.computeIfAbsent(attempt, _ -> now);
    }

    /** How long it has been known that the attempt, whose time is over, was told to stop. */
    Duration stopping(AttemptId attempt, Instant now) {
        return Duration.between(toldToStop.computeIfAbsent(attempt, _ -> now), now);
    }

    /** Every attempt counts as just heard of, and as just told to stop. */
    void beginAnew() {
        heard.clear();
        toldToStop.clear();
    }

    @Nullable
    StepProgress progressOf(AttemptId attempt) {
        return progress.get(attempt);
    }
}
