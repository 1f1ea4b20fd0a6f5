package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The runbook's nuclear option. */
@Tag("engine")
class ResetTest {
    /** Without it a server does not start. */
    private static final String CONTROL = "/var/lib/postgresql/data/global/pg_control";

    private final ControlPlane plane = ControlPlane.shared();

    @Test
    void resetsAPlatformOfWhichNothingRunsAnyMoreAndTakesThatBack() throws Exception {
        var others = "acc-others-" + ProcessHandle.current().pid();
        try (var platform = Platform.broken("acc-reset").registered(plane)) {
            Shell.run(platform.tree, "docker", "volume", "create", others).succeeded();
            platform.sql("insert into documents (title, body) values ('Only here', 'x')");
            var data = platform.data();
            plane.rollbackctl("start", "acc-reset", "--scenario", "restore-point", "--reason", "nightly", "--watch")
                    .succeeded();
            Files.createDirectories(platform.tree.resolve("services/api/__pycache__"));
            Files.writeString(platform.tree.resolve("services/api/__pycache__/server.pyc"), "stale");
            platform.compose("kill").succeeded();
            var workTree = platform.workTree();

            start("full-reset", "acc-reset");
            var asked = plane.rollbackctl("status", "acc-reset").succeeded().output();
            assertThat(asked)
                    .contains(
                            "volumes of compose project acc-reset are removed", "begin anew", "rollbackctl approve rb-")
                    .contains("Failed: Dump the database freedom_kb", "acc-reset_postgres_data (");
            assertThat(volumes("acc-reset").lines()).hasSize(2);
            assertThat(plane.facts("acc-reset", "StepDispatched"))
                    .noneMatch(step -> step.path("stepId").asString().equals("container.stop-writers"));
            assertThat(plane.facts("acc-reset", "GateApproved"))
                    .as("to start it is not to approve it")
                    .isEmpty();
            plane.rollbackctl("approve", "acc-reset", "--reason", "nothing else helps")
                    .succeeded();
            var reset = plane.rollbackctl("watch", "acc-reset");

            assertThat(reset.exitCode()).as(reset.output()).isZero();
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.git("describe", "--tags", "--exact-match")).isEqualTo("graveyard/pre-reset");
            assertThat(platform.value("select count(*) from documents where title = 'Only here'"))
                    .isEqualTo("0");
            assertThat(platform.git("status", "--porcelain", "--ignored").lines())
                    .containsExactlyInAnyOrder("!! .env", "!! models/");
            assertThat(volumes(others)).as("of another project").contains(others);
            var id = plane.lastRollback("acc-reset");
            assertThat(platform.backups.resolve(".volumes/" + id + "/acc-reset_postgres_data.tar.zst.age"))
                    .isNotEmptyFile();
            assertThat(plane.rollbackctl("report", id, "--format", "markdown", "--file", "-")
                            .succeeded()
                            .output())
                    .contains("were removed and nothing was restored", "postgres\\_data.tar.zst.age");

            assertThat(plane.rollbackctl(
                                    "start",
                                    "acc-reset",
                                    "--scenario",
                                    "database-restore",
                                    "--restore-point",
                                    id,
                                    "--reason",
                                    "it has no dump")
                            .output())
                    .contains("there is no verified restore point " + id);
            assertThat(plane.rollbackctl("undo", id, "--reason", "the data are needed")
                            .output())
                    .contains("--accept-data-loss");
            var undone =
                    plane.rollbackctl("undo", id, "--reason", "the data are needed", "--accept-data-loss", "--watch");
            assertThat(undone.exitCode()).as(undone.output()).isZero();
            assertThat(platform.workTree()).isEqualTo(workTree);
            platform.compose("up", "-d", "--no-build", "--wait", "postgres").succeeded();
            assertThat(platform.data()).isEqualTo(data);

            platform.compose("kill").succeeded();
            start("full-reset", "acc-reset", "--restore-point", "latest");
            plane.rollbackctl("approve", "acc-reset", "--reason", "now with the data")
                    .succeeded();
            var restored = plane.rollbackctl("watch", "acc-reset");
            assertThat(restored.exitCode()).as(restored.output()).isZero();
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.data()).isEqualTo(data);
        } finally {
            Shell.run(Shell.checkout(), "docker", "volume", "rm", others);
        }
    }

    @Test
    void leavesEverythingAsItWasWhenItIsRejectedOrFails() {
        try (var platform = Platform.broken("acc-unreset")
                .registered(plane, yaml -> yaml.replaceFirst("errors: \\[.*]", "errors: ['.']"))) {
            platform.sql("insert into documents (title, body) values ('Only here', 'x')");
            var before = platform.state();
            var volumes = volumes("acc-unreset");

            start("full-reset", "acc-unreset");
            plane.rollbackctl("reject", "acc-unreset", "--reason", "the data are needed")
                    .succeeded();
            assertThat(plane.rollbackctl("watch", "acc-unreset").exitCode()).isEqualTo(1);
            assertThat(platform.state()).isEqualTo(before);
            assertThat(volumes("acc-unreset")).isEqualTo(volumes);

            start("full-reset", "acc-unreset");
            plane.rollbackctl("approve", "acc-unreset", "--reason", "test").succeeded();
            var failed = plane.rollbackctl("watch", "acc-unreset");
            assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
            assertThat(plane.facts("acc-unreset", "RollbackFinished")
                            .getLast()
                            .path("outcome")
                            .asString())
                    .as(failed.output())
                    .isEqualTo("COMPENSATED");
            assertThat(platform.state()).isEqualTo(before);
        }
    }

    @Test
    void rebuildsADatabaseWhoseServerDoesNotEvenStart() {
        try (var platform = Platform.healthy("acc-rebuild").registered(plane)) {
            plane.rollbackctl("start", "acc-rebuild", "--scenario", "restore-point", "--reason", "nightly", "--watch")
                    .succeeded();
            var good = platform.data();
            platform.sql("insert into documents (title, body) values ('Later', 'x')");
            var later = platform.data();
            var workTree = platform.workTree();
            var others = platform.ids();
            others.remove("postgres");

            var before = platform.state();

            platform.registered(plane, yaml -> yaml.replaceFirst("errors: \\[.*]", "errors: ['.']"));
            var failed = rebuild();
            assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
            assertThat(plane.facts("acc-rebuild", "StepSucceeded"))
                    .as("it had come far")
                    .anyMatch(step -> step.path("stepId").asString().equals("backup.restore-database")
                            && !step.path("compensation").asBoolean());
            assertThat(plane.facts("acc-rebuild", "RollbackFinished")
                            .getLast()
                            .path("outcome")
                            .asString())
                    .as(failed.output())
                    .isEqualTo("COMPENSATED");
            assertThat(platform.data()).isEqualTo(later);
            assertThat(platform.state()).isEqualTo(before);

            platform.registered(plane);
            platform.compose("stop", "postgres").succeeded();
            platform.compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "rm", "postgres", CONTROL)
                    .succeeded();
            platform.compose("start", "postgres");
            var rebuilt = rebuild();

            assertThat(rebuilt.exitCode()).as(rebuilt.output()).isZero();
            assertThat(platform.data()).isEqualTo(good);
            assertThat(platform.health().exitCode()).isZero();
            assertThat(platform.workTree()).isEqualTo(workTree);
            assertThat(platform.ids()).as("the others are the same containers").containsAllEntriesOf(others);
        }
    }

    private Shell.Result rebuild() {
        start("database-rebuild", "acc-rebuild", "--restore-point", "latest");
        assertThat(plane.rollbackctl("status", "acc-rebuild").succeeded().output())
                .contains("the volumes of postgres are removed with all data in them");
        plane.rollbackctl("approve", "acc-rebuild", "--reason", "the server does not start")
                .succeeded();
        return plane.rollbackctl("watch", "acc-rebuild");
    }

    /** Until somebody is asked. */
    private void start(String scenario, String platform, String... options) {
        int asked = plane.facts(platform, "GateOpened").size();
        var command = new ArrayList<>(List.of("start", platform, "--scenario", scenario, "--reason", "all is broken"));
        command.addAll(List.of(options));
        plane.rollbackctl(command.toArray(String[]::new)).succeeded();
        await("somebody is asked")
                .atMost(Duration.ofMinutes(3))
                .until(() -> plane.facts(platform, "GateOpened").size() > asked);
    }

    /** Names and times of those whose name has it. */
    private static String volumes(String name) {
        return Shell.run(
                        Shell.checkout(),
                        "bash",
                        "-c",
                        "docker volume ls -q --filter name=" + name
                                + " | xargs -r docker volume inspect --format '{{.Name}} {{.CreatedAt}}'")
                .succeeded()
                .output();
    }
}
