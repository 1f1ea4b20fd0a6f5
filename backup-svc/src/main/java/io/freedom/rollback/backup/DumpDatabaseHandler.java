package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Dumps the databases of the server, each in the very snapshot in which its rows are counted, so that a restore can be compared. One after the other:
 * N databases do not take N times the processors.
 */
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

    /** The platform's own database comes last: with its dump all are there. */
    @Override
    public Probe probe(DumpDatabase action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var name = action.getDatabase().getName();
        if (!point.hasDump(name)) {
            return new Probe.NotApplied();
        }
        return Disk.work(point.databases(), () -> new Probe.Applied(completed(point, Dumps.of(point, name))));
    }

    @Override
    public Completed execute(DumpDatabase action, StepContext step) throws StepFailure, InterruptedException {
        var platform = action.getDatabase();
        var point = RestorePoint.at(action.getDirectory());
        try (var snapshots = Snapshots.open(platform, step)) {
            endEarlierAttempts(snapshots.platform(), step);
            try (var tools = PostgresTools.open(engines, action.getCompose(), platform, PURPOSE, step)) {
                step.checkpoint();
                discard(point);
                snapshots.take(step);
                var connection = snapshots.platform();
                var globals = Globals.of(sql -> Sql.rows(connection, sql), snapshots.databases());
                boolean done = false;
                try {
                    for (var other : snapshots.others()) {
                        var connected = snapshots.fresh(other);
                        dump(action, other, connected, snapshots.taken(other), point, tools, step);
                    }
                    snapshots.fresh(platform.getName());
                    var dumps = snapshots.dumps();
                    Disk.work(point.dumps(), () -> {
                        globals.write(point, vault);
                        dumps.write(point);
                        return point;
                    });
                    var taken = snapshots.taken(platform.getName());
                    dump(action, platform.getName(), connection, taken, point, tools, step);
                    done = true;
                    return Disk.work(point.databases(), () -> completed(point, dumps));
                } finally {
                    if (!done) {
                        discard(point); // Some of them are of no use, and take room.
                    }
                }
            }
        } catch (SQLException e) {
            throw JdbcConnections.failure(platform, e);
        }
    }

    private void dump(
            DumpDatabase action,
            String name,
            Connection connection,
            Snapshots.Taken taken,
            RestorePoint point,
            PostgresTools tools,
            StepContext step)
            throws StepFailure, InterruptedException {
        var database = JdbcConnections.named(action.getDatabase(), name);
        try {
            var dump = tools.folder() + "/dump";
            var snapshot = dump(database, tools.jobs(action.getJobs()), dump, connection, tools, step);
            var version = Sql.serverVersion(connection);
            var dumped = new DumpRecord(
                    name,
                    version,
                    tools.version("pg_dump"),
                    snapshot.tables().stream().map(DumpRecord.Rows::of).toList(),
                    Long.parseLong(Sql.value(connection, "SELECT pg_database_size(current_database())")),
                    Sql.rows(connection, ROLES).stream()
                            .map(row -> String.valueOf(row.getFirst()))
                            .toList(),
                    snapshot.nextTransaction(),
                    taken.at(),
                    snapshot.dumpedAt(),
                    taken.lsn(),
                    Collation.of(sql -> Sql.rows(connection, sql), version, name),
                    Constraints.of(sql -> Sql.rows(connection, sql)));
            connection.rollback(); // what vacuum may remove is held back no longer
            Disk.work(point.databases(), () -> {
                fetch(dump, point, dumped, tools, vault, step);
                return point;
            });
            tools.remove(dump);
        } catch (SQLException e) {
            throw ofAnother(action, name, JdbcConnections.failure(database, e));
        } catch (StepFailure e) {
            throw ofAnother(action, name, e);
        }
    }

    /** Which one it was, and that the platform need not have it. */
    private static StepFailure ofAnother(DumpDatabase action, String name, StepFailure failure) {
        return name.equals(action.getDatabase().getName()) || failure.kind() == FailureKind.OUTAGE
                ? failure
                : new StepFailure(
                        failure.kind(),
                        "database " + name + " of the same server could not be dumped: " + failure.text()
                                + "; if it is none of the platform's, name it in `database.except`",
                        failure);
    }

    private static void discard(RestorePoint point) throws StepFailure, InterruptedException {
        Disk.work(point.databases(), () -> {
            Dumps.discard(point);
            return point;
        });
    }

    /** A worker that was killed leaves its pg_dump behind, which would go on for as long as it takes. */
    private static void endEarlierAttempts(Connection connection, StepContext step) throws SQLException {
        step.checkpoint();
        Sql.rows(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                PostgresTools.session(PURPOSE, step));
    }

    static List<String> command(String user, String database, int jobs, String target) {
        return List.of(
                "pg_dump",
                "--format=directory",
                "--jobs=" + jobs,
                "--compress=1",
                "--lock-wait-timeout=60000",
                "--no-password",
                "--username=" + user,
                "--file=" + target,
                "--dbname=" + PostgresTools.connection(database));
    }

    private record Snapshot(List<TableRows> tables, long nextTransaction, Instant dumpedAt) {}

    private static Snapshot dump(
            Database database, int jobs, String target, Connection connection, PostgresTools tools, StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        var argv = new ArrayList<>(command(database.getUser(), database.getName(), jobs, target));
        argv.add("--snapshot=" + Sql.value(connection, "SELECT pg_export_snapshot()"));
        step.checkpoint();
        try (var dump = Background.start(() -> tools.run(argv))) {
            var tables = TableCounts.exact(connection, counted -> {
                step.checkpoint();
                step.progress(
                        counted,
                        0,
                        "tables",
                        "counting rows of the snapshot of " + database.getName() + " while it is dumped");
            });
            dump.await(() -> {
                step.checkpoint();
                step.progress(tools.size(target), 0, "bytes", "pg_dump is writing " + database.getName());
            });
            return new Snapshot(
                    tables, Transactions.next(connection), Instant.now().truncatedTo(ChronoUnit.MILLIS));
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

    private static Completed completed(RestorePoint point, Dumps dumps) throws IOException {
        int files = 0;
        long bytes = 0;
        int tables = 0;
        long rows = 0;
        var records = new ArrayList<DumpRecord>();
        for (var name : dumps.databases()) {
            var dumped = Json.read(point.dumpRecord(name), DumpRecord.class);
            records.add(dumped);
            tables += dumped.tables().size();
            rows += dumped.tables().stream().mapToLong(DumpRecord.Rows::rows).sum();
            try (var all = Files.walk(point.dump(name))) {
                for (var file : all.filter(Files::isRegularFile).toList()) {
                    files++;
                    bytes += Files.size(file);
                }
            }
        }
        var platform = records.getFirst();
        return new Completed(
                DatabaseDumped.newBuilder()
                        .setPath(point.dump(platform.database()).toString())
                        .setFiles(files)
                        .setBytes(bytes)
                        .setServerVersion(platform.serverVersion())
                        .setDatabases(dumps.databases())
                        .build(),
                "%s%d tables, %,d rows, %s by %s%s"
                        .formatted(
                                records.size() == 1 ? "" : records.size() + " databases, ",
                                tables,
                                rows,
                                Disk.size(bytes),
                                platform.tool(),
                                dumps.note()));
    }
}
