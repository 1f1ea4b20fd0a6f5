package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenarios on a throwaway copy, while the platform that it is a copy of serves on untouched. */
@Tag("engine")
class DrillTest {
    private static final String NAME = "acc-drilled";
    private static final String COPY = NAME + "-drill";
    private static final String OFFSET = "7000";

    private static ControlPlane plane;
    private static Platform platform;

    private Platform.State before;
    private String images;

    @BeforeAll
    static void start() {
        plane = ControlPlane.shared();
        platform = Platform.healthy(NAME).registered(plane);
        plane.rollbackctl("start", NAME, "--scenario", "restore-point", "--reason", "nightly", "--watch")
                .succeeded();
        platform.write("services/api/server.py", text -> text + "# newer\n");
        platform.commit("Change the gateway", "services/api/server.py");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
    }

    @AfterAll
    static void remove() {
        platform.close();
    }

    @BeforeEach
    void look() {
        before = platform.state();
        images = ofThePlatform("docker", "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}");
    }

    @AfterEach
    void nothingIsLeftAndThePlatformIsUntouched() {
        assertThat(platform.state()).isEqualTo(before);
        assertThat(ofThePlatform("docker", "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"))
                .isEqualTo(images);
        assertThat(platform.health().exitCode()).isZero();
        for (var kind : List.of("container", "volume", "network")) {
            assertThat(run("docker", kind, "ls", "--quiet", "--filter", "label=com.docker.compose.project=" + COPY))
                    .as(kind + " of the copy")
                    .isEmpty();
        }
        assertThat(run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}")
                        .lines())
                .as("images of the copy")
                .noneMatch(name -> name.contains(COPY));
        assertThat(platform.backups.resolve(".drills").resolve(NAME)).doesNotExist();
    }

    private static String run(String... argv) {
        return Shell.run(Path.of("/"), Map.of(), List.of(argv))
                .succeeded()
                .output()
                .strip();
    }

    private static String ofThePlatform(String... argv) {
        return String.join(
                "\n",
                run(argv)
                        .lines()
                        .filter(line -> line.contains(NAME) && !line.contains(COPY))
                        .sorted()
                        .toList());
    }

    private static Shell.Result drill(String... arguments) {
        var argv = new ArrayList<>(List.of("drill"));
        argv.addAll(Arrays.asList(arguments));
        argv.addAll(List.of("--port-offset", OFFSET));
        return plane.rollbackctl(argv.toArray(String[]::new));
    }

    @Test
    void runsTheFullRollbackWithDataOnACopyAndRemovesIt() {
        var drill = drill("full-rollback", NAME, "--with-data", "--watch");

        assertThat(drill.exitCode()).as(drill.output()).isZero();
        assertThat(plane.facts(COPY, "StepSucceeded"))
                .extracting(fact -> fact.path("stepId").asString())
                .contains(
                        "backup.drill-restore",
                        "backup.drill-data-kb-service",
                        "git.check-out",
                        "backup.restore-database",
                        "health.end-to-end");
        var drills = plane.rollbackctl("drills", NAME).succeeded();
        assertThat(drills.output()).containsPattern(NAME + " +full-rollback +1 +1 \\(100 %\\)");
        var undo = plane.rollbackctl("undo", plane.lastRollback(COPY), "--reason", "try");
        assertThat(undo.exitCode()).as("what it was about is gone").isEqualTo(4);
    }

    /** Each procedure that changes something can be practised. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "model-reset",
                "configuration-rollback",
                "service-rollback --service kb-service --with-data",
                "performance-relief",
                "database-restore",
                "database-rebuild",
                "full-reset"
            })
    void practises(String scenario) {
        var argv = new ArrayList<>(List.of(scenario.split(" ")));
        argv.addAll(1, List.of(NAME, "--watch"));

        var drill = drill(argv.toArray(String[]::new));

        assertThat(drill.exitCode()).as(drill.output()).isZero();
        assertThat(plane.rollbackctl("drills", NAME).succeeded().output())
                .containsPattern(NAME + " +" + argv.getFirst() + " +\\d+ +[1-9]");
    }

    @Test
    void removesTheCopyWhereTheScenarioFailsAndCountsThat() {
        platform.git("tag", "-f", "broken");
        platform.write("services/castle/server.py", text -> "raise SystemExit('broken on purpose')\n" + text);
        platform.commit("Break the GUI", "services/castle/server.py");
        platform.git("tag", "-f", "broken");
        platform.git("reset", "--quiet", "--hard", "HEAD~1");
        before = platform.state();

        var drill = drill("service-rollback", NAME, "--service", "castle-gui", "--target", "broken", "--watch");

        assertThat(drill.exitCode()).as(drill.output()).isEqualTo(1);
        assertThat(plane.facts(COPY, "RollbackFinished")
                        .getLast()
                        .path("outcome")
                        .asString())
                .isEqualTo("COMPENSATED");
        assertThat(plane.rollbackctl("drills", NAME).succeeded().output())
                .containsPattern("service-rollback +\\d .*failed: ");
    }

    @Test
    void removesTheCopyWhenItIsAborted() {
        // It does not get through before it is aborted.
        platform.registered(plane, yaml -> yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"));
        drill("service-restart", NAME, "--service", "castle-gui").succeeded();
        platform.registered(plane);
        var id = plane.lastRollback(COPY);
        await().atMost(Duration.ofMinutes(2))
                .until(() -> plane.factsOf(id, COPY, "StepDispatched").stream()
                        .anyMatch(fact -> fact.path("stepId").asString().equals("container.drill-up")));
        var again = drill("service-restart", NAME);
        assertThat(again.exitCode()).isEqualTo(4);
        assertThat(again.output()).contains("a drill of this platform runs already, " + id);

        plane.rollbackctl("abort", id, "--reason", "enough").succeeded();

        var watched = plane.rollbackctl("watch", id);
        assertThat(watched.exitCode()).isEqualTo(1);
        assertThat(plane.facts(COPY, "RollbackFinished")
                        .getLast()
                        .path("outcome")
                        .asString())
                .as("refused where the scenario itself had not begun yet")
                .isIn("COMPENSATED", "REFUSED");
    }

    @Test
    void removesNothingOfAProjectThatHasItsNameByChance() {
        var other = run(
                "docker",
                "run",
                "--detach",
                "--label",
                "com.docker.compose.project=" + COPY,
                "rollback-local/python:bookworm",
                "sleep",
                "600");
        try {
            var drill = drill("service-restart", NAME, "--watch");

            assertThat(drill.exitCode()).isEqualTo(1);
            assertThat(drill.output()).contains("has what no drill has made, and nothing of it is touched: container ");
            assertThat(run("docker", "inspect", "--format", "{{.State.Running}}", other))
                    .isEqualTo("true");
        } finally {
            run("docker", "rm", "--force", other);
        }
    }

    @Test
    void saysWhatCannotBeDrilled() {
        var migration = drill("data-migration", NAME);
        assertThat(migration.exitCode()).isEqualTo(4);
        assertThat(migration.output()).contains("there is no drill of data-migration: choose one of full-rollback");
        assertThat(drill("service-restart", NAME, "--restore-point", "rb-none").output())
                .contains("There is no verified restore point 'rb-none' of " + NAME + "; the newest are rb-");
    }
}
