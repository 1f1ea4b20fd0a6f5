package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.io.IOException;
import java.nio.file.Files;
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
import org.jspecify.annotations.Nullable;

/** One look at a platform's WAL archive, as if it were the first: what is missing is begun, what is broken is begun anew. */
final class WalLook {
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** Begins the note that what comes now does not follow what is archived; the orchestrator knows it. */
    private static final String GAP = "a gap: ";

    /** Looks in a row in which nobody fetches anything. */
    private static final int HOPELESS = 5;

    /** A look has two minutes. What is left is sealed by the next. */
    private static final Duration BUDGET = Duration.ofSeconds(30);

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;
    private final BaseBackups bases;
    private final Map<String, Integer> unfetched;
    private final WalArchive archive;
    private final KeepWalArchive action;
    private final StepContext step;
    private final BaseLook base;
    private final List<String> notes = new ArrayList<>();
    private @Nullable String fault;
    private boolean busy;

    /** @param unfetched looks in a row in which nobody fetched anything, by platform */
    WalLook(
            EngineProvider engines,
            Vault vault,
            InstantSource clock,
            BaseBackups bases,
            Map<String, Integer> unfetched,
            KeepWalArchive action,
            StepContext step) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
        this.bases = bases;
        this.unfetched = unfetched;
        this.action = action;
        this.step = step;
        archive = WalArchive.of(action.getDirectory(), action.getPlatform());
        base = new BaseLook(bases, vault, clock, archive, action, step);
    }

    /** What is missing is begun; where that cannot be, the result says why. */
    void keep() throws InterruptedException {
        try {
            begin();
        } catch (StepFailure e) {
            fault = e.text();
        }
    }

    private void begin() throws StepFailure, InterruptedException {
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
            cover(run, source, containers);
            if (!action.getQuiet()) {
                base.take(engine, server, run, source, containers);
            }
        } catch (SQLException e) {
            throw JdbcConnections.failure(database, e);
        } catch (IOException e) {
            throw Disk.failure(archive.root(), e);
        }
    }

    private void endAll(WalContainers containers) throws StepFailure, InterruptedException {
        bases.end(action.getPlatform());
        containers.end();
    }

    /** Whatever became of the rest of the look: what is archived is sealed. */
    void seal() throws InterruptedException {
        try {
            Disk.work(archive.root(), () -> {
                busy |= new WalSealing(vault, step).seal(archive, BUDGET);
                return archive;
            });
        } catch (StepFailure e) {
            var text = "what is archived is not sealed: " + e.text();
            fault = fault == null ? text : fault + "; " + text;
        }
        try {
            Disk.work(archive.root(), () -> {
                base.seal();
                return archive;
            });
        } catch (StepFailure e) {
            // What a release before has left: it is archived, as all that follows is.
            notes.add("a base backup stays in clear: " + e.text());
        }
    }

    /** Where it does not run, there is nothing to fetch from, and a network that nobody is in. */
    private EngineContainer server(Engine engine, WalContainers containers) throws StepFailure, InterruptedException {
        try {
            return engine.running(
                    action.getCompose().getProject(), action.getDatabase().getService());
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.PRECONDITION) {
                endAll(containers);
            }
            throw e;
        }
    }

    /** Without it the server keeps what is not fetched, up to its bound, and then there is a gap: restore points need the room more. */
    private void requireRoom(WalContainers containers) throws IOException, StepFailure, InterruptedException {
        PrivateFiles.createFolders(archive.root());
        long free = Files.getFileStore(archive.root()).getUsableSpace();
        if (free < action.getReserve()) {
            endAll(containers);
            // It may be what fills the disk.
            var current = archive.current();
            if (current.isPresent()) {
                current.get().removeUnfinished();
                current.get().emptyHalfMade();
            }
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has %s free, less than backups.reserve (%s): free space; the WAL is fetched again then"
                            .formatted(archive.root(), Disk.size(free), Disk.size(action.getReserve())));
        }
    }

    private WalRun run(EngineContainer server, WalSource source, WalContainers containers)
            throws IOException, SQLException, StepFailure, InterruptedException {
        var identifier = source.systemIdentifier();
        var current = archive.current();
        if (current.isPresent()) {
            base.adopt(current.get());
            var gap = gap(current.get(), identifier, source);
            if (gap.isEmpty()) {
                return current.get();
            }
            endAll(containers);
            base.adopt(current.get()); // it may have been complete by then
            current.get().removeUnfinished();
            step.checkpoint();
            current.get().end(gap.get(), now());
        } else {
            endAll(containers);
        }
        source.reserve();
        unfetched.remove(action.getPlatform());
        var runs = archive.runs();
        if (!runs.isEmpty()) {
            notes.add(GAP + runs.getLast().about().why());
        }
        return archive.begin(new WalRun.About(
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
    private static Optional<String> gap(WalRun run, String identifier, WalSource source)
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

    private void cover(WalRun run, WalSource source, WalContainers containers)
            throws IOException, SQLException, StepFailure, InterruptedException {
        var covered = source.cover();
        if (covered.isPresent()) {
            if (!run.holds(covered.get().position())) {
                endAll(containers);
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "what is fetched does not come into %s: mount it under the same path where the worker runs and where Docker does"
                                .formatted(run.wal()));
            }
            step.checkpoint();
            run.cover(covered.get());
            unfetched.remove(action.getPlatform());
            finishSegment(run, source);
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

    /**
     * What goes to the store are finished segments, and on a quiet server one fills for hours. Nothing is finished that nobody but us has written to:
     * each is 16 MiB for the server to write, however little is in it.
     */
    private void finishSegment(WalRun run, WalSource source)
            throws IOException, SQLException, StepFailure, InterruptedException {
        var covered = run.covered().orElseThrow();
        if (action.getQuiet() || action.getSwitchAfter() == 0 || !isUnfinishedTooLong(run, covered)) {
            return;
        }
        step.checkpoint();
        boolean may = source.finishSegment();
        run.setHindrance(may ? null : mayNotFinish());
        if (!may) {
            notes.add("the store has what is committed once a segment is full: " + mayNotFinish());
            return;
        }
        // With something in the next, this one can be sealed.
        var next = source.cover();
        if (next.isPresent()) {
            step.checkpoint();
            run.cover(next.get());
        }
    }

    private String mayNotFinish() {
        var database = action.getDatabase();
        return "the role %s may not finish one before: let a superuser, in the database %s, GRANT EXECUTE ON FUNCTION pg_switch_wal() TO \"%s\""
                .formatted(
                        database.getUser(),
                        database.getName(),
                        database.getUser().replace("\"", "\"\""));
    }

    private boolean isUnfinishedTooLong(WalRun run, WalCovered covered) throws IOException {
        var marks = run.marks();
        if (marks.isEmpty()) {
            return !run.about().began().plusMillis(action.getSwitchAfter()).isAfter(covered.at());
        }
        var finished = marks.getLast();
        return finished.isBehind(covered)
                && !finished.at().plusMillis(action.getSwitchAfter()).isAfter(covered.at());
    }

    /** Nothing is fetched any more, and the server keeps nothing for it. What is archived stays. */
    void end() throws StepFailure, InterruptedException {
        endAll(new WalContainers(engines.engine(), action.getPlatform(), step));
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
            int count = 0;
            for (var run : archive.runs()) {
                var complete = run.beginnings();
                var covered = run.covered().map(WalCovered::at).orElse(Instant.MIN);
                count += run.complete().size();
                // Of the last one; what is before it, derive finds.
                boolean known = !complete.isEmpty()
                        && !covered.isBefore(complete.getFirst().at());
                from = known ? complete.getFirst().at() : null;
                until = known ? covered.truncatedTo(ChronoUnit.MILLIS) : null;
            }
            notes.addAll(base.notes());
            var kept = WalArchiveKept.newBuilder()
                    .setFrom(from)
                    .setUntil(until)
                    .setFault(fault)
                    .setBusy(busy || base.isBusy())
                    .setBases(count)
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

    /** What is kept no longer goes. */
    void prune() throws StepFailure, InterruptedException {
        int removed =
                Disk.work(archive.root(), () -> archive.prune(Duration.ofMillis(action.getKeepFor()), clock.instant()));
        if (removed > 0) {
            notes.add("removed " + removed + (removed == 1 ? " base backup" : " base backups")
                    + " that the way back does not need any more");
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
