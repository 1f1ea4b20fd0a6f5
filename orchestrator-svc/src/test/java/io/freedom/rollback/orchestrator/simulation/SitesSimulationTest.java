package io.freedom.rollback.orchestrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Sites with a limit, whatever happens: never more than it allows, and nobody waits for ever. */
class SitesSimulationTest {
    private static final int WORLDS = 60;

    @Test
    void keepsTheLimitAndLetsNobodyWaitForEver() {
        var waited = new AtomicLong();
        for (long seed = 0; seed < WORLDS; seed++) {
            long number = seed;
            assertThatCode(() ->
                            waited.addAndGet(SitesSimulation.run(number, false).waited()))
                    .as("world %d", seed)
                    .doesNotThrowAnyException();
        }
        assertThat(waited.get()).as("incidents that had to wait").isGreaterThan(WORLDS);
    }
}
