package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.worker.StepCancelledException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A restore is to be undone, and the server that it went into has died. */
@Tag("engine")
class DeadServerTest {
    @Test
    void leavesItToTheVolumeThatComesBackAndToNoOther() throws Exception {
        try (var postgres = new PostgresContainer();
                var engines = new EngineProvider()) {
            var handler = new SwapDatabaseBackHandler(engines);
            var action = new SwapDatabaseBack(postgres.compose(), postgres.database("postgres"));
            var volume = postgres.volume();
            assertThat(handler.execute(action, step(kept(volume))).detail())
                    .as("a server that answers is asked")
                    .isEqualTo("nothing to swap back");

            postgres.kill();

            assertThat(handler.execute(action, step(kept(volume))).detail())
                    .contains("comes back with its volume " + volume);
            assertThat(postgres.isRunning()).isFalse();
            // Its port is another once it was started again.
            assertThatThrownBy(
                            () -> handler.execute(action, step(kept("another")).killedAtCheckpoint(3)))
                    .isInstanceOf(StepCancelledException.class);
            assertThat(postgres.isRunning()).as("started, to be swapped back").isTrue();
        }
    }

    private static RunningStep step(VolumesKept kept) {
        return new RunningStep("rb-dead").after(kept);
    }

    private static VolumesKept kept(String volume) {
        var copy = new KeptVolume(volume, "/backups/" + volume, 1L, "local", Map.of(), Map.of());
        return new VolumesKept(List.of(copy), List.of());
    }
}
