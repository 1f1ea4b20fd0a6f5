package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.BaselineRecorded;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpectedTablesTest {
    private static final BaselineRecorded BASELINE = new BaselineRecorded(List.of(rows("documents", 1)));
    private static final DatabaseSealed SEALED = new DatabaseSealed("0/1", List.of(rows("documents", 2)));
    private static final DatabaseRestored RESTORED =
            new DatabaseRestored("kept", List.of(rows("documents", 3)), List.of(), List.of());

    private final RecordedStep step = RecordedStep.within(Duration.ofSeconds(5));

    @Test
    void takesTheLatestCountThatThereIs() throws Exception {
        assertThat(ExpectedTables.of(step.after(BASELINE, SEALED, RESTORED)).tables())
                .isEqualTo(RESTORED.getTables());
        assertThat(ExpectedTables.of(step.after(BASELINE, SEALED)).tables()).isEqualTo(SEALED.getTables());
        assertThat(ExpectedTables.of(step.after(BASELINE)).tables()).isEqualTo(BASELINE.getTables());
    }

    @Test
    void refusesToCompareWithNothing() {
        assertThatThrownBy(() -> ExpectedTables.of(step))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("nothing to compare the database with");
    }

    @Test
    void tellsLossesFromAdditions() {
        var expected = new ExpectedTables(
                "before", List.of(rows("documents", 1200), rows("queries", 5), rows("users", 7), rows("vectors", 0)));

        var difference = expected.compare(
                List.of(rows("documents", 1198), rows("queries", 8), rows("vectors", 0), rows("new", 2)));

        assertThat(difference.losses())
                .containsExactly(
                        "public.documents: expected 1,200 rows, found 1,198",
                        "public.users: expected 7 rows, the table is missing");
        assertThat(difference.addedRows()).isEqualTo(5);
        assertThat(difference.addedTables()).isEqualTo(1);
    }

    private static TableRows rows(String table, long rows) {
        return new TableRows("public", table, rows);
    }
}
