package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.SQLException;
import java.util.List;

/** A database that a dump is restored into, beside the one whose place it is to take. */
record SideDatabase(DumpRecord dumped, Database database, StepContext step) {

    /** @param dump where the dump is in the container of the tools */
    void fill(String dump, int jobs, DatabaseSwap swap, PostgresTools tools) throws StepFailure, InterruptedException {
        var argv = List.of(
                "pg_restore",
                "--jobs=" + tools.jobs(jobs),
                "--exit-on-error",
                "--no-password",
                "--username=" + database.getUser(),
                "--dbname=" + PostgresTools.connection(database.getName()),
                dump);
        step.checkpoint();
        try (var restore = Background.start(() -> tools.run(argv))) {
            restore.await(() -> {
                step.checkpoint();
                long size = Sql.work(database, () -> swap.size(database.getName()));
                step.progress(size, 0, "bytes", "pg_restore is writing the side database of " + dumped.database());
            });
        }
    }

    /**
     * Rows, constraints and indexes compared with those that were dumped, and statistics gathered meanwhile; returns its rows.
     *
     * @param notes gets what is to be said about it
     * @throws StepFailure MISMATCH where it differs
     */
    List<TableRows> compared(List<String> notes) throws StepFailure, InterruptedException {
        var name = dumped.database();
        try (var analysis = Background.start(() -> {
                    analyze();
                    return database;
                });
                var indexes = Background.start(this::check)) {
            var tables = Sql.work(database, () -> count(database, step));
            compare(tables, Sql.work(database, this::constraints));
            var sorted = Sql.work(database, this::sorted);
            if (!sorted.isEmpty()) {
                notes.add(name + ": " + sorted);
            }
            var checked = indexes.await(() -> {
                step.checkpoint();
                step.progress(0, 0, "indexes", "checking the indexes of " + database.getName());
            });
            if (!checked.isEmpty()) {
                notes.add(checked + " of " + name);
            }
            analysis.await(() -> {
                step.checkpoint();
                step.progress(0, 0, "tables", "gathering statistics of " + database.getName());
            });
            return tables;
        }
    }

    static List<TableRows> count(Database database, StepContext step) throws SQLException, StepFailure {
        try (var connection = JdbcConnections.open(database, step)) {
            return TableCounts.exact(connection, counted -> {
                step.checkpoint();
                step.progress(counted, 0, "tables", "counting rows of " + database.getName());
            });
        }
    }

    private String sorted() throws SQLException, StepFailure, InterruptedException {
        var before = dumped.collation();
        if (before == null) {
            return "";
        }
        try (var connection = JdbcConnections.open(database, step)) {
            var now = Collation.of(sql -> Sql.rows(connection, sql), Sql.serverVersion(connection), database.getName());
            return before.differs(now).orElse("");
        }
    }

    private List<Constraints> constraints() throws SQLException, StepFailure, InterruptedException {
        try (var connection = JdbcConnections.open(database, step)) {
            return Constraints.of(sql -> Sql.rows(connection, sql));
        }
    }

    private void compare(List<TableRows> restored, List<Constraints> constraints) throws StepFailure {
        var differences = dumped.differences(restored, constraints);
        if (!differences.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the restored database %s differs from its dump and was dropped, the live one is untouched: %s"
                            .formatted(dumped.database(), String.join("; ", differences)));
        }
    }

    /** What amcheck says; that it cannot be asked is none of the restored database's faults. */
    private String check() throws StepFailure, InterruptedException {
        try (var connection = JdbcConnections.open(database, step)) {
            var indexes = IndexCheck.of(connection);
            return indexes.isPresent() ? indexes.getAsInt() + " indexes checked" : "";
        } catch (SQLException e) {
            step.checkpoint();
            return "indexes not checked (" + e.getMessage() + ")";
        }
    }

    private void analyze() throws StepFailure, InterruptedException {
        Sql.work(database, () -> {
            try (var connection = JdbcConnections.open(database, step)) {
                step.checkpoint();
                Sql.execute(connection, "ANALYZE");
                return database;
            }
        });
    }
}
