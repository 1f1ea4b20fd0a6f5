package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
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
        refresh(archive, action, step);
        var unusable = new LinkedHashMap<WalBase, StepFailure>();
        var notes = new ArrayList<String>();
        while (true) {
            var way = way(archive, action, unusable);
            var cluster = Disk.work(way.run().bases(), () -> RecoveredCluster.of(way.run(), way.base(), vault, step));
            try {
                return derived(cluster, action, way, begun, notes, step);
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

    private Completed derived(
            RecoveredCluster cluster,
            DerivePointInTime action,
            RecoveryWay way,
            Instant begun,
            List<String> notes,
            StepContext step)
            throws StepFailure, InterruptedException {
        if (way.base().tablespaces() > 0) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the server has " + way.base().tablespaces()
                            + " tablespaces of its own, and recovery to a moment knows none: choose a restore point");
        }
        var engine = engines.engine();
        var image = image(engine, action, way);
        requireRoom(engine, image, action, way, cluster);
        var feed = Disk.work(way.run().wal(), () -> WalFeed.of(way.run(), way.base(), vault, window));
        try (var server = TrialServer.recover(
                engine,
                image,
                action.getDatabase().getUser(),
                cluster,
                feed,
                way.target(),
                "derive-" + step.platform(),
                step)) {
            return derived(server, feed, engine, action, way, begun, notes, step);
        }
    }

    /** The archive as it is this very moment; without it, as it was when somebody last looked. */
    private static void refresh(WalArchive archive, DerivePointInTime action, StepContext step)
            throws StepFailure, InterruptedException {
        var current = Disk.work(archive.root(), archive::current);
        if (current.isEmpty()) {
            return;
        }
        try (var connection = JdbcConnections.open(action.getDatabase(), step)) {
            var source = new WalSource(connection, action.getPlatform(), step);
            if (source.systemIdentifier().equals(current.get().about().systemIdentifier())) {
                var covered = source.cover();
                if (covered.isPresent()) {
                    step.checkpoint();
                    Disk.work(archive.root(), () -> {
                        current.get().cover(covered.get());
                        return covered;
                    });
                }
            }
        } catch (SQLException | StepFailure e) {
            LOG.info("{}: its server does not tell what is archived: {}", action.getPlatform(), e.getMessage());
        }
    }

    /** Of the server as it is, or as it was; but a newer one does not read what an older one wrote. */
    private static String image(Engine engine, DerivePointInTime action, RecoveryWay way)
            throws StepFailure, InterruptedException {
        var service = action.getDatabase().getService();
        var image = engine.containers(action.getCompose().getProject()).stream()
                .filter(container -> container.service().equals(service) && !container.oneOff())
                .findFirst()
                .map(EngineContainer::imageId)
                .orElse(way.run().about().image());
        var major = ServerImage.major(way.run().about().serverVersion());
        var has = ServerImage.of(engine.runAside(image, ServerImage.QUESTION, Duration.ofMinutes(1))
                        .stdout())
                .version()
                .map(ServerImage::major);
        if (has.isPresent() && !VersionRules.sharesFiles(has.get(), major)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the WAL archive is of PostgreSQL " + major + ", and the platform's server is " + has.get()
                            + ": it can be derived from once the server is as then");
        }
        return image;
    }

    /** What is recovered goes to the engine's disk, where the platform's own data may be, and the dump beside the other restore points. */
    private void requireRoom(
            Engine engine, String image, DerivePointInTime action, RecoveryWay way, RecoveredCluster cluster)
            throws StepFailure, InterruptedException {
        long dump = 2 * way.base().cluster() + WalFeed.room(way.run(), way.base(), window) + action.getReserve();
        long needed = dump + cluster.room();
        var said = engine.runAside(image, "df -Pk / | tail -n 1", Duration.ofMinutes(1))
                .stdout();
        var words = said.strip().split("\\s+", -1);
        long free = words.length > 3 && words[3].matches("\\d+") ? Long.parseLong(words[3]) << 10 : Long.MAX_VALUE;
        long beside = Disk.work(
                Path.of(action.getBackups()),
                () -> Files.getFileStore(Path.of(action.getBackups())).getUsableSpace());
        if (free < needed || beside < dump) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the engine's disk has %s free and may need %s, that of %s has %s and may need %s, %s of which stay free: free space"
                            .formatted(
                                    Disk.size(free),
                                    Disk.size(needed),
                                    action.getBackups(),
                                    Disk.size(beside),
                                    Disk.size(dump),
                                    Disk.size(action.getReserve())));
        }
    }

    private Completed derived(
            TrialServer server,
            WalFeed feed,
            Engine engine,
            DerivePointInTime action,
            RecoveryWay way,
            Instant begun,
            List<String> notes,
            StepContext step)
            throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var lsn = server.value("postgres", "SELECT pg_last_wal_replay_lsn()");
        var replayed = Lsn.of(lsn).orElse(new Lsn(0));
        if (way.target().isEmpty() && replayed.compareTo(way.covered().position()) < 0) {
            server.requireRoom();
            if (feed.unusable().isPresent()) {
                throw feed.unusable().get();
            }
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the WAL archive is damaged: its replay ends at " + lsn + ", though all up to "
                            + way.covered().lsn()
                            + " was archived; choose a moment before, or a restore point; or, where a store has it, move "
                            + way.run().folder() + " away and derive again");
        }
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
