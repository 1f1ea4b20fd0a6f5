package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class KilledControlPlaneTest {
    @Test
    void finishesTheRollbackAfterAllOfItWasKilledWhileThePlatformIsDown() {
        try (var plane = ControlPlane.own();
                var platform = Platform.broken("acc-crash").registered(plane)) {
            var data = platform.data();
            plane.rollbackctl("start", "acc-crash", "--reason", "test").succeeded();
            await("the platform is down")
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> !platform.states().contains("castle-gui running"));

            plane.killAndStartAgain();
            var watched = plane.rollbackctl("watch", "acc-crash");

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            assertThat(platform.git("describe", "--tags", "--exact-match")).isEqualTo("graveyard/pre-reset");
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.data()).isEqualTo(data);
            assertThat(platform.containers().lines())
                    .as("one container of each service")
                    .hasSize(5);
            var successes = plane.facts("acc-crash", "StepSucceeded").stream()
                    .map(step -> step.path("stepId").asString())
                    .collect(Collectors.groupingBy(step -> step, Collectors.counting()));
            assertThat(successes)
                    .as("successes by step")
                    .isNotEmpty()
                    .allSatisfy((step, times) -> assertThat(times).isEqualTo(1));
        }
    }
}
