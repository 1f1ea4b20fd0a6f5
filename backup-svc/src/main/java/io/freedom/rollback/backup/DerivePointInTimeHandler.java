package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a restore point of a moment of which none was taken: a throwaway server is recovered from the WAL archive to it, and the database dumped
 * from there. The platform goes on meanwhile, or is gone.
 */
final class DerivePointInTimeHandler implements StepHandler<DerivePointInTime> {
    private static final Logger LOG = LoggerFactory.getLogger(DerivePointInTimeHandler.class);

    private static final String REPLAYED = "SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC',"
            + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;
    private final WalFeed.Window window;

    DerivePointInTimeHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this(engines, vault, clock, WalFeed.Window.DEFAULT);
    }

    DerivePointInTimeHandler(EngineProvider engines, Vault vault, InstantSource clock, WalFeed.Window window) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
        this.window = window;
    }

    @Override
    public Class<DerivePointInTime> action() {
        return DerivePointInTime.class;
    }

    @Override
    public Completed execute(DerivePointInTime action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getBackups(), action.getPlatform());
        return Disk.work(archive.root(), () -> {
            if (archive.runs().isEmpty()) {
                throw RecoveryWay.nothing(archive);
            }
            try (var _ = archive.use(step.rollbackId())) {
                return derive(archive, action, step);
            }
        });
    }

    private Completed derive(WalArchive archive, DerivePointInTime action, StepContext step)
            throws StepFailure, InterruptedException {
        var begun = clock.instant();
        var recovery = new ArchiveRecovery(
                engines.engine(),
                vault,
                window,
                archive,
                action.getPlatform(),
                action.getCompose(),
                action.getDatabase(),
                action.getReserve(),
                step);
        recovery.refresh();
        var unusable = new LinkedHashMap<WalBase, StepFailure>();
        var notes = new ArrayList<String>();
        while (true) {
            var way = way(archive, action, unusable);
            var cluster = recovery.cluster(way);
            requireRoom(action, recovery.room(way));
            try (var recovered = recovery.start(way, cluster, "derive")) {
                return derived(recovered, recovery.engine(), action, begun, notes, step);
            } catch (StepFailure e) {
                var found = cluster.unusable();
                if (found.isEmpty()) {
                    throw e;
                }
                LOG.warn("{}: {}", action.getPlatform(), found.get().why());
                unusable.put(found.get().base(), e);
                notes.add(found.get().why() + ", so an earlier base backup was taken; ");
            }
        }
    }

    /** From the newest base backup that is of use. Where none is, the first failure tells what is wrong with it. */
    private static RecoveryWay way(WalArchive archive, DerivePointInTime action, Map<WalBase, StepFailure> unusable)
            throws StepFailure, InterruptedException {
        try {
            return Disk.work(
                    archive.root(), () -> RecoveryWay.find(archive, action.getPointInTime(), unusable.keySet()));
        } catch (StepFailure e) {
            throw unusable.values().stream().findFirst().orElse(e);
        }
    }

    /** The dump goes beside the other restore points. */
    private static void requireRoom(DerivePointInTime action, long needed) throws StepFailure, InterruptedException {
        var folder = Path.of(action.getBackups());
        long free = Disk.work(folder, () -> Files.getFileStore(folder).getUsableSpace());
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the disk of %s has %s free and may need %s, %s of which stay free: free space"
                            .formatted(folder, Disk.size(free), Disk.size(needed), Disk.size(action.getReserve())));
        }
    }

    private Completed derived(
            Recovered recovered,
            Engine engine,
            DerivePointInTime action,
            Instant begun,
            List<String> notes,
            StepContext step)
            throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var server = recovered.server();
        var way = recovered.way();
        var lsn = recovered.lsn();
        var last = server.value("postgres", REPLAYED);
        var lastCommit = last.isEmpty() ? null : Instant.parse(last).truncatedTo(ChronoUnit.MILLIS);
        var asOf = way.moment() != null
                ? way.moment()
                : lastCommit != null ? lastCommit : way.base().at();
        var point = RestorePoint.at(action.getDirectory());
        var dumps = new RecoveredDatabases(server, engine, database, vault, step).dump(point, action.getJobs());
        int tables = 0;
        long rows = 0;
        for (var dumped : dumps) {
            tables += dumped.tables().size();
            rows += dumped.tables().stream().mapToLong(DumpRecord.Rows::rows).sum();
        }
        var names = dumps.stream().map(DumpRecord::database).toList();
        var took = Duration.between(begun, clock.instant());
        return new Completed(
                PointInTimeDerived.newBuilder()
                        .setAsOf(asOf.truncatedTo(ChronoUnit.MILLIS))
                        .setLastCommit(lastCommit)
                        .setLsn(lsn)
                        .setBase(way.base().id())
                        .setServerVersion(dumps.getFirst().serverVersion())
                        .setTables(tables)
                        .setRows(rows)
                        .setTook(took.toMillis())
                        .setDatabases(names)
                        .build(),
                String.format(
                        Locale.ROOT,
                        "%sas of %s (WAL up to %s%s), from base backup %s in %.1f s: %s%d tables, %,d rows",
                        String.join("", notes),
                        asOf,
                        lsn,
                        lastCommit == null ? "" : ", last transaction at " + lastCommit,
                        way.base().id(),
                        took.toMillis() / 1000.0,
                        names.size() == 1 ? "" : names.size() + " databases, ",
                        tables,
                        rows));
    }
}
