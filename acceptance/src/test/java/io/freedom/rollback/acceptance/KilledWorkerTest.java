package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workers as processes of their own, at a site of their own, so that one can be killed while the rest goes on. */
@Tag("engine")
class KilledWorkerTest {
    private static final String SITE = "edge";

    private final ControlPlane plane = ControlPlane.shared();
    private final Map<String, Process> workers = new LinkedHashMap<>();

    private Process start(String worker) {
        int port = ControlPlane.freePort();
        var process = plane.spawn(
                worker,
                Map.of(
                        "SPRING_KAFKA_BOOTSTRAP_SERVERS", plane.bootstrapServers(),
                        "ROLLBACK_SCHEMA_REGISTRY_URL", plane.registryUrl(),
                        "ROLLBACK_SITE", SITE,
                        "SERVER_PORT", Integer.toString(port)),
                List.of(ControlPlane.program("rollback-service"), worker));
        workers.put(worker, process);
        await(worker + " is up").atMost(Duration.ofSeconds(90)).until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError(worker + " ended:\n" + plane.log(worker));
            }
            return ControlPlane.healthy(port);
        });
        return process;
    }

    @AfterEach
    void stop() {
        workers.values().forEach(ControlPlane::end);
    }

    /** The gateway is started last, once the others are healthy. */
    private static void awaitServicesBeingStarted(Platform platform) {
        await("services are being started")
                .atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> platform.states().containsAll(List.of("api created", "kb-service running")));
    }

    private static void signal(String signal, Process process) {
        assertThat(Shell.run(Path.of("/"), Map.of(), List.of("kill", "-" + signal, Long.toString(process.pid())))
                        .exitCode())
                .isZero();
    }

    @Test
    void changesNothingAfterItStoodStillAndAnotherTookOver() {
        List.of("git", "container", "backup", "health").forEach(this::start);
        try (var platform = Platform.broken("acc-still")
                .registered(plane, yaml -> yaml.replace("site: default", "site: " + SITE))) {
            plane.rollbackctl("start", "acc-still", "--reason", "test").succeeded();
            awaitServicesBeingStarted(platform);
            var still = workers.remove("container");
            signal("STOP", still);
            try {
                start("container");
                var watched = plane.rollbackctl("watch", "acc-still");
                assertThat(watched.exitCode()).as(watched.output()).isZero();
                var before = platform.containers();

                signal("CONT", still);
                await("it has stopped what it was at")
                        .atMost(Duration.ofMinutes(1))
                        .until(() -> plane.log("container").contains("container.up of ")
                                && plane.log("container").contains(" stopped: "));
                assertThat(platform.containers()).as("as its successor left it").isEqualTo(before);
                assertThat(platform.health().exitCode()).isZero();
            } finally {
                still.destroyForcibly();
            }
        }
    }

    @Test
    void finishesTheRollbackAndActsOnceWhenAWorkerIsKilledInMidStep() {
        List.of("git", "container", "backup", "health").forEach(this::start);
        try (var platform =
                Platform.broken("acc-kill").registered(plane, yaml -> yaml.replace("site: default", "site: " + SITE))) {
            var data = platform.data();
            plane.rollbackctl("start", "acc-kill", "--reason", "test").succeeded();
            awaitServicesBeingStarted(platform);

            workers.get("container").destroyForcibly();
            start("container");
            var watched = plane.rollbackctl("watch", "acc-kill");

            assertThat(watched.exitCode()).as(watched.output()).isZero();
            var up = plane.facts("acc-kill", "StepSucceeded").stream()
                    .filter(fact -> fact.path("stepId").asString().equals("container.up"))
                    .toList();
            assertThat(up).as("one success of the step that was killed").hasSize(1);
            assertThat(platform.containers().lines())
                    .as("one container of each service")
                    .hasSize(5);
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.data()).isEqualTo(data);
        }
    }
}
