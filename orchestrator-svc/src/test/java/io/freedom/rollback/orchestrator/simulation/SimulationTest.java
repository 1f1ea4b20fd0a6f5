package io.freedom.rollback.orchestrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.history.Outcome;
import java.util.EnumSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A few of the worlds that {@code make simulation} tries, those that were broken once, and proof that it would see it. */
class SimulationTest {
    private static final int WORLDS = 1_500;

    /** Worlds in which a planted fault has to be seen. */
    private static final int ENOUGH = 1_000;

    @Test
    void keepsItsPromisesWhateverHappens() {
        var outcomes = EnumSet.noneOf(Outcome.class);
        LongStream.range(0, WORLDS)
                .mapToObj(seed -> Simulation.run(seed, false))
                .forEach(result -> {
                    assertThat(result.violation())
                            .as("`make simulation SEED=%d` shows what happened", result.seed())
                            .isNull();
                    outcomes.addAll(result.outcomes().keySet());
                });
        assertThat(outcomes).as("every way to end was taken").containsExactly(Outcome.values());
    }

    @Test
    void showsTheSameAgainForTheSameSeed() {
        for (long seed = 0; seed < 20; seed++) {
            var once = Simulation.run(seed, true);
            assertThat(Simulation.run(seed, true).trace()).isEqualTo(once.trace());
            assertThat(Simulation.run(seed, false).events())
                    .as("nobody watching changes nothing")
                    .isEqualTo(once.events());
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOTHING")
    void seesWhatIsPlanted(Planted fault) {
        var seen = LongStream.range(0, ENOUGH)
                .mapToObj(seed -> Simulation.run(seed, false, fault, Calamities.ALL))
                .filter(result -> result.violation() != null)
                .findFirst();
        assertThat(seen).as("%s is seen in %d worlds", fault, ENOUGH).isPresent();
    }
}
