package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a plan says beforehand, and each of the runbook's partial procedures where all goes well. */
class ScenariosTest extends ScenarioHarness {
    ScenariosTest() {
        super("acc-scenarios");
    }

    // ---- looking ahead ----------------------------------------------------------------------------

    @Test
    void showsWhatAPlanMeansRightNowAndChangesNothing() {
        platform.write("services/api/server.py", text -> text + "# newer\n");
        platform.commit("Change the gateway", "services/api/server.py");
        platform.sql("INSERT INTO documents (title, body) VALUES ('since the restore point', 'x')");
        var before = platform.state();

        var full = plane.rollbackctl("plan", name, "--restore-point", restorePoint);

        assertThat(full.exitCode()).as(full.output()).isZero();
        assertThat(full.output())
                .contains("2 paths to graveyard/pre-reset, 1 commit behind HEAD: README.md, services/api/server.py")
                .containsPattern("dirty work +\\d changed path.*kept under refs/rollback")
                .containsPattern("made anew: api, castle-gui, kb-service, mlx-server, postgres")
                .containsPattern("(built before anything is stopped|here already): api, castle-gui, kb-service")
                .containsPattern("given up: at most \\d+ transactions? since then, and rows of 1 table")
                .containsPattern("public.documents: [0-9,]+ rows now, [0-9,]+ then")
                .contains("Nothing stands in its way", "✔ PostgreSQL 15.", "✔ no other container has its ports");
        var service = plane.rollbackctl("plan", name, "--scenario", "service-restart", "--service", "api");
        assertThat(service.output()).contains("restarted, same containers: api\n", "what services held in memory");
        assertThat(platform.state()).isEqualTo(before);
        platform.sql("DELETE FROM documents WHERE title = 'since the restore point'");
        assertThat(platform.git("worktree", "list").lines()).hasSize(1);
    }

    @Test
    void saysBeforehandThatTheTargetCouldNotStartAndRefusesIt() {
        var foreign = name + "-foreign";
        platform.compose("rm", "--stop", "--force", "castle-gui").succeeded();
        var port = String.valueOf(platform.port("CASTLE_PORT"));
        Shell.run(
                        platform.tree,
                        "docker run -d --name %s -p %s:80 rollback-local/python:bookworm sleep 600"
                                .formatted(foreign, port)
                                .split(" "))
                .succeeded();
        try {
            var before = platform.state();

            var plan = plane.rollbackctl("plan", name);
            var rollback = start("full-rollback", "--watch");

            var reason = "port 127.0.0.1:" + port + ", which castle-gui publishes, is taken by container " + foreign;
            assertThat(plan.exitCode()).as(plan.output()).isEqualTo(1);
            assertThat(plan.output()).contains("It would not get through", "✘ " + reason);
            assertThat(rollback.exitCode()).isEqualTo(1);
            assertThat(outcome()).isEqualTo("REFUSED");
            assertThat(rollback.output()).contains(reason);
            assertThat(platform.state()).isEqualTo(before);
        } finally {
            Shell.run(platform.tree, "docker", "rm", "-f", foreign);
        }
    }

    // ---- happy paths ------------------------------------------------------------------------------

    @Test
    void restartsAServiceInItsContainer() {
        platform.compose("kill", "castle-gui").succeeded();
        unwell();
        var before = platform.ids();

        run("service-restart", "--service", "castle-gui");

        well();
        assertThat(platform.ids()).isEqualTo(before);
    }

