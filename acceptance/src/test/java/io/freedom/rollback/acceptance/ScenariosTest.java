package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The runbook's partial procedures, all on one platform that is well, and is well again after each. */
@Tag("engine")
class ScenariosTest {
    private static final String NAME = "acc-scenarios";

    private static ControlPlane plane;
    private static Platform platform;
    private static String good;
    private static String restorePoint;

    @BeforeAll
    static void start() {
        plane = ControlPlane.shared();
        platform = Platform.healthy(NAME).registered(plane);
        good = platform.data();
        run("restore-point");
        restorePoint = lastRollback();
    }

    @AfterAll
    static void remove() {
        platform.close();
    }

    /** What a test committed and deployed goes, the change that was not committed stays. */
    @AfterEach
    void mend() {
        platform.registered(plane);
        platform.git("stash", "--quiet");
        platform.git("reset", "--quiet", "--hard", "graveyard/pre-reset");
        platform.git("stash", "pop", "--quiet");
        // Of what was not committed, only what was there before stays.
        platform.git("checkout", "--quiet", "graveyard/pre-reset", "--", "services", "config");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
        assertThat(platform.health().exitCode())
                .as("the platform is well again")
                .isZero();
    }

    private static Shell.Result start(String scenario, String... more) {
        var argv = new ArrayList<>(List.of("start", NAME, "--scenario", scenario, "--reason", "test"));
        argv.addAll(Arrays.asList(more));
        return plane.rollbackctl(argv.toArray(String[]::new));
    }

    private static Shell.Result run(String scenario, String... more) {
        return start(
                        scenario,
                        Stream.concat(Arrays.stream(more), Stream.of("--watch")).toArray(String[]::new))
                .succeeded();
    }

    private static String lastRollback() {
        return plane.lastRollback(NAME);
    }

    private static String outcome() {
        return plane.facts(NAME, "RollbackFinished").getLast().path("outcome").asString();
    }

    private static void breakCode(String service, String file) {
        platform.write(file, text -> "raise SystemExit('broken on purpose')\n" + text);
        platform.commit("Break " + service, file);
        platform.compose("up", "-d", "--build", service);
    }

    private static void unwell() {
        assertThat(platform.health().exitCode()).as("the platform is broken").isNotZero();
    }

    private static void well() {
        assertThat(platform.health().exitCode()).as("the platform is healthy").isZero();
    }

    // ---- looking ahead ----------------------------------------------------------------------------

    @Test
    void showsWhatAPlanMeansRightNowAndChangesNothing() {
        platform.write("services/api/server.py", text -> text + "# newer\n");
        platform.commit("Change the gateway", "services/api/server.py");
        platform.sql("INSERT INTO documents (title, body) VALUES ('since the restore point', 'x')");
        var before = platform.state();

        var full = plane.rollbackctl("plan", NAME, "--restore-point", restorePoint);

        assertThat(full.exitCode()).as(full.output()).isZero();
        assertThat(full.output())
                .contains("2 paths to graveyard/pre-reset, 1 commit behind HEAD: README.md, services/api/server.py")
                .containsPattern("dirty work +\\d changed path.*kept under refs/rollback")
                .containsPattern("made anew: api, castle-gui, kb-service, mlx-server, postgres")
                .containsPattern("(built before anything is stopped|here already): api, castle-gui, kb-service")
                .containsPattern("given up: at most \\d+ transactions? since then, and rows of 1 table")
                .containsPattern("public.documents: [0-9,]+ rows now, [0-9,]+ then")
                .contains("Nothing stands in its way", "✔ PostgreSQL 15.", "✔ no other container has its ports");
        var service = plane.rollbackctl("plan", NAME, "--scenario", "service-restart", "--service", "api");
        assertThat(service.output())
                .contains("restarted, same containers: api\n", "what restarted services held in memory");
        assertThat(platform.state()).isEqualTo(before);
        platform.sql("DELETE FROM documents WHERE title = 'since the restore point'");
        assertThat(platform.git("worktree", "list").lines()).hasSize(1);
    }

