package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class EngineOutageTest {
    private static final EngineRelay ENGINE = new EngineRelay();
    private static final ControlPlane PLANE = ControlPlane.own(Map.of("DOCKER_HOST", ENGINE.host()));

    @AfterAll
    static void end() {
        PLANE.close();
        ENGINE.close();
    }

    @Test
    void goesOnWhenDockerAnswersAgainThatWentWhileThePlatformWasDown() {
        try (var platform = Platform.broken("acc-outage").registered(PLANE)) {
            var data = platform.data();
            PLANE.rollbackctl("start", "acc-outage", "--reason", "test").succeeded();
            await("the platform is down")
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> !platform.states().contains("castle-gui running"));

            outage("acc-outage");
            var watched = PLANE.rollbackctl("watch", "acc-outage");

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            assertThat(platform.git("describe", "--tags", "--exact-match")).isEqualTo("graveyard/pre-reset");
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.data()).isEqualTo(data);
        }
    }

    @Test
    void returnsToTheExactPreviousStateOnceDockerAnswersAgainThatWentWhileUndoing() {
        try (var platform = Platform.broken("acc-outage-undo")
                .registered(PLANE, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"))) {
            var before = platform.state();
            PLANE.rollbackctl("start", "acc-outage-undo", "--reason", "test").succeeded();
            await("it is being undone")
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> !PLANE.facts("acc-outage-undo", "CompensationStarted")
                            .isEmpty());

            outage("acc-outage-undo");
            PLANE.rollbackctl("watch", "acc-outage-undo");

            var finished = PLANE.facts("acc-outage-undo", "RollbackFinished").getFirst();
            assertThat(finished.path("outcome").asString()).isEqualTo("COMPENSATED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    @Test
    void refusesWithoutTouchingAnythingWhenDockerIsNotThereFromTheStart() {
        try (var platform = Platform.broken("acc-no-engine").registered(PLANE)) {
            var before = platform.state();
            ENGINE.cut();
            var refused = PLANE.rollbackctl("start", "acc-no-engine", "--reason", "test", "--watch");
            ENGINE.mend();

            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.output()).contains("Docker does not answer", "is the daemon running?");
            assertThat(PLANE.facts("acc-no-engine", "RollbackFinished")
                            .getFirst()
                            .path("outcome")
                            .asString())
                    .isEqualTo("REFUSED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    /** More attempts than a step has, in vain. */
    private static void outage(String platform) {
        ENGINE.cut();
        await("steps fail for want of an engine")
                .atMost(Duration.ofMinutes(2))
                .until(() -> PLANE.facts(platform, "AttemptFailed").stream()
                                .filter(failed -> failed.path("kind").asString().equals("OUTAGE"))
                                .count()
                        > 4);
        ENGINE.mend();
    }
}
