package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveFetched;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;

/** Brings back from the store what a moment is derived from, where the archive on disk does not have it: because the disk was lost. */
final class FetchWalArchiveHandler implements StepHandler<FetchWalArchive> {
    private final InstantSource clock;

    FetchWalArchiveHandler(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Class<FetchWalArchive> action() {
        return FetchWalArchive.class;
    }

    @Override
    public Completed execute(FetchWalArchive action, StepContext step) throws StepFailure, InterruptedException {
        var archive = WalArchive.of(action.getDirectory(), action.getPlatform());
        var missing = Disk.work(archive.root(), () -> missing(archive, action.getPointInTime()));
        if (missing.isEmpty()) {
            return new Completed(new WalArchiveFetched(null, null, 0, 0L), "the archive on disk has it");
        }
        try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
            return Disk.work(archive.root(), () -> fetch(action, archive, missing.get(), store, step));
        }
    }

    /** Why it cannot be derived from what is on disk; empty where it can. */
    private static Optional<StepFailure> missing(WalArchive archive, String moment) throws IOException, StepFailure {
        try {
            var _ = RecoveryWay.find(archive, moment);
            return Optional.empty();
        } catch (StepFailure e) {
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            return Optional.of(e);
        }
    }

    private Completed fetch(
            FetchWalArchive action, WalArchive archive, StepFailure missing, S3Store store, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var there = StoredRun.of(store.list(StoreKeys.WAL));
        var mirror = Files.createTempDirectory("rollback-");
        try {
            var way = way(action.getPointInTime(), new WalArchive(mirror), there.values(), missing, store);
            var about = way.run().about();
            var stored = there.get(about.id());
            if (stored == null || !stored.hasBase(way.base().id())) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        store.name(StoreKeys.WAL) + " has run " + about.id()
                                + " under another name: somebody has moved it");
            }
            var run = new WalArchive.Run(archive.root().resolve(about.id()), about);
            requireOurs(run);
            PrivateFiles.createFolders(archive.root());
            try (var _ = archive.use(step.rollbackId())) {
                return new WalRunFetch(store, stored, run, action.getReserve(), step)
                        .fetch(way, way.run().chain(way.base()), clock.instant());
            }
        } finally {
            PrivateFiles.delete(mirror);
        }
    }

    /** Found as on the disk, from the small files alone. */
    private static RecoveryWay way(
            String moment, WalArchive mirror, Collection<StoredRun> there, StepFailure missing, S3Store store)
            throws IOException, StepFailure, InterruptedException {
        for (var run : there) {
            bring(run, WalArchive.ABOUT, mirror, store);
            bring(run, WalArchive.COVERED, mirror, store);
            for (var base : run.bases()) {
                bring(run, StoredRun.base(base, WalArchive.BASE), mirror, store);
            }
            name(run, mirror);
        }
        try {
            return RecoveryWay.find(mirror, moment);
        } catch (StepFailure e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    missing.text() + ". In the store " + store.name(StoreKeys.WAL) + ": "
                            + e.text().replace(mirror.root().toString(), "it"),
                    e);
        }
    }

    /** Which segments there are tells which base backups recovery can begin from. */
    private static void name(StoredRun run, WalArchive mirror) throws IOException {
        var folder = mirror.root().resolve(run.id()).resolve("wal");
        PrivateFiles.createFolders(folder);
        for (var path : run.files().keySet()) {
            var file = mirror.root().resolve(run.id()).resolve(path).normalize();
            if (folder.equals(file.getParent())) {
                Files.createFile(file);
            }
        }
    }

    private static void bring(StoredRun run, String path, WalArchive mirror, S3Store store)
            throws IOException, StepFailure, InterruptedException {
        if (run.has(path)) {
            var file = mirror.root().resolve(run.id()).resolve(path).normalize();
            if (!file.startsWith(mirror.root())) {
                throw new StepFailure(FailureKind.MISMATCH, store.name(run.key(path)) + " is no file of ours");
            }
            PrivateFiles.createParent(file);
            Files.writeString(file, new String(store.bytes(run.key(path)), StandardCharsets.UTF_8));
        }
    }

    /** What is archived here is not mixed with what comes. */
    private static void requireOurs(WalArchive.Run run) throws StepFailure {
        if (Files.exists(run.folder()) && !run.isFetched()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the store has that moment, in a run of WAL that is on disk with less: move " + run.folder()
                            + " away to have it fetched");
        }
    }
}