    @Test
    void restartsTheServiceThatAnAlertNamesAndWarnsOfItsObjective() {
        register(text -> text.replace("SERVICE_DEGRADATION: full-rollback", "SERVICE_DEGRADATION: service-restart")
                .replace("rto: 30m", "rto: 30m\nobjectives: {service-restart: 1s}"));
        platform.compose("kill", "castle-gui").succeeded();
        unwell();
        var before = platform.ids();

        var since = Instant.now().toString();
        plane.post("""
            {"version": "4", "status": "firing", "alerts": [{"status": "firing", "fingerprint": "gui-down", "startsAt": "%s",
              "labels": {"alertname": "GuiDown", "platform": "%s", "incident_class": "service-degradation",
                         "service": "castle-gui"},
              "annotations": {"summary": "the GUI does not answer"}}]}
            """.formatted(since, name));
        var watched = plane.rollbackctl("watch", name, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        well();
        assertThat(platform.ids()).isEqualTo(before);
        assertThat(plane.facts(name, "RollbackStarted")
                        .getLast()
                        .path("plan")
                        .path("scenario")
                        .asString())
                .isEqualTo("service-restart");
        assertThat(plane.facts(name, "RtoAtRisk"))
                .as("a restart in a second is too much to ask")
                .isNotEmpty();
        assertThat(plane.rollbackctl("plan", name, "--scenario", "service-restart", "--no-look")
                        .output())
                .as("it has learnt how long it takes")
                .contains("expected time: about");
    }

    @Test
    void restartsOnlyWhatIsPastItsBoundWhereMemoryLeaks() {
        platform.compose(
                        "exec",
                        "-d",
                        "api",
                        "python3",
                        "-c",
                        "b = bytearray(450_000_000); import time; time.sleep(600)")
                .succeeded();
        var before = starts();
        await("it leaks")
                .atMost(Duration.ofSeconds(30))
                .until(() -> Shell.run(
                                platform.tree,
                                "docker",
                                "stats",
                                "--no-stream",
                                "--format",
                                "{{.MemUsage}}",
                                name + "-api-1")
                        .output()
                        .matches("(?s)[4-9]\\d\\d.*MiB.*"));

        var relief = run("performance-relief");

        well();
        assertThat(relief.output()).containsPattern("api holds 4\\d\\d\\.\\d MB of memory, its bound is 268\\.4 MB");
        var after = starts();
        assertThat(after.remove("api")).isNotEqualTo(before.remove("api"));
        assertThat(after).as("nothing else is restarted").isEqualTo(before);
    }

    /** When each container was started, by service. */
    private Map<String, String> starts() {
        var starts = new HashMap<String, String>();
        platform.ids()
                .forEach((service, id) -> starts.put(
                        service,
                        Shell.run(platform.tree, "docker", "inspect", "--format", "{{.State.StartedAt}}", id)
                                .succeeded()
                                .output()));
        return starts;
    }

    @Test
    void relievesAPlatformOfWhatUsesTooMuch() {
        var before = platform.ids();

        var relief = run("performance-relief");

        well();
        assertThat(platform.ids()).isEqualTo(before);
        assertThat(relief.output()).containsPattern("container.usage[^\n]* MB");
    }

    @Test
    void startsTheScenarioThatAnAlertsRuleNames() {
        var before = platform.ids();
        var since = Instant.now().toString();
        plane.alert(name, "service-degradation\", \"rollback_scenario\": \"performance-relief", "leak", since);
        var watched = plane.rollbackctl("watch", name, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        assertThat(watched.output()).containsPattern("container.usage[^\n]* MB");
        assertThat(platform.ids()).isEqualTo(before);
    }

    @Test
    void resetsTheModelServiceAndNoOther() {
        var before = platform.ids();

        var reset = run("model-reset");

        well();
        assertThat(reset.output()).contains("model loaded");
        var after = platform.ids();
        assertThat(after.remove("mlx-server")).isNotEqualTo(before.remove("mlx-server"));
        assertThat(after).isEqualTo(before);
    }

    @Test
    void rollsTheConfigurationBackAndKeepsTheCode() {
        platform.write("config/gateway.json", text -> text.replace("kb-service:8000", "nowhere:8000"));
        platform.commit("Move the knowledge base", "config/gateway.json");
        platform.compose("restart", "api");
        unwell();
        var head = platform.git("rev-parse", "HEAD");
        var before = platform.ids();

        run("configuration-rollback");

        well();
        assertThat(platform.git("rev-parse", "HEAD")).isEqualTo(head);
        assertThat(platform.git("diff", "--name-only", "graveyard/pre-reset")).isEqualTo("README.md");
        assertThat(platform.ids()).containsEntry("castle-gui", before.get("castle-gui"));
    }

    @Test
    void rollsOneServiceBackWhileTheOthersServe() {
        breakCode("api", "services/api/server.py");
        unwell();
        var head = platform.git("rev-parse", "HEAD");
        var before = platform.ids();

        run("service-rollback", "--service", "api");

        well();
        assertThat(platform.git("rev-parse", "HEAD")).isEqualTo(head);
        assertThat(platform.git("diff", "--name-only", "graveyard/pre-reset")).isEqualTo("README.md");
        var after = platform.ids();
        assertThat(after.remove("api")).isNotEqualTo(before.remove("api"));
        assertThat(after).isEqualTo(before);
    }

    @Test
    void rollsSeveralServicesBackWhileTheOthersServe() {
        breakCode("api", "services/api/server.py");
        breakCode("castle-gui", "services/castle/server.py");
        unwell();
        var before = platform.ids();

        run("service-rollback", "--service", "api", "--service", "castle-gui");

        well();
        assertThat(platform.git("diff", "--name-only", "graveyard/pre-reset")).isEqualTo("README.md");
        var after = platform.ids();
        assertThat(after.remove("api")).isNotEqualTo(before.remove("api"));
        assertThat(after.remove("castle-gui")).isNotEqualTo(before.remove("castle-gui"));
        assertThat(after).isEqualTo(before);
    }

    @Test
    void rollsOnlyThatBackWhichAFailedDeploymentTouched() {
        breakCode("api", "services/api/server.py");
        unwell();
        var before = platform.ids();

        var since = Instant.now().toString();
        plane.alert(name, "deployment-failure", "touched-api", since);
        var watched = plane.rollbackctl("watch", name, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        assertThat(watched.output()).contains("only api changed: services/api/server.py");
        assertThat(plane.facts(name, "RollbackStarted")
                        .getLast()
                        .path("plan")
                        .path("services")
                        .toString())
                .isEqualTo("[\"api\"]");
        well();
        var after = platform.ids();
        assertThat(after.remove("api")).isNotEqualTo(before.remove("api"));
        assertThat(after).isEqualTo(before);
    }

    @Test
    void rollsEverythingBackWhereADeploymentTouchedWhatIsNoServicesOwn() {
        platform.write("docker-compose.yml", text -> text + "\n# deployed on Tuesday\n");
        platform.commit("Deploy", "docker-compose.yml");

        var done = plane.rollbackctl("start", name, "--class", "deployment-failure", "--reason", "slow", "--watch")
                .succeeded();

        assertThat(done.output())
                .contains("selective-rollback", "goes on as rb-", "belongs to no service alone: docker-compose.yml");
        var started = plane.facts(name, "RollbackStarted").getLast();
        assertThat(started.path("plan").path("scenario").asString()).isEqualTo("full-rollback");
        assertThat(started.path("reason").asString()).startsWith("slow; what has changed since");
        well();
        // Back to the branch, with the change that was not committed.
        plane.rollbackctl("undo", name, "--reason", "test", "--watch").succeeded();
    }

    @Test
    void startsNothingWhereNothingHasChangedSinceTheTag() {
        var looked = start("selective-rollback", "--watch");

        assertThat(looked.exitCode()).as(looked.output()).isEqualTo(1);
        assertThat(looked.output()).contains(name + " is as at graveyard/pre-reset");
    }

    @Test
    void restartsWhatIsDegradedThoughNothingHasChangedSinceTheTag() {
        // Nothing says what such an incident starts.
        register(text -> text.replaceFirst("(?m)^ +SERVICE_DEGRADATION: full-rollback\n", ""));
        platform.compose("kill", "castle-gui").succeeded();
        unwell();
        var before = platform.ids();

        var since = Instant.now().toString();
        plane.alert(name, "service-degradation", "gui-hangs", since);
        var watched = plane.rollbackctl("watch", name, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        assertThat(plane.facts(name, "RollbackStarted")
                        .getLast()
                        .path("plan")
                        .path("scenario")
                        .asString())
                .isEqualTo("service-restart");
        well();
        assertThat(platform.ids()).isEqualTo(before);
    }

    @Test
    void rollsAServiceAndItsDataBack() {
        breakCode("kb-service", "services/kb/server.py");
        platform.sql("delete from vectors where document_id % 2 = 0; delete from documents where id % 2 = 0");
        assertThat(platform.data()).isNotEqualTo(good);

        run("service-rollback", "--service", "kb-service", "--restore-point", restorePoint);

        well();
        assertThat(platform.data()).isEqualTo(good);
    }

    @Test
    void restoresACorruptedDatabaseAndKeepsTheContainers() {
        platform.sql("update documents set body = 'corrupt'");
        var before = platform.ids();

        run("database-restore", "--restore-point", restorePoint);

        well();
        assertThat(platform.data()).isEqualTo(good);
        assertThat(platform.ids()).isEqualTo(before);
    }

    /** Of databases and files: what writes does not run while they are copied, and runs on in the same containers. */
    @Test
    void takesARestorePointOfOneMoment() {
        var before = platform.state();
        var ids = platform.ids();

        run("quiesced-restore-point");

        var stopped = at("StepSucceeded", "container.stop-writers");
        var started = at("StepDispatched", "container.start-writers");
        for (var copied :
                List.of("backup.database", "backup.models", "backup.configuration", "backup.data-kb-service")) {
            assertThat(at("StepDispatched", copied)).as(copied).isAfterOrEqualTo(stopped);
            assertThat(at("StepSucceeded", copied)).as(copied).isBeforeOrEqualTo(started);
        }
        assertThat(platform.ids()).isEqualTo(ids);
        assertThat(platform.state()).isEqualTo(before);
        well();
        var id = lastRollback();
        assertThat(plane.rollbackctl("backups", "list", name).succeeded().output())
                .contains(id);
        var undo = plane.rollbackctl("undo", id, "--reason", "test");
        assertThat(undo.exitCode()).as(undo.output()).isEqualTo(4);
    }

    private Instant at(String type, String step) {
        var id = lastRollback();
        return plane.history(name).stream()
                .filter(event -> event.path("rollbackId").asString().equals(id))
                .filter(event -> event.path("event").path("type").asString().equals(type))
                .filter(event -> event.path("event").path("stepId").asString().equals(step))
                .map(event -> Instant.parse(event.path("at").asString()))
                .findFirst()
                .orElseThrow();
    }
}
