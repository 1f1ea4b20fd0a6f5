package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class CompensationTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void returnsToTheExactPreviousStateWhenValidationFails() {
        try (var platform = Platform.broken("acc-undo")
                .registered(plane, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"))) {
            var before = platform.state();

            var rollback = plane.rollbackctl("start", "acc-undo", "--reason", "test", "--watch");

            assertThat(rollback.exitCode()).as(rollback.output()).isEqualTo(1);
            assertThat(rollback.output()).contains("Castle GUI", "never there");
            assertThat(plane.facts("acc-undo", "RollbackFinished")
                            .getFirst()
                            .path("outcome")
                            .asString())
                    .isEqualTo("COMPENSATED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    @Test
    void returnsToTheExactPreviousStateWhenAnOperatorAborts() {
        // A probe that never holds keeps the rollback at its validation, long after everything was changed.
        try (var platform = Platform.broken("acc-abort")
                .registered(plane, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"))) {
            var before = platform.state();
            plane.rollbackctl("start", "acc-abort", "--reason", "test").succeeded();
            await("the rollback is being validated")
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> plane.facts("acc-abort", "StepAcknowledged").stream()
                            .anyMatch(step -> step.path("stepId").asString().equals("health.probes")));
            var id = plane.history("acc-abort").getLast().path("rollbackId").asString();

            plane.rollbackctl("abort", id, "--reason", "wrong platform").succeeded();
            plane.rollbackctl("watch", id);

            var finished = plane.facts("acc-abort", "RollbackFinished").getFirst();
            assertThat(finished.path("outcome").asString()).isEqualTo("COMPENSATED");
            assertThat(finished.path("reason").asString()).contains("aborted by ada: wrong platform");
            assertThat(platform.state()).isEqualTo(before);
        }
    }
}
