package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A rollback that had succeeded is undone. */
class ScenarioUndosTest extends ScenarioHarness {
    ScenarioUndosTest() {
        super("acc-undos");
    }

    /** Each test returns to where it began. */
    @Override
    @AfterEach
    void afterwards() {
        register(UnaryOperator.identity());
    }

    /** Though each had succeeded. The reset: ResetTest. A restart leaves nothing to be undone. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SERVICE_RESTART", "PERFORMANCE_RELIEF", "FULL_RESET"})
    void returnsToTheExactPreviousStateWhenUndone(Case tried) {
        var before = departed();
        register(NOBODY_IS_ASKED);
        var ids = platform.ids();
        run(tried.scenario(), tried.options(restorePoint));
        var id = lastRollback();
        assertThat(List.of(platform.state(), platform.ids()))
                .as("it has changed something")
                .isNotEqualTo(List.of(before, ids));
        boolean replaced = tried.restores();

        if (replaced) {
            var refused = plane.rollbackctl("undo", id, "--reason", "test");
            assertThat(refused.exitCode()).as("data are given up").isEqualTo(4);
            plane.rollbackctl("undo", id, "--accept-data-loss", "--reason", "test", "--watch")
                    .succeeded();
        } else {
            plane.rollbackctl("undo", id, "--reason", "test", "--watch").succeeded();
        }

        assertThat(platform.state()).isEqualTo(before);
        assertThat(rowsCompared()).isEqualTo(replaced);
    }
}
