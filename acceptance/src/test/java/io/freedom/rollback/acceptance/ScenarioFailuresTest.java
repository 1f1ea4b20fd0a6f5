package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where validation fails, the platform is as it was before. */
class ScenarioFailuresTest extends ScenarioHarness {
    ScenarioFailuresTest() {
        super("acc-failures");
    }

    /** Each test returns to where it began. */
    @Override
    @AfterEach
    void afterwards() {
        register(UnaryOperator.identity());
    }

    /** How the others fail: ResetTest, MigrationTest. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"DATABASE_REBUILD", "DATA_MIGRATION", "FULL_RESET"})
    void returnsToTheExactPreviousStateWhenValidationFails(Case tried) {
        var before = departed();
        var volume = volume(tried);
        register(FAILS_AT_LAST);

        var failed = start(tried.scenario(), tried.options(restorePoint, "--watch"));

        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
        assertThat(failed.output()).containsPattern("error lines?: ").doesNotContain("NOT AS BEFORE");
        assertThat(rowsCompared())
                .as("whoever replaced rows looks whether all are back")
                .isEqualTo(tried.restores());
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
        assertThat(volume(tried)).isEqualTo(volume);
    }

    @Test
    void returnsToTheExactPreviousStateWhenTheRollbackOfWhatADeploymentTouchedFails() {
        mend();
        breakCode("api", "services/api/server.py");
        register(FAILS_AT_LAST);
        var before = platform.state();

        var failed = start("selective-rollback", "--watch");

        assertThat(failed.exitCode()).as(failed.output()).isEqualTo(1);
        assertThat(failed.output()).contains("only api changed", "goes on as rb-");
        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsToTheExactPreviousStateThoughTheServerThatWasRestoredHasDied() {
        var before = departed();
        register(NEVER_VALID);
        start("full-rollback", "--restore-point", restorePoint).succeeded();
        var id = lastRollback();
        await("the database is restored")
                .atMost(Duration.ofMinutes(2))
                .until(() -> plane.factsOf(id, name, "StepSucceeded").stream()
                        .anyMatch(fact -> fact.path("stepId").asString().equals("backup.restore-database")));

        platform.compose("kill", "postgres").succeeded();
        plane.rollbackctl("watch", id);

        assertThat(outcome()).isEqualTo("COMPENSATED");
        assertThat(platform.state()).isEqualTo(before);
        assertThat(rowsCompared()).isTrue();
    }
}
