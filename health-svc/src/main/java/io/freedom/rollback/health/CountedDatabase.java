package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/** Exact rows of each table of a platform's database, counted in one snapshot and reported as they come. */
final class CountedDatabase {
    private CountedDatabase() {}

    static List<TableRows> count(Database database, StepContext step) throws StepFailure {
        try (var connection = JdbcConnections.open(database, step)) {
            return TableCounts.exact(connection, counted -> {
                step.stillWanted();
                step.progress(counted, 0, "tables", "counting rows of " + database.getName());
            });
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        }
    }

    /** E.g. {@code "3 tables, 4,210 rows"}. */
    static String summary(List<TableRows> tables) {
        long rows = tables.stream().mapToLong(TableRows::getRows).sum();
        return String.format(
                Locale.ROOT,
                "%,d %s, %,d %s",
                tables.size(),
                tables.size() == 1 ? "table" : "tables",
                rows,
                rows == 1 ? "row" : "rows");
    }
}
