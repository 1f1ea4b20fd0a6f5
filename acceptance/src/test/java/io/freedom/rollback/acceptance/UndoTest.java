package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class UndoTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void returnsToTheExactStateBeforeARollbackThatHadSucceeded() {
        try (var platform = Platform.broken("acc-undone").registered(plane)) {
            var before = platform.state();
            plane.rollbackctl("start", "acc-undone", "--reason", "test", "--watch")
                    .succeeded();
            assertThat(platform.health().exitCode()).isZero();
            var id = plane.lastRollback("acc-undone");

            plane.rollbackctl("undo", id, "--reason", "the old version is worse", "--watch")
                    .succeeded();

            var undone = plane.facts("acc-undone", "RollbackFinished").getLast();
            assertThat(undone.path("outcome").asString()).isEqualTo("COMPENSATED");
            assertThat(undone.path("reason").asString()).isEqualTo("undone by ada: the old version is worse");
            assertThat(platform.state()).isEqualTo(before);
            assertThat(plane.rollbackctl("report", id, "--format", "markdown", "--file", "-")
                            .succeeded()
                            .output())
                    .contains("the old version is worse");
            assertThat(plane.rollbackctl("undo", id, "--reason", "again").exitCode())
                    .isNotZero();
        }
    }
}
