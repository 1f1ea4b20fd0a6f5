package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.Map;

/**
 * A container's own health check, run by us. The engine runs it only once an interval, and first after one: with the
 * customary seconds to half a minute, most of a downtime is spent waiting for its next look.
 */
final class OwnHealth {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private OwnHealth() {}

    /** Whether the check passes now; false too when it cannot be run. */
    static boolean passes(Engine engine, EngineContainer container, ContainerDetails details)
            throws InterruptedException {
        if (details.healthCheck().isEmpty() || !details.state().equals("running")) {
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
