package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The databases of a recovered server, which nobody writes to: they are of one moment. */
record RecoveredDatabases(TrialServer server, Engine engine, Database platform, Vault vault, StepContext step) {
    /** Dumps all that belong to the platform; returns what is known about the dumps, the platform's own first. */
    List<DumpRecord> dump(RestorePoint point, int jobs) throws StepFailure, InterruptedException {
        var databases = databases();
        var globals = globals(databases.names());
        var dumps = new Dumps(databases.names(), true, databases.leftOut());
        var environment = server.environment();
        try (var tools = PostgresTools.in(engine, server.container(), environment, "rollback-derive", step)) {
            step.checkpoint();
            Disk.work(point.databases(), () -> {
                Dumps.discard(point);
                globals.write(point, vault);
                dumps.write(point);
                return point;
            });
            var dumped = new ArrayList<DumpRecord>();
            // With the platform's own, all are there.
            for (var name : databases.names().reversed()) {
                dumped.addFirst(dump(name, point, jobs, tools));
            }
            return dumped;
        }
    }

    private DumpRecord dump(String name, RestorePoint point, int jobs, PostgresTools tools)
            throws StepFailure, InterruptedException {
        var tables = server.count(name);
        var target = tools.folder() + "/dump";
        var command = DumpDatabaseHandler.command(platform.getUser(), name, tools.jobs(jobs), target);
        try (var dump = Background.start(() -> tools.run(command))) {
            dump.await(() -> {
                step.checkpoint();
                step.progress(tools.size(target), 0, "bytes", "pg_dump is writing " + name);
            });
        }
        var dumped = new DumpRecord(
                name,
                server.version(),
                tools.version("pg_dump"),
                tables.stream().map(DumpRecord.Rows::of).toList(),
                Long.parseLong(server.value(name, "SELECT pg_database_size(current_database())")),
                server.values(name, DumpDatabaseHandler.ROLES),
                Long.parseLong(server.value(name, "SELECT txid_snapshot_xmax(txid_current_snapshot())")),
                null,
                null,
                server.value(name, "SELECT " + Snapshots.POSITION),
                collation(name),
                server.constraints(name));
        Disk.work(point.databases(), () -> {
            DumpDatabaseHandler.fetch(target, point, dumped, tools, vault, step);
            return point;
        });
        tools.remove(target);
        return dumped;
    }

    private Collation collation(String name) throws StepFailure, InterruptedException {
        try {
            return Collation.of(sql -> server.rows(ServerDatabases.MAINTENANCE, sql), server.version(), name);
        } catch (SQLException e) {
            throw unreadable("collations", e);
        }
    }

    private ServerDatabases databases() throws StepFailure, InterruptedException {
        try {
            Globals.Query query = sql -> server.rows(ServerDatabases.MAINTENANCE, sql);
            return ServerDatabases.of(query, query, platform);
        } catch (SQLException e) {
            throw unreadable("databases", e);
        }
    }

    private Globals globals(List<String> names) throws StepFailure, InterruptedException {
        try {
            return Globals.of(sql -> server.rows(ServerDatabases.MAINTENANCE, sql), names);
        } catch (SQLException e) {
            throw unreadable("roles", e);
        }
    }

    private static StepFailure unreadable(String what, SQLException e) {
        return new StepFailure(
                FailureKind.TOOL, "the throwaway server's " + what + " cannot be read: " + e.getMessage(), e);
    }
}
