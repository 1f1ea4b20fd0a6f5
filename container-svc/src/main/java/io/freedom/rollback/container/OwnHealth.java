package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;

/**
 * A container's own health check, run by us. The engine runs it only once an interval, and first after one: with the
 * customary seconds to half a minute, most of a downtime is spent waiting for its next look.
 */
final class OwnHealth {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** So long after its start a container that listens nowhere is checked all the same: its check may need no port. */
    private static final Duration MUTE = Duration.ofSeconds(3);

    private OwnHealth() {}

    private static Duration age(ContainerDetails details) {
        try {
            return Duration.between(Instant.parse(details.startedAt()), Instant.now());
        } catch (DateTimeParseException e) {
            return MUTE;
        }
    }

    /** Whether the check passes now; false too when it cannot be run. */
    static boolean passes(Engine engine, EngineContainer container, ContainerDetails details)
            throws InterruptedException {
        if (details.healthCheck().isEmpty() || !details.state().equals("running")) {
            return false;
        }
        if (!Listening.isPossible(container.id(), details) && age(details).compareTo(MUTE) < 0) {
            return false;
        }
        try {
            return engine.exec(container.id(), details.healthCheck(), Map.of(), LIMIT)
                            .exitCode()
                    == 0;
        } catch (StepFailure cannotBeRun) {
            return false;
        }
    }
}
