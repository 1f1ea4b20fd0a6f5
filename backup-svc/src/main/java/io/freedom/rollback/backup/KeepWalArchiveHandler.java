package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks after a platform's WAL archive, each time as if for the first time: what is missing is begun, what is broken is begun anew, and what
 * is kept no longer goes.
 */
final class KeepWalArchiveHandler implements StepHandler<KeepWalArchive> {
    /** A base backup that failed is tried again after that. */
    private static final Duration PAUSE = Duration.ofMinutes(10);

    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** At the end of backup_manifest. */
    private static final Pattern RANGE =
            Pattern.compile("\"Start-LSN\": *\"([0-9A-F/]+)\", *\"End-LSN\": *\"([0-9A-F/]+)\"");

    private static final int TAIL = 4096;

    /** Begins the note that what comes now does not follow what is archived; the orchestrator knows it. */
    private static final String GAP = "a gap: ";

    /** Looks in a row in which nobody fetches anything. */
    private static final int HOPELESS = 5;

    private final EngineProvider engines;
    private final InstantSource clock;
    private final Map<String, Integer> unfetched = new ConcurrentHashMap<>();

    KeepWalArchiveHandler(EngineProvider engines, InstantSource clock) {
        this.engines = engines;
        this.clock = clock;
    }

    @Override
    public Class<KeepWalArchive> action() {
        return KeepWalArchive.class;
    }