    @Test
    void saysBeforehandThatTheTargetCouldNotStartAndRefusesIt() {
        var foreign = NAME + "-foreign";
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

            var plan = plane.rollbackctl("plan", NAME);
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
        platform.registered(
                plane,
                text -> text.replace("SERVICE_DEGRADATION: full-rollback", "SERVICE_DEGRADATION: service-restart")
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
            """.formatted(since, NAME));
        var watched = plane.rollbackctl("watch", NAME, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        well();
        assertThat(platform.ids()).isEqualTo(before);
        assertThat(plane.facts(NAME, "RollbackStarted")
                        .getLast()
                        .path("plan")
                        .path("scenario")
                        .asString())
                .isEqualTo("service-restart");
        assertThat(plane.facts(NAME, "RtoAtRisk"))
                .as("a restart in a second is too much to ask")
                .isNotEmpty();
        assertThat(plane.rollbackctl("plan", NAME, "--scenario", "service-restart", "--no-look")
                        .output())
                .as("it has learnt how long it takes")
                .contains("expected time: about");
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
    void rollsOnlyThatBackWhichAFailedDeploymentTouched() {
        breakCode("api", "services/api/server.py");
        unwell();
        var before = platform.ids();

        var since = Instant.now().toString();
        plane.alert(NAME, "deployment-failure", "touched-api", since);
        var watched = plane.rollbackctl("watch", NAME, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        assertThat(watched.output()).contains("only api changed: services/api/server.py");
        assertThat(plane.facts(NAME, "RollbackStarted")
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

        var done = plane.rollbackctl("start", NAME, "--class", "deployment-failure", "--reason", "slow", "--watch")
                .succeeded();

        assertThat(done.output())
                .contains("selective-rollback", "goes on as rb-", "belongs to no service alone: docker-compose.yml");
        var started = plane.facts(NAME, "RollbackStarted").getLast();
        assertThat(started.path("plan").path("scenario").asString()).isEqualTo("full-rollback");
        assertThat(started.path("reason").asString()).startsWith("slow; what has changed since");
        well();
        // Back to the branch, with the change that was not committed.
        plane.rollbackctl("undo", NAME, "--reason", "test", "--watch").succeeded();
    }

    @Test
    void startsNothingWhereNothingHasChangedSinceTheTag() {
        var looked = start("selective-rollback", "--watch");

        assertThat(looked.exitCode()).as(looked.output()).isEqualTo(1);
        assertThat(looked.output()).contains(NAME + " is as at graveyard/pre-reset");
    }

    @Test
    void restartsWhatIsDegradedThoughNothingHasChangedSinceTheTag() {
        platform.registered(
                plane,
                text -> text.replace("SERVICE_DEGRADATION: full-rollback", "SERVICE_DEGRADATION: selective-rollback"));
        platform.compose("kill", "castle-gui").succeeded();
        unwell();
        var before = platform.ids();

        var since = Instant.now().toString();
        plane.alert(NAME, "service-degradation", "gui-hangs", since);
        var watched = plane.rollbackctl("watch", NAME, "--since", since, "--timeout", "30s");

        assertThat(watched.exitCode()).as(watched.output()).isZero();
        assertThat(plane.facts(NAME, "RollbackStarted")
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

    // ---- failure and abort ------------------------------------------------------------------------

    /** Each with something to go back from, so that the way back has something to do. */
    private enum Case {
        SERVICE_RESTART("health.probes", "--service", "castle-gui"),
        PERFORMANCE_RELIEF("container.restart"),
        MODEL_RESET("container.await-healthy"),
        CONFIGURATION_ROLLBACK("container.up"),
        SERVICE_ROLLBACK("backup.restore-database", "--service", "api", "--service", "kb-service"),
        /** Of code alone. */
        SERVICE_ROLLBACK_CODE("container.await-healthy", "--service", "api"),
        SELECTIVE_ROLLBACK("container.down"),
        DATABASE_RESTORE("backup.restore-database"),
        DATABASE_REBUILD("container.remove-volumes"),
        FULL_ROLLBACK("container.start-database"),
        DATA_MIGRATION("backup.import-data"),
        FULL_RESET("container.up");

        private final String abortedIn;
        private final List<String> options;

        /** @param abortedIn a step: it is aborted in it, or soon after */
        Case(String abortedIn, String... options) {
            this.abortedIn = abortedIn;
            this.options = List.of(options);
        }

        String[] options(String... more) {
            var restores = List.of(DATABASE_RESTORE, SERVICE_ROLLBACK, DATABASE_REBUILD, FULL_ROLLBACK, DATA_MIGRATION);
            var restored =
                    restores.contains(this) ? Stream.of("--restore-point", restorePoint) : Stream.<String>empty();
            return Stream.of(options.stream(), restored, Arrays.stream(more))
                    .flatMap(some -> some)
                    .toArray(String[]::new);
        }

        String scenario() {
            return name().replace("_CODE", "").toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Deployed and healthy, but neither code, settings nor rows are those of the tag. */
    private static void depart() {
        platform.write("config/gateway.json", text -> text.replace("\"timeout_seconds\": 5", "\"timeout_seconds\": 6"));
        platform.write("services/api/server.py", text -> text + "\n# changed\n");
        platform.commit("Depart from the tag", "config/gateway.json", "services/api/server.py");
        platform.write("services/kb/server.py", text -> text + "\n# changed, not committed\n");
        platform.sql("insert into documents (title, body) values ('Late', 'x')");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
    }

    private static final UnaryOperator<String> NOBODY_IS_ASKED =
            yaml -> yaml.replace("reset: {operators: 1", "reset: {operators: 0")
                    .replace("dataLoss: {operators: 1", "dataLoss: {operators: 0");

    /** It is probed until its time is over. */
    private static final UnaryOperator<String> NEVER_VALID =
            yaml -> NOBODY_IS_ASKED.apply(yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"));

    /** Whatever is logged is an error: the last step fails, and at once. */
    private static final UnaryOperator<String> FAILS_AT_LAST =
            yaml -> NOBODY_IS_ASKED.apply(yaml.replaceFirst("errors: \\[.*]", "errors: ['.']"));

    /** How the others fail: ResetTest, MigrationTest. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"DATABASE_REBUILD", "DATA_MIGRATION", "FULL_RESET"})
    void returnsToTheExactPreviousStateWhenValidationFails(Case tried) {
        depart();
        platform.registered(plane, FAILS_AT_LAST);
        var before = platform.state();

        var failed = start(tried.scenario(), tried.options("--watch"));

        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
        assertThat(failed.output()).containsPattern("error lines?: ").doesNotContain("NOT AS BEFORE");
        assertThat(rowsCompared())
                .as("whoever replaced rows looks whether all are back")
                .isEqualTo(
                        tried.options().length > 0 && List.of(tried.options()).contains("--restore-point"));
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsToTheExactPreviousStateWhenTheRollbackOfWhatADeploymentTouchedFails() {
        breakCode("api", "services/api/server.py");
        platform.registered(plane, FAILS_AT_LAST);
        var before = platform.state();

        var failed = start("selective-rollback", "--watch");

        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
        assertThat(failed.output()).contains("only api changed", "goes on as rb-");
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }

    /** Though each had succeeded. */
    @ParameterizedTest
    @EnumSource(names = {"SERVICE_ROLLBACK", "DATABASE_RESTORE", "FULL_ROLLBACK"})
    void returnsToTheExactPreviousStateWhenUndone(Case tried) {
        depart();
        platform.registered(plane, NOBODY_IS_ASKED);
        var before = platform.state();
        run(tried.scenario(), tried.options());
        var id = lastRollback();
        assertThat(platform.data()).isEqualTo(good);

        var refused = plane.rollbackctl("undo", id, "--reason", "test");
        assertThat(refused.exitCode()).as("data are given up").isEqualTo(4);
        plane.rollbackctl("undo", id, "--accept-data-loss", "--reason", "test", "--watch")
                .succeeded();

        assertThat(platform.state()).isEqualTo(before);
        assertThat(rowsCompared()).isTrue();
    }

    private static boolean rowsCompared() {
        return plane.factsOf(lastRollback(), NAME, "StepSucceeded").stream()
                .filter(fact -> fact.path("compensation").asBoolean())
                .map(fact -> fact.path("detail").asString())
                .anyMatch(detail -> detail.contains(" rows as "));
    }

    @Test
    void returnsToTheExactPreviousStateThoughTheServerThatWasRestoredHasDied() {
        depart();
        platform.registered(plane, NEVER_VALID);
        var before = platform.state();
        start("full-rollback", "--restore-point", restorePoint).succeeded();
        var id = lastRollback();
        await("the database is restored")
                .atMost(Duration.ofMinutes(2))
                .until(() -> plane.factsOf(id, NAME, "StepSucceeded").stream()
                        .anyMatch(fact -> fact.path("stepId").asString().equals("backup.restore-database")));

        platform.compose("kill", "postgres").succeeded();
        plane.rollbackctl("watch", id);

        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
        assertThat(rowsCompared()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void returnsToTheExactPreviousStateWhenAborted(Case tried) {
        depart();
        platform.registered(plane, NEVER_VALID);
        var before = platform.state();
        start(tried.scenario(), tried.options()).succeeded();
        var first = lastRollback();
        var id = new AtomicReference<String>();
        await("it has come to " + tried.abortedIn)
                .atMost(Duration.ofMinutes(2))
                .until(() -> plane.history(NAME).stream()
                        .filter(event -> event.path("rollbackId").asString().startsWith(first))
                        .filter(event ->
                                event.path("event").path("type").asString().equals("StepAcknowledged"))
                        .filter(event ->
                                event.path("event").path("stepId").asString().equals(tried.abortedIn))
                        .peek(event -> id.set(event.path("rollbackId").asString()))
                        .findFirst()
                        .isPresent());

        plane.rollbackctl("abort", id.get(), "--reason", "wrong platform").succeeded();
        plane.rollbackctl("watch", id.get());

        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }
}
