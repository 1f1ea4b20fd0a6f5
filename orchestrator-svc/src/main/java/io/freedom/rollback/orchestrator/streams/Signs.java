package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.schemas.step.StepProgress;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Signs of life of a rollback's attempts. Kept in memory only: after a restart, and when the orchestrator itself did not listen, every attempt counts as just heard of, and
 * a living worker reports again within seconds.
 */
final class Signs {
    private final Map<AttemptId, Instant> heard = new HashMap<>();
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

    /** Every attempt counts as just heard of. */
    void beginAnew() {
        heard.clear();
    }

    @Nullable
    StepProgress progressOf(AttemptId attempt) {
        return progress.get(attempt);
    }
}
