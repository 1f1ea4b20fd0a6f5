package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Tag("engine")
class KilledControlPlaneTest {
    /** No worker serves it: what starts there runs until it is aborted. */
    private static final String SITE = "narrow";

    private static ControlPlane plane;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        plane = ControlPlane.own(Map.of("ROLLBACK_SITES_NARROW_CONCURRENT", "1"));
    }

    @AfterAll
    static void end() {
        plane.close();
    }

    @Test
    void finishesTheRollbackAfterAllOfItWasKilledWhileThePlatformIsDown() {
        try (var platform = Platform.broken("acc-crash").registered(plane)) {
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

    @Test
    void whatWaitsForItsTurnAtASiteWaitsOnAfterAllOfItWasKilledAndPeopleWaitForNobody() throws IOException {
        for (var name : List.of("narrow-a", "narrow-b", "narrow-c")) {
            register(name);
        }
        alert("narrow-a");
        await("the first runs")
                .until(() -> !plane.facts("narrow-a", "RollbackStarted").isEmpty());
        var first = plane.lastRollback("narrow-a");
        var second = postponed("narrow-b");
        assertThat(second.path("reason").asString())
                .startsWith(
                        "waits for its turn at site narrow, place 1 of 1: 1 of 1 running: narrow-a (" + first + ")");
        assertThat(postponed("narrow-c").path("reason").asString()).contains("place 2 of 2: 1 of 1 running");
        var id = second.path("startId").asString();

        plane.killAndStartAgain();

        assertThat(plane.rollbackctl("status", "narrow-b").succeeded().output())
                .contains(
                        id + " waits for its turn at site narrow",
                        "Start it at once: rollbackctl start narrow-b --class service-degradation");
        plane.rollbackctl("start", "narrow-c", "--class", "service-degradation", "--reason", "urgent")
                .succeeded();
        assertThat(plane.facts("narrow-c", "RollbackStarted")).hasSize(1);
        assertThat(plane.facts("narrow-c", "IncidentMerged"))
                .as("it is its answer")
                .hasSize(1);
        assertThat(plane.facts("narrow-b", "RollbackStarted")).isEmpty();

        for (var name : List.of("narrow-a", "narrow-c")) {
            plane.rollbackctl("abort", name, "--leave-as-is", "--reason", "over")
                    .succeeded();
        }
        await("its turn has come")
                .atMost(Duration.ofMinutes(2))
                .until(() -> !plane.facts("narrow-b", "RollbackStarted").isEmpty());
        assertThat(plane.facts("narrow-a", "RollbackFinished")).hasSize(1);
        assertThat(plane.facts("narrow-c", "RollbackFinished"))
                .as("what people start counts")
                .hasSize(1);
        assertThat(plane.lastRollback("narrow-b")).isEqualTo(id);
        assertThat(plane.facts("narrow-b", "SiteLimitDisregarded")).isEmpty();
        for (var name : List.of("narrow-a", "narrow-b", "narrow-c")) {
            plane.rollbackctl("history", "verify", "--platform", name).succeeded();
        }
    }

    private void register(String name) throws IOException {
        var descriptor = Files.writeString(folder.resolve(name + ".yaml"), """
                apiVersion: rollback.freedom.io/v1
                name: %1$s
                site: %2$s
                workTree: /srv/%1$s
                target: good
                services: [{name: api}]
                incidents: {SERVICE_DEGRADATION: full-rollback}
                backups: {directory: /var/backups/%1$s}
                """.formatted(name, SITE));
        plane.rollbackctl("platform", "register", descriptor.toString()).succeeded();
    }

    private void alert(String platform) {
        plane.alert(
                platform, "service-degradation", "of-" + platform, Instant.now().toString());
    }

    private JsonNode postponed(String platform) {
        alert(platform);
        await(platform + " waits for its turn")
                .atMost(Duration.ofSeconds(30))
                .until(() -> !plane.facts(platform, "IncidentPostponed").isEmpty());
        return plane.facts(platform, "IncidentPostponed").getFirst();
    }
}
