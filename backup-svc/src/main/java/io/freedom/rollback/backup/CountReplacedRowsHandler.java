package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CountReplacedRows;
import io.freedom.rollback.schemas.action.CountedDatabase;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.ReplacedRowsCounted;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Says what was in the databases that were replaced, whatever the restored ones have. */
final class CountReplacedRowsHandler implements StepHandler<CountReplacedRows> {
    @Override
    public Class<CountReplacedRows> action() {
        return CountReplacedRows.class;
    }

    @Override
    public Completed execute(CountReplacedRows action, StepContext step) throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var restored = step.find(DatabaseRestored.class)
                .orElseThrow(() -> new StepFailure(
                        FailureKind.PRECONDITION, "nothing to count: the command carries no DatabaseRestored"));
        return Sql.work(database, () -> {
            var counted = new ArrayList<CountedDatabase>();
            for (var replaced : there(database, restored, step).entrySet()) {
                counted.add(new CountedDatabase(replaced.getKey(), count(database, replaced.getValue(), step)));
            }
            long rows = counted.stream()
                    .flatMap(one -> one.getTables().stream())
                    .mapToLong(TableRows::getRows)
                    .sum();
            return new Completed(
                    new ReplacedRowsCounted(counted),
                    "%,d rows in %d databases that were replaced".formatted(rows, counted.size()));
        });
    }

    /** Names under which they are kept, by those that they had. */
    private static Map<String, String> there(Database database, DatabaseRestored restored, StepContext step)
            throws StepFailure, SQLException {
        var kept = new LinkedHashMap<String, String>();
        kept.put(database.getName(), restored.getKeptAs());
        restored.getOthers().forEach(other -> {
            if (other.getKeptAs() != null) {
                kept.put(other.getName(), other.getKeptAs());
            }
        });
        try (var look = DatabaseSwap.look(database, step)) {
            for (var name : List.copyOf(kept.keySet())) {
                if (!look.exists(String.valueOf(kept.get(name)))) {
                    kept.remove(name);
                }
            }
        }
        return kept;
    }

    private static List<TableRows> count(Database database, String kept, StepContext step)
            throws StepFailure, SQLException {
        try (var connection = JdbcConnections.open(database, kept, step)) {
            return TableCounts.exact(connection, tables -> {
                step.checkpoint();
                step.progress(tables, 0, "tables", "counting rows of " + kept);
            });
        }
    }
}
