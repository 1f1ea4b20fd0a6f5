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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a restore point of a moment of which none was taken: a throwaway server is recovered from the WAL archive to it, and the database dumped
 * from there. The platform goes on meanwhile, or is gone.
 */
final class DerivePointInTimeHandler implements StepHandler<DerivePointInTime> {
    private static final Logger LOG = LoggerFactory.getLogger(DerivePointInTimeHandler.class);
    private static final int RENAMED = 10;
    private static final String LATEST = "latest";
    private static final String POSITION = "lsn:";
    /** While settings are read, the server knows no names of time zones, not even Z. */
    private static final DateTimeFormatter SETTING = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSSSSSx", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final String REPLAYED = "SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC',"
            + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    DerivePointInTimeHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<DerivePointInTime> action() {
        return DerivePointInTime.class;
    }

    /** Where recovery begins and ends. */
    private record Way(
            WalArchive.Run run,
            WalArchive.Base base,
            WalArchive.Covered covered,
            List<String> target,
            @Nullable Instant moment) {}

    @Override
    public Completed execute(DerivePointInTime action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getBackups(), action.getPlatform());
        return Disk.work(archive.root(), () -> {
            if (archive.runs().isEmpty()) {
                throw nothing(archive);
            }
            try (var _ = archive.use(step.rollbackId())) {
                return derive(archive, action, step);
            }
        });
    }

    private static StepFailure nothing(WalArchive archive) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "there is no WAL archive in " + archive.root()
                        + " that anything can be derived from yet (`backups.wal` of the descriptor begins one): choose a restore point");
    }

    private Completed derive(WalArchive archive, DerivePointInTime action, StepContext step)
            throws StepFailure, InterruptedException {
        var begun = clock.instant();
        refresh(archive, action, step);
        var way = Disk.work(archive.root(), () -> way(archive, action.getPointInTime()));
        if (way.base().tablespaces() > 0) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the server has " + way.base().tablespaces()
                            + " tablespaces of its own, and recovery to a moment knows none: choose a restore point");
        }
        var engine = engines.engine();
        var image = image(engine, action, way);
        requireRoom(engine, image, action, way);
        // The throwaway server runs as somebody else; nobody but us reaches the folder that they are in.
        Disk.work(way.run().wal(), () -> readable(way));
        try (var server = TrialServer.recover(
                engine,
                image,
                action.getDatabase().getUser(),
                way.run().base(way.base().id()),
                way.run().wal(),
                way.target(),
                "derive-" + step.platform(),
                step)) {
            return derived(server, engine, action, way, begun, step);
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

    private static Way way(WalArchive archive, String asked) throws IOException, StepFailure {
        var windows = new ArrayList<String>();
        Optional<Way> found = Optional.empty();
        for (var run : archive.runs().reversed()) {
            var bases = run.complete();
            var covered = run.covered();
            if (bases.isEmpty()
                    || covered.isEmpty()
                    || covered.get().at().isBefore(bases.getFirst().at())) {
                continue;
            }
            var way = way(run, bases, covered.get(), asked);
            if (found.isEmpty()) {
                found = way;
            } else if (way.isPresent()
                    && !way.get()
                            .run()
                            .about()
                            .systemIdentifier()
                            .equals(found.get().run().about().systemIdentifier())
                    && asked.startsWith(POSITION)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        asked + " is a position of two data directories, one after the other: name a time");
            }
            windows.add(
                    "from " + bases.getFirst().at() + " (" + bases.getFirst().endLsn() + ") to "
                            + covered.get().at() + " (" + covered.get().lsn() + ")");
        }
        if (found.isPresent()) {
            return found.get();
        }
        throw windows.isEmpty()
                ? nothing(archive)
                : new StepFailure(
                        FailureKind.PRECONDITION,
                        asked + " is not in the WAL archive, which reaches " + String.join(", and ", windows)
                                + ": choose a moment in it, or a restore point");
    }

    private static Optional<Way> way(
            WalArchive.Run run, List<WalArchive.Base> bases, WalArchive.Covered covered, String asked)
            throws StepFailure {
        // One that was just taken may need what is not known to be archived.
        var usable = bases.reversed().stream()
                .filter(base -> base.end().compareTo(covered.position()) <= 0
                        && !base.at().isAfter(covered.at()))
                .toList();
        if (asked.equals(LATEST)) {
            return usable.stream().findFirst().map(base -> new Way(run, base, covered, List.of(), null));
        }
        if (asked.startsWith(POSITION)) {
            var lsn = Lsn.of(asked.substring(POSITION.length())).orElseThrow(() -> unintelligible(asked));
            return covered.position().compareTo(lsn) < 0
                    ? Optional.empty()
                    : usable.stream()
                            .filter(base -> base.end().compareTo(lsn) <= 0)
                            .findFirst()
                            .map(base -> new Way(
                                    run,
                                    base,
                                    covered,
                                    // What begins there is not in it.
                                    List.of("-crecovery_target_lsn=" + lsn, "-crecovery_target_inclusive=off"),
                                    null));
        }
        var moment = moment(asked);
        return covered.at().isBefore(moment)
                ? Optional.empty()
                : usable.stream()
                        .filter(base -> !base.at().isAfter(moment))
                        .findFirst()
                        .map(base -> new Way(
                                run,
                                base,
                                covered,
                                List.of("-crecovery_target_time=" + SETTING.format(moment)),
                                moment));
    }

    private static Instant moment(String asked) throws StepFailure {
        try {
            return OffsetDateTime.parse(asked).toInstant();
        } catch (DateTimeParseException e) {
            throw unintelligible(asked);
        }
    }

    private static StepFailure unintelligible(String asked) {
        return new StepFailure(
                FailureKind.INVALID,
                "\"" + asked + "\" is no point in time: write latest, lsn:0/3016588 or 2026-11-26T09:11:06Z");
    }

    /** Of the server as it is, or as it was; but a newer one does not read what an older one wrote. */
    private static String image(Engine engine, DerivePointInTime action, Way way)
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
    private static void requireRoom(Engine engine, String image, DerivePointInTime action, Way way)
            throws StepFailure, InterruptedException {
        long needed = 2 * way.base().cluster() + action.getReserve();
        var said = engine.runAside(image, "df -Pk / | tail -n 1", Duration.ofMinutes(1))
                .stdout();
        var words = said.strip().split("\\s+", -1);
        long free = words.length > 3 && words[3].matches("\\d+") ? Long.parseLong(words[3]) << 10 : Long.MAX_VALUE;
        long beside = Disk.work(
                Path.of(action.getBackups()),
                () -> Files.getFileStore(Path.of(action.getBackups())).getUsableSpace());
        if (Math.min(free, beside) < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the engine's disk has %s free and that of %s %s, and each may need %s, %s of which stay free: free space"
                            .formatted(
                                    Disk.size(free),
                                    action.getBackups(),
                                    Disk.size(beside),
                                    Disk.size(needed),
                                    Disk.size(action.getReserve())));
        }
    }

    private static Way readable(Way way) throws IOException {
        boolean whole = false;
        // One is renamed while they are listed, now and then.
        for (int attempt = 0; !whole && attempt < RENAMED; attempt++) {
            whole = true;
            List<Path> listed;
            try (var files = Files.list(way.run().wal())) {
                listed = files.toList();
            }
            for (var file : listed) {
                try {
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
                } catch (NoSuchFileException e) {
                    whole = false;
                }
            }
        }
        Files.setPosixFilePermissions(way.run().wal(), PosixFilePermissions.fromString("rwxr-xr-x"));
        return way;
    }

    private Completed derived(
            TrialServer server, Engine engine, DerivePointInTime action, Way way, Instant begun, StepContext step)
            throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        var lsn = server.value("postgres", "SELECT pg_last_wal_replay_lsn()");
        var replayed = Lsn.of(lsn).orElse(new Lsn(0));
        if (way.target().isEmpty() && replayed.compareTo(way.covered().position()) < 0) {
            server.requireRoom();
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the WAL archive is damaged: its replay ends at " + lsn + ", though all up to "
                            + way.covered().lsn() + " was archived; choose a moment before, or a restore point");
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
                        "as of %s (WAL up to %s%s), from base backup %s in %.1f s: %s%d tables, %,d rows",
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
