package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a look at a WAL archive does about its base backups: takes over what was taken, begins the next, seals what is in clear. */
final class BaseLook {
    /** One that failed is tried again after that. */
    private static final Duration PAUSE = Duration.ofMinutes(10);

    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final BaseBackups bases;
    private final Vault vault;
    private final InstantSource clock;
    private final WalArchive archive;
    private final KeepWalArchive action;
    private final StepContext step;
    private final List<String> notes = new ArrayList<>();
    private boolean busy;

    BaseLook(
            BaseBackups bases,
            Vault vault,
            InstantSource clock,
            WalArchive archive,
            KeepWalArchive action,
            StepContext step) {
        this.bases = bases;
        this.vault = vault;
        this.clock = clock;
        this.archive = archive;
        this.action = action;
        this.step = step;
    }

    /** For people. */
    List<String> notes() {
        return notes;
    }

    /** Whether one is being taken. */
    boolean isBusy() {
        return busy;
    }

    /** What was taken is taken over before it is said until when moments can be derived: they begin with it. */
    void adopt(WalRun run) throws IOException {
        for (var base : run.finishedBases()) {
            step.checkpoint();
            run.adopt(base);
            notes.add("base backup %s, %s%s".formatted(base.id(), Disk.size(base.bytes()), how(base)));
        }
    }

    private static String how(WalBase base) {
        var made = base.made();
        if (made == null) {
            return "";
        }
        return made.after() != null
                ? ", incremental to " + made.after()
                : made.why() == null ? "" : ", a full one: " + made.why();
    }

    /** Begins one that is due. */
    void take(Engine engine, EngineContainer server, WalRun run, WalSource source, WalContainers containers)
            throws IOException, SQLException, StepFailure, InterruptedException {
        if (bases.isAtWork(action.getPlatform())) {
            busy = true;
            return;
        }
        // Of a worker that has died.
        containers.removeBases();
        int known = run.complete().size();
        adopt(run); // It may be over since this look began.
        step.checkpoint();
        run.removeUnfinished();
        var complete = run.complete();
        busy |= complete.size() > known; // The next look knows whether what it needs is archived.
        boolean due = complete.isEmpty()
                || isOlder(complete.getLast(), action.getBaseEvery())
                || run.isDistrusted(complete.getLast());
        try {
            requirePause(bases.taking(action.getPlatform(), run), "the base backup");
            if (due) {
                begin(engine, server, run, source, containers);
            }
        } catch (StepFailure e) {
            // What can be derived from the one before can be derived for a while.
            if (complete.isEmpty() || isOlder(complete.getLast(), 2 * action.getBaseEvery())) {
                throw e;
            }
            notes.add(e.text());
        }
    }

    /** Where the disk was full, another is begun once there is room. */
    private void requirePause(Optional<BaseBackups.Failed> failed, String what) throws StepFailure {
        if (failed.isPresent()
                && !Disk.isFull(failed.get().why())
                && failed.get().at().isAfter(clock.instant().minus(PAUSE))) {
            throw new StepFailure(
                    failed.get().why().kind(),
                    what + " failed, and is tried again ten minutes later: "
                            + failed.get().why().text());
        }
    }

    private boolean isOlder(WalBase base, long millis) {
        return !base.at().plusMillis(millis).isAfter(clock.instant());
    }

    private void requireRoom(long bytes, String what) throws IOException, StepFailure {
        long needed = bytes + action.getReserve();
        long free = Files.getFileStore(archive.root()).getUsableSpace();
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has %s free, and %s may need %s, %s of which stay free: free space"
                            .formatted(
                                    archive.root(),
                                    Disk.size(free),
                                    what,
                                    Disk.size(needed),
                                    Disk.size(action.getReserve())));
        }
    }

    private void begin(Engine engine, EngineContainer server, WalRun run, WalSource source, WalContainers containers)
            throws IOException, SQLException, StepFailure, InterruptedException {
        requireRoom(source.size(), "a base backup");
        source.requireNoTablespaces();
        var now = clock.instant();
        while (run.has(NAME.format(now))) {
            now = now.plusSeconds(1);
        }
        var id = NAME.format(now);
        var taking = taking(engine, server, run, source, containers, id);
        step.checkpoint();
        bases.take(action.getPlatform(), taking);
        busy = true;
    }

    private BaseTaking taking(
            Engine engine, EngineContainer server, WalRun run, WalSource source, WalContainers containers, String id)
            throws IOException, SQLException, StepFailure, InterruptedException {
        var database = action.getDatabase();
        var full = containers.base(server, run, id, database, source);
        if (!VersionRules.takesIncrements(source.version())) {
            return new BaseTaking(engine, run, id, source.size(), full, Optional.empty(), Optional.empty());
        }
        boolean checksums = source.checksums();
        var next = NextBase.of(run, vault, checksums, obstacle(source));
        var after = Optional.ofNullable(next.after());
        var sidecar = containers.base(server, run, id, database, source, BaseTaking.OPTION);
        return new BaseTaking(
                engine,
                run,
                id,
                source.size(),
                full,
                after.map(base -> new BaseTaking.Increment(base, sidecar)),
                Optional.of(new BaseTaking.Kind(checksums, next.why())));
    }

    /** Why the server cannot tell what has changed since the last one; empty where it can. */
    private Optional<String> obstacle(WalSource source) throws SQLException, InterruptedException {
        if (source.summarizes()) {
            return Optional.empty();
        }
        if (!action.getSummarize()) {
            return Optional.of(
                    "summarize_wal of the server is off; `summarize: true` below `backups.wal` of the descriptor switches it on");
        }
        return Optional.of(source.summarize().orElse("summarize_wal of the server was off until now"));
    }

    /** One of a release that did not; it may take hours. */
    void seal() throws IOException, StepFailure {
        if (bases.isAtWork(action.getPlatform())) {
            return;
        }
        requirePause(bases.sealing(action.getPlatform()), "sealing a base backup");
        for (var run : archive.runs()) {
            for (var base : run.complete()) {
                var file = new BaseArchive(run.base(base.id()), vault).found();
                if (file.isPresent() && vault.leavesInClear(file.get())) {
                    requireRoom(base.bytes(), "the base backup " + base.id());
                    bases.seal(action.getPlatform(), file.get());
                    return;
                }
            }
        }
    }
}
