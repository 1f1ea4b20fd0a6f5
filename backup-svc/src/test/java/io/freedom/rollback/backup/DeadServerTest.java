package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.ContainerDetails.Mount;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.action.VolumesRemoved;
import io.freedom.rollback.worker.StepCancelledException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
            assertThat(handler.execute(action, step(volume)).detail())
                    .as("a server that answers is asked")
                    .isEqualTo("nothing to swap back");

            postgres.kill();

            assertThat(handler.execute(action, step(volume)).detail()).contains("comes back with its volume " + volume);
            assertThat(postgres.isRunning()).isFalse();
            // Its port is another once it was started again.
            assertThatThrownBy(() -> handler.execute(action, step("another").killedAtCheckpoint(3)))
                    .isInstanceOf(StepCancelledException.class);
            assertThat(postgres.isRunning()).as("started, to be swapped back").isTrue();
        }
    }

    /** A kept volume that was not removed does not come back. */
    @Test
    void startsAServerWhoseVolumeIsStillTheOneFromBefore() throws Exception {
        try (var postgres = new PostgresContainer();
                var engines = new EngineProvider()) {
            var action = new SwapDatabaseBack(postgres.compose(), postgres.database("postgres"));
            var volume = postgres.volume();
            var copy = new KeptVolume(volume, "/backups/" + volume, 1L, "local", Map.of(), Map.of(), null);
            postgres.kill();

            assertThatThrownBy(() -> new SwapDatabaseBackHandler(engines)
                            .execute(
                                    action,
                                    new RunningStep("rb-dead")
                                            .after(new VolumesKept(List.of(copy), List.of()))
                                            .killedAtCheckpoint(3)))
                    .isInstanceOf(StepCancelledException.class);
            assertThat(postgres.isRunning()).isTrue();
        }
    }

    @Test
    void knowsTheVolumeThatTheDataAreIn() {
        var data = new Mount("/var/lib/postgresql/data", "data", "", true);
        var outer = new Mount("/var/lib/postgresql", "outer", "", true);
        var bound = new Mount("/var/lib/postgresql/data/pgdata", "", "", true);
        var archive = new Mount("/archive", "archive", "", true);

        assertThat(DataVolume.mount(List.of(archive, outer, data), Optional.of(Path.of("/var/lib/postgresql/data"))))
                .contains(data);
        assertThat(DataVolume.mount(List.of(archive, outer), Optional.of(Path.of("/var/lib/postgresql/18/docker"))))
                .contains(outer);
        assertThat(DataVolume.mount(List.of(data, bound), Optional.of(Path.of("/var/lib/postgresql/data/pgdata"))))
                .contains(bound);
        assertThat(DataVolume.mount(List.of(archive), Optional.of(Path.of("/var/lib/postgresql/data"))))
                .isEmpty();
        assertThat(DataVolume.mount(List.of(archive), Optional.empty())).contains(archive);
        assertThat(DataVolume.mount(List.of(archive, data), Optional.empty())).isEmpty();
    }

    private static RunningStep step(String removed) {
        return new RunningStep("rb-dead").after(new VolumesRemoved(List.of(removed)));
    }
}
