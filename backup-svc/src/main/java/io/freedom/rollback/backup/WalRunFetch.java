package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.WalArchiveFetched;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A run of WAL on its way back: what one base backup needs, and it. Each file is compared with its hash and takes its place then; nobody sees the run
 * before all of it is there, or a base backup before the segments that it needs. What an interrupted attempt had fetched stays.
 */
final class WalRunFetch {
    private static final String UNFINISHED = ".fetching-";

    private final S3Store store;
    private final StoredRun stored;
    private final WalRun run;
    private final long reserve;
    private final StepContext step;
    private String damaged = "";

    WalRunFetch(S3Store store, StoredRun stored, WalRun run, long reserve, StepContext step) {
        this.store = store;
        this.stored = stored;
        this.run = run;
        this.reserve = reserve;
        this.step = step;
    }

    /**
     * @param way as the store's own small files have it
     * @param bases what its base backup is put together from
     */
    Completed fetch(RecoveryWay way, List<WalBase> bases, Instant now)
            throws IOException, StepFailure, InterruptedException {
        long size = run.about().segmentSize();
        long first = way.base().start().segment(size);
        requireNoGap(way, first, size);
        run.fetching();
        var paths = new ArrayList<String>();
        WalFile.best(stored.segments(size).stream()
                        .filter(file -> file.segment() >= first)
                        .toList())
                .descendingMap() // What has come is without a gap to its end at any time: the run may be in use.
                .values()
                .forEach(file -> paths.add(file.path().toString()));
        int segments = paths.size();
        paths.addAll(stored.histories(size));
        for (var base : bases) {
            paths.addAll(stored.ofBase(base.id()).stream()
                    .filter(path -> !path.equals(StoredRun.base(base.id(), WalRun.BASE)))
                    .toList());
        }
        paths.removeIf(this::isHere);
        var download = new S3Download(store, requireRoom(paths), step);
        for (var path : paths) {
            fetch(path, download);
        }
        step.checkpoint();
        PrivateFiles.sealTree(run.folder());
        for (var base : bases) {
            run.fetched(base);
        }
        run.cover(way.covered());
        // From now on it is there. What comes next follows nothing of it.
        if (run.goesOn() || !Files.exists(run.folder().resolve(WalRun.ABOUT))) {
            run.end("it was fetched from the store", now);
        }
        return new Completed(
                new WalArchiveFetched(run.about().id(), way.base().id(), segments, download.done()),
                "base backup %s and the WAL from it until %s, %s"
                        .formatted(way.base().id(), way.covered().at(), Disk.size(download.done())));
    }

    private void requireNoGap(RecoveryWay way, long first, long size) throws StepFailure {
        long reach = stored.reach(first, size);
        if (reach < way.covered().lastSegment(size).orElse(first)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "segment " + Lsn.fileOf(reach + 1, size) + " is missing in " + store.name(stored.key("wal"))
                            + ", though moments behind it are said to be there: choose a restore point");
        }
    }

    private boolean isHere(String path) {
        var file = run.folder().resolve(path);
        try {
            return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && stored.has(path, Files.size(file));
        } catch (IOException e) {
            return false;
        }
    }

    /** @return bytes that are to come */
    private long requireRoom(List<String> paths) throws IOException, StepFailure {
        long bytes = 0;
        for (var path : paths) {
            var begun = unfinished(path);
            bytes += stored.file(path).size() - (Files.exists(begun) ? Files.size(begun) : 0);
        }
        long free = Files.getFileStore(run.folder()).getUsableSpace();
        if (free < bytes + reserve) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has %s free, and what is fetched needs %s, %s of which stay free (backups.reserve): free space"
                            .formatted(run.folder(), Disk.size(free), Disk.size(bytes + reserve), Disk.size(reserve)));
        }
        return bytes;
    }

    private Path unfinished(String path) throws StepFailure {
        var file = run.folder().resolve(path).normalize();
        var parent = file.getParent();
        if (parent == null || !file.startsWith(run.folder()) || file.equals(run.folder())) {
            throw new StepFailure(FailureKind.MISMATCH, store.name(stored.key(path)) + " is no file of ours");
        }
        return parent.resolve(UNFINISHED + file.getFileName());
    }

    private void fetch(String path, S3Download download) throws IOException, StepFailure, InterruptedException {
        step.checkpoint();
        var key = stored.key(path);
        var begun = unfinished(path);
        var known = stored.file(path);
        var sum = store.sha256(key).orElseThrow(() -> damaged(path, "is not as it was sent, for its hash is missing"));
        if (!download.fetch(key, begun, known.size(), sum, run.about().id() + " " + path)) {
            throw damaged(path, "is damaged");
        }
        PrivateFiles.moveInto(
                begun,
                begun.resolveSibling(String.valueOf(run.folder().resolve(path).getFileName())));
    }

    private StepFailure damaged(String path, String how) {
        damaged = path;
        return new StepFailure(
                FailureKind.MISMATCH,
                store.name(stored.key(path)) + " " + how
                        + ": choose a moment that needs another base backup, or a restore point; what came before stays");
    }

    /** The one of them that the store has damaged; empty where it was something else that failed. */
    Optional<WalBase> damaged(List<WalBase> bases) {
        return bases.stream()
                .filter(base -> damaged.startsWith(StoredRun.base(base.id(), "")))
                .findFirst();
    }
}
