package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.BaselineRecorded;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The tables that must be there, from the latest step that knew.
 *
 * @param source when they were counted, for messages
 */
record ExpectedTables(String source, List<TableRows> tables) {
    private record Name(String schema, String table) {
        static Name of(TableRows table) {
            return new Name(table.getSchema$(), table.getTable());
        }

        @Override
        public String toString() {
            return schema + "." + table;
        }
    }

    /**
     * What an actual count differs in. More is no loss: the platform writes again when it is checked.
     *
     * @param losses missing tables and rows, one text each
     */
    record Difference(List<String> losses, long addedRows, int addedTables) {}

    static ExpectedTables of(StepContext step) throws StepFailure {
        return find(step)
                .orElseThrow(() -> new StepFailure(
                        FailureKind.INVALID,
                        "nothing to compare the database with: the command carries no DatabaseRestored, DatabaseSealed"
                                + " or BaselineRecorded from an earlier step. Preview the plan and correct the"
                                + " scenario"));
    }

    static Optional<ExpectedTables> find(StepContext step) {
        return step.find(DatabaseRestored.class)
                .map(restored -> new ExpectedTables("when it was restored", restored.getTables()))
                .or(() -> step.find(DatabaseSealed.class)
                        .map(quiet -> new ExpectedTables("when the writers had stopped", quiet.getTables())))
                .or(() -> step.find(BaselineRecorded.class)
                        .map(baseline -> new ExpectedTables("before the rollback", baseline.getTables())));
    }

    Difference compare(List<TableRows> actual) {
        var left = new LinkedHashMap<Name, Long>();
        actual.forEach(table -> left.put(Name.of(table), table.getRows()));
        var losses = new ArrayList<String>();
        long added = 0;
        for (var table : tables) {
            var name = Name.of(table);
            var rows = left.remove(name);
            if (rows == null) {
                losses.add(name + ": expected " + rows(table.getRows()) + ", the table is missing");
            } else if (rows < table.getRows()) {
                losses.add(name + ": expected " + rows(table.getRows()) + ", found "
                        + String.format(Locale.ROOT, "%,d", rows));
            } else {
                added += rows - table.getRows();
            }
        }
        return new Difference(losses, added + rows(left), left.size());
    }

    private static long rows(Map<Name, Long> tables) {
        return tables.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String rows(long count) {
        return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? "row" : "rows");
    }
}
