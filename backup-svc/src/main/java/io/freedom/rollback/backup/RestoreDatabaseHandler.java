package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Restores beside the live databases and swaps by rename: until the restored ones are complete and compared, nothing of the live ones is touched, and
 * afterwards these are kept. Databases that the restore point does not have are left alone.
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
                var point = RestorePoint.at(action.getRestorePoint());
                return new Probe.Applied(counted(swap, dumps(Manifest.load(point, vault), database), database, step));
            }
        });
    }

    @Override
    public Completed execute(RestoreDatabase action, StepContext attempt) throws StepFailure, InterruptedException {
        var step = Purposed.of(attempt, action);
        var database = action.getDatabase();
        var point = RestorePoint.at(action.getRestorePoint());
        // What only describes it can be mended.
        var manifest = Manifest.load(point, vault);
        Verification.require(point);
        return Proof.noting(point, vault, clock, step, () -> restored(action, point, manifest, database, step));
    }

    private Completed restored(
            RestoreDatabase action, RestorePoint point, Manifest manifest, Database database, StepContext step)
            throws StepFailure, InterruptedException {
        var dumps = requireUsable(action, manifest, step);
        var all = names(dumps);
        return Sql.work(database, () -> {
            try (var swap = DatabaseSwap.open(database, all, step)) {
                if (swap.isSwapped()) { // by an attempt that ended while this one waited for the lock
                    return counted(swap, dumps, database, step);
                }
                var newer = VersionRules.dump(point.id(), dumps.getFirst().serverVersion(), swap.serverVersion());
                if (newer.isPresent()) {
                    throw new StepFailure(FailureKind.PRECONDITION, newer.get());
                }
                var tables = new LinkedHashMap<String, List<TableRows>>();
                var notes = new ArrayList<String>();
                Optional<Globals> globals;
                try (var tools = PostgresTools.open(engines, action.getCompose(), database, "restore", step)) {
                    try {
                        // Nothing but the empty side database is there before the first dump is compared.
                        var first = copiedBeside(all.getFirst(), point, manifest, swap, tools, step);
                        globals = Disk.work(point.databases(), () -> Globals.read(point, manifest, vault));
                        swap.reopen(all);
                        var roles = globals.isPresent() ? swap.createMissingRoles(globals.get()) : "";
                        for (var name : all.subList(1, all.size())) {
                            swap.createSide(name, globals);
                        }
                        for (var dumped : dumps) {
                            var name = dumped.database();
                            var dump = name.equals(all.getFirst()) ? first : copied(name, point, manifest, tools, step);
                            var named = JdbcConnections.named(
                                    database, swap.names(name).side());
                            var side = new SideDatabase(dumped, named, step);
                            side.fill(dump, action.getJobs(), swap, tools);
                            try (var clearing =
                                    Background.start(() -> cleared(dump, name.equals(all.getLast()), tools))) {
                                tables.put(name, side.compared(notes));
                                clearing.await(step::checkpoint);
                            }
                        }
                        if (!roles.isEmpty()) {
                            notes.add(roles);
                        }
                    } catch (StepFailure e) {
                        dropAfter(e, swap);
                        throw e;
                    }
                }
                var replaced = new HashSet<String>();
                for (var name : all) {
                    if (swap.exists(name)) {
                        replaced.add(name);
                    }
                }
                var failed = swap.swapIn(all, globals);
                if (!failed.isEmpty()) {
                    notes.add("not given to the database: " + failed);
                }
                return completed(swap, tables, replaced, notes);
            }
        });
    }

    private static List<String> names(List<DumpRecord> dumps) {
        return dumps.stream().map(DumpRecord::database).toList();
    }

    private static void dropAfter(StepFailure failure, DatabaseSwap swap) {
        try {
            swap.dropSides();
        } catch (SQLException e) {
            failure.addSuppressed(e); // The next attempt or the compensation drops them.
        }
    }

    /** The platform's own first. */
    private static List<DumpRecord> dumps(Manifest manifest, Database platform) {
        return manifest.restored(platform);
    }

    private List<DumpRecord> requireUsable(RestoreDatabase action, Manifest manifest, StepContext step)
            throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
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
        var dumps = dumps(manifest, action.getDatabase());
        return Disk.work(point.databases(), () -> {
            // Months may have passed since it was verified. The first is read once, while it is copied and before
            // anything is done. The container need not have room for all at once, so the others are read here, and
            // compared once more when it is their turn.
            var all = names(dumps);
            ManifestCheck.dumps(point, manifest, all, all.getFirst(), vault, clock.instant(), step);
            return dumps;
        });
    }

    /** The same, while the side database is made. */
    private String copiedBeside(
            String database,
            RestorePoint point,
            Manifest manifest,
            DatabaseSwap swap,
            PostgresTools tools,
            StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        try (var copying = Background.start(() -> copied(database, point, manifest, tools, step))) {
            swap.createSide(database, Optional.empty());
            return copying.await(step::checkpoint);
        }
    }

    /** Makes room for the next; after the last one the tools are done. Each is a program run in the container: a tenth of a second. */
    private static String cleared(String dump, boolean isLast, PostgresTools tools)
            throws StepFailure, InterruptedException {
        if (isLast) {
            tools.close();
        } else {
            tools.remove(dump);
        }
        return dump;
    }

    /** Copies a dump into the container, where nothing is started on it unless it is as the manifest says; returns where it is. */
    private String copied(String database, RestorePoint point, Manifest manifest, PostgresTools tools, StepContext step)
            throws StepFailure, InterruptedException {
        step.progress(0, 0, "bytes", "copying the dump of " + database + " into the container");
        try {
            return tools.copyIn(ComparedDump.of(point, manifest, database, vault, step));
        } catch (StepFailure e) {
            // What was changed may look as if another key were wanted, and more may be than was come to.
            if (e.kind() == FailureKind.MISMATCH || e.getCause() instanceof KeyException) {
                Disk.work(point.databases(), () -> {
                    ManifestCheck.dumps(point, manifest, List.of(database), null, vault, clock.instant(), step);
                    return point;
                });
            }
            throw e;
        }
    }

    /** What an attempt before has done. */
    private static Completed counted(DatabaseSwap swap, List<DumpRecord> dumps, Database database, StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        var tables = new LinkedHashMap<String, List<TableRows>>();
        for (var name : names(dumps)) {
            tables.put(name, SideDatabase.count(JdbcConnections.named(database, name), step));
        }
        return completed(swap, tables, new HashSet<>(swap.swapped()), List.of());
    }

    /**
     * @param tables of each database, the platform's own first
     * @param replaced names of those that had been there
     */
    private static Completed completed(
            DatabaseSwap swap, Map<String, List<TableRows>> tables, Set<String> replaced, List<String> notes)
            throws SQLException, StepFailure, InterruptedException {
        var others = new ArrayList<OtherDatabase>();
        for (var one : tables.entrySet()) {
            var its = swap.names(one.getKey());
            if (!its.equals(swap.names())) {
                others.add(new OtherDatabase(
                        its.live(), replaced.contains(its.live()) ? its.kept() : null, one.getValue()));
            }
        }
        var left = swap.belonging().stream()
                .filter(name -> !tables.containsKey(name))
                .toList();
        var result = new DatabaseRestored(
                swap.names().kept(),
                Objects.requireNonNull(tables.get(swap.names().live())),
                others,
                left);
        return new Completed(result, detail(result, notes));
    }

    private static String detail(DatabaseRestored restored, List<String> notes) {
        var all = new ArrayList<>(List.of(restored.getTables()));
        var kept = new ArrayList<>(List.of(restored.getKeptAs()));
        var created = new ArrayList<String>();
        for (var other : restored.getOthers()) {
            all.add(other.getTables());
            var its = other.getKeptAs();
            if (its == null) {
                created.add(other.getName());
            } else {
                kept.add(its);
            }
        }
        var texts = new ArrayList<String>();
        texts.add("%s%d tables, %,d rows restored"
                .formatted(
                        all.size() == 1 ? "" : all.size() + " databases, ",
                        all.stream().mapToInt(List::size).sum(),
                        all.stream()
                                .flatMap(List::stream)
                                .mapToLong(TableRows::getRows)
                                .sum()));
        texts.add((kept.size() == 1 ? "the replaced database is kept as " : "the replaced databases are kept as ")
                + String.join(", ", kept));
        if (!created.isEmpty()) {
            texts.add("back, as they had been gone: " + String.join(", ", created));
        }
        if (!restored.getLeft().isEmpty()) {
            texts.add("left as they are, as the restore point does not have them: "
                    + String.join(", ", restored.getLeft()));
        }
        texts.addAll(notes);
        return String.join("; ", texts);
    }
}
