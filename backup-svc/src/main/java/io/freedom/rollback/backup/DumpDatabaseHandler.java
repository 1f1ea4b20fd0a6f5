package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Dumps the database in the very snapshot in which its rows are counted, so that a restore can be compared. */
final class DumpDatabaseHandler implements StepHandler<DumpDatabase> {
    private static final String PURPOSE = "dump";
    static final String ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE \"C\"";

    private final EngineProvider engines;

    private final Vault vault;

    DumpDatabaseHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<DumpDatabase> action() {
        return DumpDatabase.class;
    }

    @Override
    public Probe probe(DumpDatabase action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var name = action.getDatabase().getName();
        if (!point.hasDump(name)) {
            return new Probe.NotApplied();
        }
        return Disk.work(
                point.databases(),
                () -> new Probe.Applied(completed(point, Json.read(point.dumpRecord(name), DumpRecord.class))));
    }

    @Override
    public Completed execute(DumpDatabase action, StepContext step) throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var point = RestorePoint.at(action.getDirectory());
        try (var connection = JdbcConnections.open(database, step)) {
            endEarlierAttempts(connection, step);
            try (var tools = PostgresTools.open(engines, action.getCompose(), database, PURPOSE, step)) {
                var dump = tools.folder() + "/dump";
                var snapshot = dump(action, dump, connection, tools, step);
                var dumped = new DumpRecord(
                        database.getName(),
                        Sql.serverVersion(connection),
                        tools.version("pg_dump"),
                        snapshot.tables().stream().map(DumpRecord.Rows::of).toList(),
                        Long.parseLong(Sql.value(connection, "SELECT pg_database_size(current_database())")),
                        Sql.rows(connection, ROLES).stream()
                                .map(row -> String.valueOf(row.getFirst()))
                                .toList(),
                        snapshot.nextTransaction());
                var globals = Globals.of(sql -> Sql.rows(connection, sql), database.getName());
                return Disk.work(point.databases(), () -> {
                    globals.write(point, vault);
                    fetch(dump, point, dumped, tools, vault, step);
                    return completed(point, dumped);
                });
            }
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        }
    }

    /** A worker that was killed leaves its pg_dump behind, which would go on for as long as it takes. */
    private static void endEarlierAttempts(Connection connection, StepContext step) throws SQLException {
        step.checkpoint();
        Sql.rows(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                PostgresTools.session(PURPOSE, step));
    }

    static List<String> command(Database database, int jobs, String target) {
        return List.of(
                "pg_dump",
                "--format=directory",
                "--jobs=" + Math.max(1, jobs),
                "--compress=1",
                "--lock-wait-timeout=60000",
                "--no-password",
                "--username=" + database.getUser(),
                "--file=" + target,
                "--dbname=" + PostgresTools.connection(database.getName()));
    }

    private record Snapshot(List<TableRows> tables, long nextTransaction) {}

    private static Snapshot dump(
            DumpDatabase action, String target, Connection connection, PostgresTools tools, StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        connection.setAutoCommit(false);
        Sql.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Sql.execute(connection, "SET LOCAL idle_in_transaction_session_timeout = 0");
        Sql.execute(connection, "SET LOCAL statement_timeout = 0");
        var argv = new ArrayList<>(command(action.getDatabase(), action.getJobs(), target));
        argv.add("--snapshot=" + Sql.value(connection, "SELECT pg_export_snapshot()"));
        step.checkpoint();
        try (var dump = Background.start(() -> tools.run(argv))) {
            var tables = TableCounts.exact(connection, counted -> {
                step.checkpoint();
                step.progress(counted, 0, "tables", "counting rows of the snapshot while it is dumped");
            });
            dump.await(() -> {
                step.checkpoint();
                step.progress(tools.size(target), 0, "bytes", "pg_dump is writing");
            });
            return new Snapshot(tables, Transactions.next(connection));
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /** Copies a dump out of the container that it was made in, and notes what is known about it. */
    static void fetch(
            String dump, RestorePoint point, DumpRecord dumped, PostgresTools tools, Vault vault, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        long total = tools.size(dump);
        try (var staging = Staging.beside(point.dump(dumped.database()))) {
            step.checkpoint();
            tools.copyOut(dump, new SealedDump(staging.folder(), vault), bytes -> {
                step.checkpoint();
                step.progress(Math.min(bytes, total), total, "bytes", "copying the dump out of the container");
            });
            step.checkpoint();
            // What needs room comes first: to rename needs none, and a dump without its record would stay on a full
            // disk.
            PrivateFiles.write(point.dumpRecord(dumped.database()), Json.text(dumped));
            staging.publish();
        }
    }

    private static Completed completed(RestorePoint point, DumpRecord dumped) throws IOException {
        var folder = point.dump(dumped.database());
        int files = 0;
        long bytes = 0;
        try (var all = Files.walk(folder)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                files++;
                bytes += Files.size(file);
            }
        }
        long rows = dumped.tables().stream().mapToLong(DumpRecord.Rows::rows).sum();
        return new Completed(
                new DatabaseDumped(folder.toString(), files, bytes, dumped.serverVersion()),
                "%d tables, %,d rows, %s by %s"
                        .formatted(dumped.tables().size(), rows, Disk.size(bytes), dumped.tool()));
    }
}
