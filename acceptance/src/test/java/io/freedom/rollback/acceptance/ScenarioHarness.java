package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;

/**
 * The runbook's procedures on a platform that is well, and is well again after each test. One class of tests has one platform.
 */
@Tag("engine")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ScenarioHarness {
    final ControlPlane plane = ControlPlane.shared();
    final String name;

    Platform platform;
    String good;
    String restorePoint;

    ScenarioHarness(String name) {
        this.name = name;
    }

    @BeforeAll
    void start() {
        platform = Platform.healthy(name);
        register(UnaryOperator.identity());
        good = platform.data();
        run("restore-point");
        restorePoint = lastRollback();
    }

    @AfterAll
    void remove() {
        platform.close();
    }

    @AfterEach
    void afterwards() {
        mend();
    }

    /** What a test committed and deployed goes, the change that was not committed stays. */
    final void mend() {
        register(UnaryOperator.identity());
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

    /** Restore points are not proven here: RestoreTest does that. */
    void register(UnaryOperator<String> change) {
        platform.registered(
                plane, yaml -> change.apply(yaml.replaceFirst("(?m)^( +)(directory: .*)$", "$1$2\n$1prove: never")));
    }

    Shell.Result start(String scenario, String... more) {
        var argv = new ArrayList<>(List.of("start", name, "--scenario", scenario, "--reason", "test"));
        argv.addAll(Arrays.asList(more));
        return plane.rollbackctl(argv.toArray(String[]::new));
    }

    Shell.Result run(String scenario, String... more) {
        return start(
                        scenario,
                        Stream.concat(Arrays.stream(more), Stream.of("--watch")).toArray(String[]::new))
                .succeeded();
    }

    String lastRollback() {
        return plane.lastRollback(name);
    }

    String outcome() {
        return plane.facts(name, "RollbackFinished").getLast().path("outcome").asString();
    }

    void breakCode(String service, String file) {
        platform.write(file, text -> "raise SystemExit('broken on purpose')\n" + text);
        platform.commit("Break " + service, file);
        platform.compose("up", "-d", "--build", service);
    }

    void unwell() {
        assertThat(platform.health().exitCode()).as("the platform is broken").isNotZero();
    }

    void well() {
        assertThat(platform.health().exitCode()).as("the platform is healthy").isZero();
    }

    /** Each with something to go back from, so that the way back has something to do. */
    enum Case {
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
        /** What files-restore does, and the database. */
        FULL_RESTORE("backup.replace-data-kb-service"),
        FULL_ROLLBACK("container.start-database"),
        DATA_MIGRATION("backup.import-data"),
        FULL_RESET("container.up");

        final String abortedIn;
        private final List<String> options;

        /** @param abortedIn a step: it is aborted in it, or soon after */
        Case(String abortedIn, String... options) {
            this.abortedIn = abortedIn;
            this.options = List.of(options);
        }

        String[] options(String restorePoint, String... more) {
            var restored = restores() ? Stream.of("--restore-point", restorePoint) : Stream.<String>empty();
            return Stream.of(options.stream(), restored, Arrays.stream(more))
                    .flatMap(some -> some)
                    .toArray(String[]::new);
        }

        /** Rows, which are compared on the way back. */
        boolean restores() {
            return List.of(
                            DATABASE_RESTORE,
                            SERVICE_ROLLBACK,
                            DATABASE_REBUILD,
                            FULL_RESTORE,
                            FULL_ROLLBACK,
                            DATA_MIGRATION)
                    .contains(this);
        }

        String scenario() {
            return name().replace("_CODE", "").toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private Platform.State departed;

    /** As {@link #depart} left it, also after a test that returned to that: making it anew takes as long as the test. */
    Platform.State departed() {
        if (departed == null || !platform.state().equals(departed)) {
            mend();
            depart();
            platform.run("bash", "-c", "echo late >\"$1/models/late\"", "bash", platform.tree.toString());
            inVolume("echo late >/app/data/late");
            departed = platform.state();
        }
        return departed;
    }

    /** Deployed and healthy, but neither code, settings nor rows are those of the tag. */
    void depart() {
        platform.write("config/gateway.json", text -> text.replace("\"timeout_seconds\": 5", "\"timeout_seconds\": 6"));
        platform.write("services/api/server.py", text -> text + "\n# changed\n");
        platform.commit("Depart from the tag", "config/gateway.json", "services/api/server.py");
        platform.write("services/kb/server.py", text -> text + "\n# changed, not committed\n");
        platform.sql("insert into documents (title, body) values ('Late', 'x')");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
    }

    /** Names and content of the files in the volume that the descriptor names; only of what replaces them. */
    String volume(Case tried) {
        return tried == Case.FULL_RESTORE
                ? inVolume("cd /app/data && find . | sort && find . -type f | sort | xargs cat")
                : "";
    }

    private String inVolume(String script) {
        return platform.compose("exec", "-T", "-u", "0", "kb-service", "sh", "-c", script)
                .succeeded()
                .output();
    }

    static final UnaryOperator<String> NOBODY_IS_ASKED =
            yaml -> yaml.replace("reset: {operators: 1", "reset: {operators: 0")
                    .replace("dataLoss: {operators: 1", "dataLoss: {operators: 0");

    /** It is probed until its time is over. */
    static final UnaryOperator<String> NEVER_VALID =
            yaml -> NOBODY_IS_ASKED.apply(yaml.replace("bodyPattern: FREEDOM Castle", "bodyPattern: never there"));

    /** Whatever is logged is an error: the last step fails, and at once. */
    static final UnaryOperator<String> FAILS_AT_LAST =
            yaml -> NOBODY_IS_ASKED.apply(yaml.replaceFirst("errors: \\[.*]", "errors: ['.']"));

    boolean rowsCompared() {
        return plane.factsOf(lastRollback(), name, "StepSucceeded").stream()
                .filter(fact -> fact.path("compensation").asBoolean())
                .map(fact -> fact.path("detail").asString())
                .anyMatch(detail -> detail.contains(" rows as "));
    }

    void awaitAcknowledged(String id, String step) {
        await("it has come to " + step)
                .atMost(Duration.ofMinutes(2))
                .until(() -> plane.factsOf(id, name, "StepAcknowledged").stream()
                        .anyMatch(fact -> fact.path("stepId").asString().equals(step)));
    }
}
