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
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Brings back from the store what a moment is derived from, where the archive on disk does not have it: because the disk was lost. */
final class FetchWalArchiveHandler implements StepHandler<FetchWalArchive> {
    /** Of a segment, as `initdb` takes it. */
    private static final long SMALLEST = 1 << 20;

    private static final long LARGEST = 1 << 30;

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
        return Disk.work(archive.root(), () -> execute(action, archive, step));
    }

    private Completed execute(FetchWalArchive action, WalArchive archive, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        try {
            var way = RecoveryWay.find(archive, action.getPointInTime(), broken(archive));
            return new Completed(
                    new WalArchiveFetched(null, null, 0, 0L),
                    "the archive on disk has it"
                            + (way.run().goesOn()
                                    ? ""
                                    : ", in a run that ends at " + way.covered().at()));
        } catch (StepFailure missing) {
            if (missing.kind() != FailureKind.PRECONDITION) {
                throw missing;
            }
            try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
                return fetch(action, archive, missing, store, step);
            }
        }
    }

    /** Base backups on disk that lack one that they are incremental to, or the WAL that they begin with: the store may have it. */
    private static Set<WalArchive.Base> broken(WalArchive archive) throws IOException, InterruptedException {
        var broken = new HashSet<WalArchive.Base>();
        for (var run : archive.runs()) {
            for (var base : run.beginnings()) {
                try {
                    var _ = run.chain(base);
                    if (!run.holds(base.start())) {
                        broken.add(base);
                    }
                } catch (DamagedException e) {
                    broken.add(base);
                }
            }
        }
        return broken;
    }

    private Completed fetch(
            FetchWalArchive action, WalArchive archive, StepFailure missing, S3Store store, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var there = StoredRun.of(store.list(StoreKeys.WAL));
        var mirror = new WalArchive(Files.createTempDirectory("rollback-"));
        try {
            bring(there.values(), mirror, store);
            PrivateFiles.createFolders(archive.root());
            try (var _ = archive.use(step.rollbackId())) {
                return fetch(action, archive, mirror, there, missing, store, step);
            }
        } finally {
            PrivateFiles.delete(mirror.root());
        }
    }

    /** Passes over base backups that are damaged there, as deriving does over those on disk. */
    private Completed fetch(
            FetchWalArchive action,
            WalArchive archive,
            WalArchive mirror,
            Map<String, StoredRun> there,
            StepFailure missing,
            S3Store store,
            StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var unusable = new LinkedHashMap<WalArchive.Base, StepFailure>();
        while (true) {
            var way = way(action.getPointInTime(), mirror, unusable, missing, store);
            var about = way.run().about();
            var stored = Objects.requireNonNull(there.get(about.id()));
            var run = new WalArchive.Run(archive.root().resolve(about.id()), about);
            requireOurs(run);
            var fetch = new WalRunFetch(store, stored, run, action.getReserve(), step);
            try {
                var chain = way.run().chain(way.base());
                try {
                    var fetched = fetch.fetch(way, chain, clock.instant());
                    return new Completed(fetched.result(), passedOver(unusable.keySet()) + fetched.detail());
                } catch (StepFailure e) {
                    unusable.put(fetch.damaged(chain).orElseThrow(() -> e), e);
                }
            } catch (DamagedException e) {
                var said = String.valueOf(e.getMessage())
                        .replace(
                                mirror.root().toString(),
                                store.name(StoreKeys.WAL).replaceFirst("/$", ""));
                unusable.put(
                        way.base(),
                        new StepFailure(
                                FailureKind.MISMATCH,
                                said + ": choose a moment that needs another base backup, or a restore point",
                                e));
            }
        }
    }

    private static String passedOver(Set<WalArchive.Base> unusable) {
        return unusable.stream()
                .map(base -> "base backup " + base.id()
                        + " is damaged in the store, so one that does without it was taken; ")
                .collect(Collectors.joining());
    }

    /** Found as on the disk, from the small files alone. Where none is left, the first failure tells what is wrong. */
    private static RecoveryWay way(
            String moment,
            WalArchive mirror,
            Map<WalArchive.Base, StepFailure> unusable,
            StepFailure missing,
            S3Store store)
            throws IOException, StepFailure {
        try {
            return RecoveryWay.find(mirror, moment, unusable.keySet());
        } catch (StepFailure e) {
            if (!unusable.isEmpty()) {
                throw unusable.values().iterator().next();
            }
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    missing.text() + ". In the store " + store.name(StoreKeys.WAL) + ": "
                            + e.text().replace(mirror.root().toString(), "it"),
                    e);
        }
    }

    private static void bring(Collection<StoredRun> there, WalArchive mirror, S3Store store)
            throws IOException, StepFailure, InterruptedException {
        for (var run : there) {
            bring(run, WalArchive.ABOUT, mirror, store);
            bring(run, WalArchive.COVERED, mirror, store);
            for (var base : run.bases()) {
                bring(run, StoredRun.base(base, WalArchive.BASE), mirror, store);
            }
            name(run, mirror);
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
            var text = new String(store.bytes(run.key(path)), StandardCharsets.UTF_8);
            if (!isOurs(run, path, text)) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        store.name(run.key(path)) + " is not what was sent there: somebody has changed or moved it");
            }
            Files.writeString(file, text);
        }
    }

    /** Whether it says of itself what its place does, and no number is out of the ordinary: others are computed from it. */
    static boolean isOurs(StoredRun run, String path, String text) {
        try {
            if (path.equals(WalArchive.ABOUT)) {
                var about = Json.parse(text, Path.of(path), WalArchive.About.class);
                return run.id().equals(about.id())
                        && Long.bitCount(about.segmentSize()) == 1
                        && about.segmentSize() >= SMALLEST
                        && about.segmentSize() <= LARGEST;
            }
            return !path.endsWith("/" + WalArchive.BASE)
                    || path.equals(StoredRun.base(
                            Json.parse(text, Path.of(path), WalArchive.Base.class)
                                    .id(),
                            WalArchive.BASE));
        } catch (IOException e) {
            return false;
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
