package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class BreachTest {
    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void stopsTheIntruderFirstKeepsTheEvidenceAndDoesNotGoBackUnasked() {
        try (var platform = Platform.broken("acc-breach")
                .registered(plane, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"))) {
            var data = platform.data();
            platform.compose("exec", "-T", "castle-gui", "sh", "-c", "echo was here > /tmp/intruder")
                    .succeeded();

            plane.alert(
                    "acc-breach", "security-breach", "intruder", Instant.now().toString());
            await("it is held for an operator")
                    .atMost(Duration.ofMinutes(3))
                    .until(() -> !plane.facts("acc-breach", "StepHeld").isEmpty());

            var begun = plane.facts("acc-breach", "StepDispatched").stream()
                    .map(step -> step.path("stepId").asString())
                    .distinct()
                    .toList();
            assertThat(begun)
                    .startsWith("container.record-state", "container.stop-writers", "container.preserve-evidence");
            var id = plane.lastRollback("acc-breach");
            assertThat(Shell.run(
                                    platform.tree,
                                    "docker",
                                    "run",
                                    "--rm",
                                    "--entrypoint",
                                    "cat",
                                    "rollback-evidence/acc-breach-castle-gui-1:" + id,
                                    "/tmp/intruder")
                            .succeeded()
                            .output())
                    .contains("was here");
            assertThat(platform.backups.resolve(id).resolve("evidence/acc-breach-castle-gui-1.changes"))
                    .content()
                    .contains("A /tmp/intruder");
            assertThat(platform.git("describe", "--tags", "--exact-match")).isEqualTo("graveyard/pre-reset");
            assertThat(plane.facts("acc-breach", "CompensationStarted")).isEmpty();

            plane.rollbackctl("skip", "acc-breach", "health.probes", "--reason", "the probe is wrong, not the page")
                    .succeeded();
            assertThat(plane.rollbackctl("watch", "acc-breach").exitCode()).isZero();
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.data()).isEqualTo(data);

            plane.rollbackctl("start", "acc-breach", "--scenario", "restore-point", "--reason", "clean", "--watch")
                    .succeeded();
            var point = plane.lastRollback("acc-breach");
            platform.sql("insert into documents (title, body) values ('By the intruder', 'x')");
            var before = platform.state();
            platform.registered(
                    plane,
                    yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there")
                            .replace("starterCounts: true, ", ""));
            plane.rollbackctl(
                            "start",
                            "acc-breach",
                            "--class",
                            "security-breach",
                            "--restore-point",
                            point,
                            "--reason",
                            "again")
                    .succeeded();
            var gate = "orchestrator.approve-data-loss";
            await("it asks")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> !plane.facts("acc-breach", "GateOpened").isEmpty());
            await("the intruder is stopped")
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> platform.states().contains("castle-gui exited"));
            plane.rollbackctl("reject", "acc-breach", gate, "--reason", "not this point")
                    .succeeded();
            assertThat(plane.rollbackctl("status", "acc-breach").output())
                    .contains("Ask again: rollbackctl retry", "INTO THE BREACHED STATE");
            assertThat(platform.states()).as("nothing is undone unasked").contains("castle-gui exited");
            plane.rollbackctl("retry", "acc-breach", gate, "--reason", "after all")
                    .succeeded();
            plane.rollbackctl("approve", "acc-breach", gate).succeeded();
            await("it is held once more")
                    .atMost(Duration.ofMinutes(3))
                    .until(() -> plane.facts("acc-breach", "StepHeld").size() > 2);
            assertThat(platform.data()).as("without what the intruder wrote").isEqualTo(data);
            plane.rollbackctl("abort", "acc-breach", "--reason", "a false alarm")
                    .succeeded();
            plane.rollbackctl("watch", "acc-breach");
            var aborted = plane.facts("acc-breach", "RollbackFinished").getLast();
            assertThat(aborted.path("outcome").asString()).isEqualTo("COMPENSATED");
            assertThat(aborted.path("reason").asString()).contains("aborted by ada: a false alarm");
            assertThat(platform.state()).isEqualTo(before);
        }
    }
}
