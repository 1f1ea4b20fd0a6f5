package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Restores beside the live database and swaps by rename: until the restored one is complete and compared, nothing of the
 * live one is touched, and afterwards it is kept.
 */
final class RestoreDatabaseHandler implements StepHandler<RestoreDatabase> {
    private final EngineProvider engines;

    private final Vault vault;
    private final InstantSource clock;

    RestoreDatabaseHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<RestoreDatabase> action() {
        return RestoreDatabase.class;
    }

    @Override
    public Probe probe(RestoreDatabase action, StepContext attempt) throws StepFailure, InterruptedException {
        var step = Purposed.of(attempt, action);
        var database = action.getDatabase();
        return Sql.work(database, () -> {
            try (var swap = DatabaseSwap.look(database, step)) {
                if (!swap.isSwapped()) {
                    return new Probe.NotApplied();
                }
                return new Probe.Applied(
                        completed(swap.names(), count(database, swap.names().live(), step)));
            }
        });
    }

    @Override
    public Completed execute(RestoreDatabase action, StepContext attempt) throws StepFailure, InterruptedException {
        var step = Purposed.of(attempt, action);
        var database = action.getDatabase();
        var dumped = requireUsable(action, step);
        return Sql.work(database, () -> {
            try (var swap = DatabaseSwap.open(database, step)) {
                var names = swap.names();
                if (swap.isSwapped()) { // by an attempt that ended while this one waited for the lock
                    return completed(names, count(database, names.live(), step));
                }
                var point = RestorePoint.at(action.getRestorePoint());
                var newer = VersionRules.dump(point.id(), dumped.serverVersion(), swap.serverVersion());
                if (newer.isPresent()) {
                    throw new StepFailure(FailureKind.PRECONDITION, newer.get());
                }
                var globals = Disk.work(point.databases(), () -> Globals.read(point, vault));
                var roles = globals.isPresent() ? swap.createMissingRoles(globals.get()) : "";
                swap.createSide();
                List<TableRows> tables;
                try {
                    fill(action, swap, step);
                    try (var analysis = Background.start(() -> {
                        analyze(database, names.side(), step);
                        return names;
                    })) {
                        tables = count(database, names.side(), step);
                        compare(dumped, tables);
                        analysis.await(() -> {
                            step.checkpoint();
                            step.progress(0, 0, "tables", "gathering statistics of " + names.side());
                        });
                    }
                } catch (StepFailure e) {
                    dropAfter(e, swap);
                    throw e;
                }
                var failed = swap.swapIn(globals);
                var notes = new ArrayList<String>();
                if (!roles.isEmpty()) {
                    notes.add(roles);
                }
                if (!failed.isEmpty()) {
                    notes.add("not given to the database: " + failed);
                }
                return completed(names, tables, notes);
            }
        });
    }

    private static void dropAfter(StepFailure failure, DatabaseSwap swap) {
        try {
            swap.drop(swap.names().side());
        } catch (SQLException e) {
            failure.addSuppressed(e); // The next attempt or the compensation drops it.
        }
    }

    private DumpRecord requireUsable(RestoreDatabase action, StepContext step)
            throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var manifest = Manifest.load(point, vault);
        Verification.require(point);
        var name = action.getDatabase().getName();
        var dumped = manifest.database();
        if (dumped == null
                || !dumped.database().equals(name)
                || !manifest.platform().equals(step.platform())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s holds %s of platform %s, not database %s of platform %s: choose another restore point"
                            .formatted(
                                    point.directory(),
                                    dumped == null ? "no database" : "database " + dumped.database(),
                                    manifest.platform(),
                                    name,
                                    step.platform()));
        }
        return Disk.work(point.databases(), () -> {
            // Months may have passed since it was verified.
            ManifestCheck.dump(point, manifest, point.dump(name), vault, clock.instant(), step);
            return dumped;
        });
    }

    private void fill(RestoreDatabase action, DatabaseSwap swap, StepContext step)
            throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var dump = RestorePoint.at(action.getRestorePoint()).dump(database.getName());
        try (var tools = PostgresTools.open(engines, action.getCompose(), database, "restore", step)) {
            step.progress(0, 0, "bytes", "copying the dump into the container");
            var argv = List.of(
                    "pg_restore",
                    "--jobs=" + Math.max(1, action.getJobs()),
                    "--exit-on-error",
                    "--no-password",
                    "--username=" + database.getUser(),
                    "--dbname=" + PostgresTools.connection(swap.names().side()),
                    tools.copyIn(new SealedDump(dump, vault)));
            step.checkpoint();
            try (var restore = Background.start(() -> tools.run(argv))) {
                restore.await(() -> {
                    step.checkpoint();
                    long size = Sql.work(database, () -> swap.size(swap.names().side()));
                    step.progress(size, 0, "bytes", "pg_restore is writing the side database");
                });
            }
        }
    }

    private static List<TableRows> count(Database database, String name, StepContext step)
            throws SQLException, StepFailure {
        try (var connection = JdbcConnections.open(database, name, step)) {
            return TableCounts.exact(connection, counted -> {
                step.checkpoint();
                step.progress(counted, 0, "tables", "counting rows of " + name);
            });
        }
    }

    private static void compare(DumpRecord dumped, List<TableRows> restored) throws StepFailure {
        var differences = dumped.differences(restored);
        if (!differences.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the restored database differs from the dump and was dropped, the live one is untouched: "
                            + String.join("; ", differences));
        }
    }

    private static void analyze(Database database, String name, StepContext step)
            throws StepFailure, InterruptedException {
        Sql.work(database, () -> {
            try (var connection = JdbcConnections.open(database, name, step)) {
                step.checkpoint();
                Sql.execute(connection, "ANALYZE");
                return name;
            }
        });
    }

    private static Completed completed(SwapNames names, List<TableRows> tables, List<String> notes) {
        var completed = completed(names, tables);
        return notes.isEmpty()
                ? completed
                : new Completed(completed.result(), completed.detail() + "; " + String.join("; ", notes));
    }

    private static Completed completed(SwapNames names, List<TableRows> tables) {
        long rows = tables.stream().mapToLong(TableRows::getRows).sum();
        return new Completed(
                new DatabaseRestored(names.kept(), tables),
                "%d tables, %,d rows restored; the replaced database is kept as %s"
                        .formatted(tables.size(), rows, names.kept()));
    }
}