    @Override
    public Completed execute(KeepWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getDirectory(), action.getPlatform());
        var look = new Look(archive, action, step);
        if (!action.getWanted()) {
            look.end();
            return look.completed();
        }
        try {
            look.keep();
        } catch (StepFailure e) {
            look.fault = e.text();
        }
        if (action.getQuiet()) {
            return look.completed();
        }
        return Disk.work(archive.root(), () -> {
            int removed = archive.prune(Duration.ofMillis(action.getKeepFor()), clock.instant());
            if (removed > 0) {
                look.notes.add("removed " + removed + (removed == 1 ? " base backup" : " base backups")
                        + " that the way back does not need any more");
            }
            return look.completed();
        });
    }

    private final class Look {
        private final WalArchive archive;
        private final KeepWalArchive action;
        private final StepContext step;
        private final List<String> notes = new ArrayList<>();
        private @Nullable String fault;
        private boolean busy;

        Look(WalArchive archive, KeepWalArchive action, StepContext step) {
            this.archive = archive;
            this.action = action;
            this.step = step;
        }

        void keep() throws StepFailure, InterruptedException {
            var engine = engines.engine();
            var database = action.getDatabase();
            var containers = new WalContainers(engine, action.getPlatform(), step);
            var server = server(engine, containers);
            try (var connection = JdbcConnections.open(database, step)) {
                var source = new WalSource(connection, action.getPlatform(), step);
                source.require();
                requireRoom(containers);
                if (source.bound(action.getBound())) {
                    notes.add("set max_slot_wal_keep_size of the server to " + Disk.size(action.getBound()));
                }
                var run = run(server, source, containers);
                if (containers.receive(server, run, database, source)) {
                    notes.add("began to fetch the WAL of " + server.name());
                }
                adopt(run, source, containers);
                cover(run, source, containers);
                if (!action.getQuiet()) {
                    base(server, run, source, containers);
                }
            } catch (SQLException e) {
                throw JdbcConnections.failure(database, e);
            } catch (IOException e) {
                throw Disk.failure(archive.root(), e);
            }
        }

        /** Where it does not run, there is nothing to fetch from, and a network that nobody is in. */
        private EngineContainer server(Engine engine, WalContainers containers)
                throws StepFailure, InterruptedException {
            try {
                return engine.running(
                        action.getCompose().getProject(), action.getDatabase().getService());
            } catch (StepFailure e) {
                if (e.kind() == FailureKind.PRECONDITION) {
                    containers.end();
                }
                throw e;
            }
        }

        /** Without it the server keeps what is not fetched, up to its bound, and then there is a gap: restore points need the room more. */
        private void requireRoom(WalContainers containers) throws IOException, StepFailure, InterruptedException {
            PrivateFiles.createFolders(archive.root());
            long free = Files.getFileStore(archive.root()).getUsableSpace();
            if (free < action.getReserve()) {
                containers.end();
                // It may be what fills the disk.
                var current = archive.current();
                if (current.isPresent()) {
                    current.get().removeUnfinished();
                    current.get().removeHalfMade();
                }
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s has %s free, less than backups.reserve (%s): free space; the WAL is fetched again then"
                                .formatted(archive.root(), Disk.size(free), Disk.size(action.getReserve())));
            }
        }

        private WalArchive.Run run(EngineContainer server, WalSource source, WalContainers containers)
                throws IOException, SQLException, StepFailure, InterruptedException {
            var identifier = source.systemIdentifier();
            var current = archive.current();
            if (current.isPresent()) {
                var gap = gap(current.get(), identifier, source);
                if (gap.isEmpty()) {
                    return current.get();
                }
                step.checkpoint();
                current.get().end(gap.get(), now());
            }
            containers.end();
            source.reserve();
            unfetched.remove(action.getPlatform());
            var runs = archive.runs();
            if (!runs.isEmpty()) {
                notes.add(GAP + runs.getLast().about().why());
            }
            return archive.begin(new WalArchive.About(
                    NAME.format(now()) + "-" + identifier,
                    identifier,
                    source.version(),
                    server.imageId(),
                    source.segmentSize(),
                    now(),
                    null,
                    null));
        }

        /** Why what comes now does not follow what is archived; empty where it does. */
        private static Optional<String> gap(WalArchive.Run run, String identifier, WalSource source)
                throws IOException, SQLException, InterruptedException {
            if (!run.about().systemIdentifier().equals(identifier)) {
                return Optional.of("the server has another data directory");
            }
            var covered = run.covered();
            if (covered.isPresent() && source.position().compareTo(covered.get().position()) < 0) {
                return Optional.of("the server is at " + source.position()
                        + ", before what is archived: its data directory is an older one");
            }
            var lost = source.lost();
            return lost.isPresent() ? lost : run.gap().map(file -> "segment " + file + " is missing in " + run.wal());
        }

        private void cover(WalArchive.Run run, WalSource source, WalContainers containers)
                throws IOException, SQLException, StepFailure, InterruptedException {
            var covered = source.cover();
            if (covered.isPresent()) {
                if (!run.holds(covered.get().position())) {
                    containers.end();
                    throw new StepFailure(
                            FailureKind.PRECONDITION,
                            "what is fetched does not come into %s: mount it under the same path where the worker runs and where Docker does"
                                    .formatted(run.wal()));
                }
                step.checkpoint();
                run.cover(covered.get());
                unfetched.remove(action.getPlatform());
                return;
            }
            var said = containers.said();
            if (!source.isRead()) {
                // Whatever keeps it from it, its password or its files: it is begun anew, and in the end without what
                // it has.
                containers.endReceiver();
                boolean hopeless = unfetched.merge(action.getPlatform(), 1, Integer::sum) >= HOPELESS;
                if (hopeless && run.covered().isPresent()) {
                    step.checkpoint();
                    run.end("its WAL could not be fetched any more" + (said.isEmpty() ? "" : ": " + said), now());
                }
            }
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "what was committed is not fetched within 10 s"
                            + (said.isEmpty() ? "" : "; pg_receivewal says: " + said));
        }

        /** What was taken is taken over before it is said until when moments can be derived: they begin with it. */
        private void adopt(WalArchive.Run run, WalSource source, WalContainers containers)
                throws IOException, SQLException, StepFailure, InterruptedException {
            var taking = containers.taking(run);
            if (taking.isEmpty() || !taking.get().succeeded()) {
                return;
            }
            var name = taking.get().base();
            try {
                if (!run.has(name)) {
                    var base = made(run, name, source.size());
                    step.checkpoint();
                    run.adopt(base);
                    notes.add("base backup %s, %s".formatted(base.id(), Disk.size(base.bytes())));
                }
            } catch (IOException | StepFailure e) {
                notes.add("base backup " + name + " is of no use, another is taken: " + e.getMessage());
            }
            containers.remove(taking.get().id());
        }

        private void base(EngineContainer server, WalArchive.Run run, WalSource source, WalContainers containers)
                throws IOException, SQLException, StepFailure, InterruptedException {
            var taking = containers.taking(run);
            if (taking.isPresent() && taking.get().isRunning()) {
                busy = true;
                return;
            }
            var bases = run.complete();
            boolean due = bases.isEmpty() || isOlder(bases.getLast(), action.getBaseEvery());
            try {
                if (taking.isPresent()
                        && taking.get().ended().isAfter(clock.instant().minus(PAUSE))) {
                    run.removeUnfinished();
                    throw new StepFailure(
                            FailureKind.TOOL,
                            "the base backup failed, and is tried again ten minutes later: "
                                    + containers.said(taking.get()));
                }
                if (due) {
                    if (taking.isPresent()) {
                        containers.remove(taking.get().id());
                    }
                    take(server, run, source, containers);
                }
            } catch (StepFailure e) {
                // What can be derived from the one before can be derived for a while.
                if (bases.isEmpty() || isOlder(bases.getLast(), 2 * action.getBaseEvery())) {
                    throw e;
                }
                notes.add(e.text());
            }
        }

        private boolean isOlder(WalArchive.Base base, long millis) {
            return !base.at().plusMillis(millis).isAfter(clock.instant());
        }

        private void take(EngineContainer server, WalArchive.Run run, WalSource source, WalContainers containers)
                throws IOException, SQLException, StepFailure, InterruptedException {
            long needed = source.size() + action.getReserve();
            long free = Files.getFileStore(archive.root()).getUsableSpace();
            if (free < needed) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s has %s free, and a base backup may need %s, %s of which stay free: free space"
                                .formatted(
                                        archive.root(),
                                        Disk.size(free),
                                        Disk.size(needed),
                                        Disk.size(action.getReserve())));
            }
            run.removeUnfinished();
            containers.takeBase(server, run, NAME.format(now()), action.getDatabase(), source);
            busy = true;
        }

        private static WalArchive.Base made(WalArchive.Run run, String id, long cluster)
                throws IOException, StepFailure {
            var folder = run.making().resolve(id);
            var manifest = folder.resolve("backup_manifest");
            var range = RANGE.matcher(tail(manifest));
            if (!range.find()) {
                throw new StepFailure(
                        FailureKind.TOOL, manifest + " does not say which WAL the base backup needs: it is of no use");
            }
            int tablespaces = 0;
            long bytes = 0;
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    bytes += Files.size(file);
                    tablespaces += file.getFileName().toString().matches("\\d+\\.tar\\.gz") ? 1 : 0;
                }
            }
            var at = Files.getLastModifiedTime(manifest)
                    .toInstant()
                    .plusMillis(1)
                    .truncatedTo(ChronoUnit.MILLIS);
            return new WalArchive.Base(id, at, range.group(1), range.group(2), tablespaces, bytes, cluster);
        }

        private static String tail(Path file) throws IOException {
            try (var in = Files.newInputStream(file)) {
                in.skipNBytes(Math.max(0, Files.size(file) - TAIL));
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }

        /** Nothing is fetched any more, and the server keeps nothing for it. What is archived stays. */
        void end() throws StepFailure, InterruptedException {
            new WalContainers(engines.engine(), action.getPlatform(), step).end();
            try (var connection = JdbcConnections.open(action.getDatabase(), step)) {
                new WalSource(connection, action.getPlatform(), step).release();
            } catch (SQLException e) {
                throw JdbcConnections.failure(action.getDatabase(), e);
            }
            Disk.work(archive.root(), () -> {
                var current = archive.current();
                if (current.isPresent()) {
                    current.get().removeUnfinished();
                    current.get().end("nobody wants it any more", now());
                }
                return current;
            });
            notes.add("the WAL is not archived any more");
        }

        Completed completed() throws StepFailure, InterruptedException {
            return Disk.work(archive.root(), () -> {
                Instant from = null;
                Instant until = null;
                int bases = 0;
                for (var run : archive.runs()) {
                    var complete = run.complete();
                    var covered = run.covered().map(WalArchive.Covered::at).orElse(Instant.MIN);
                    bases += complete.size();
                    // Of the last one; what is before it, derive finds.
                    boolean known = !complete.isEmpty()
                            && !covered.isBefore(complete.getFirst().at());
                    from = known ? complete.getFirst().at() : null;
                    until = known ? covered.truncatedTo(ChronoUnit.MILLIS) : null;
                }
                var kept = WalArchiveKept.newBuilder()
                        .setFrom(from)
                        .setUntil(until)
                        .setFault(fault)
                        .setBusy(busy)
                        .setBases(bases)
                        .setBytes(archive.bytes())
                        .setNotes(List.copyOf(notes))
                        .build();
                return new Completed(kept, text(kept));
            });
        }

        private static String text(WalArchiveKept kept) {
            var window = kept.getFrom() == null || kept.getUntil() == null
                    ? "no moment can be derived yet"
                    : "any moment from " + kept.getFrom() + " to " + kept.getUntil() + " can be derived";
            return kept.getFault() == null ? window : window + "; " + kept.getFault();
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
