package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One run of the WAL archive on its way to the store: segments in their order, then base backups, each complete once its {@code base.json} is
 * there. What the store's {@code covered.json} says is covered by the segments that it has, at any time.
 */
final class WalRunCopy {
    private static final String HISTORY = ".history";

    private final S3Store store;
    private final Vault vault;
    private final WalArchive.Run run;
    private final StoredRun there;
    private final Map<Path, Summed> sums;
    private final RestorePointCopy.GoesOn goesOn;
    private final List<String> notes = new ArrayList<>();
    private WalArchive.@Nullable Covered claimed;

    /**
     * @param there what the store has of it, added to
     * @param sums of files that take several looks
     */
    WalRunCopy(
            S3Store store,
            Vault vault,
            WalArchive.Run run,
            StoredRun there,
            Map<Path, Summed> sums,
            RestorePointCopy.GoesOn goesOn) {
        this.store = store;
        this.vault = vault;
        this.run = run;
        this.there = there;
        this.sums = sums;
        this.goesOn = goesOn;
    }

    /** SHA-256 of a file as it was then. */
    record Summed(long size, long changed, String sha256) {}

    /** For people. */
    List<String> notes() {
        return notes;
    }

    /** What the store says is covered. */
    Optional<WalArchive.Covered> claimed() throws IOException, StepFailure, InterruptedException {
        if (claimed == null && there.has(WalArchive.COVERED)) {
            claimed = Json.parse(
                    new String(store.bytes(there.key(WalArchive.COVERED)), StandardCharsets.UTF_8),
                    Path.of(WalArchive.COVERED),
                    WalArchive.Covered.class);
        }
        return Optional.ofNullable(claimed);
    }

    /** Base backups that recovery can begin from and that are there, the oldest first. */
    List<WalArchive.Base> bases() throws IOException {
        return run.beginnings().stream()
                .filter(base -> there.hasBase(base.id()))
                .toList();
    }

    /** @return false where the time was over before */
    boolean send() throws IOException, StepFailure, InterruptedException {
        var beginnings = run.beginnings();
        if (beginnings.isEmpty()) {
            return true; // Nobody could recover with it.
        }
        about();
        boolean all = segments(beginnings.getFirst());
        claim(beginnings.getFirst());
        if (all) {
            for (var base : run.complete()) { // one may depend on those before it
                if (!base(base)) {
                    return false;
                }
            }
        }
        return all;
    }

    /** It changes once, when the run ends. */
    private void about() throws IOException, StepFailure, InterruptedException {
        var text = Json.text(run.about()).getBytes(StandardCharsets.UTF_8);
        var known = there.files().get(WalArchive.ABOUT);
        boolean same = known != null
                && known.size() == text.length
                && (known.etag().equals(S3Upload.md5(text))
                        || store.sha256(known.key()).equals(Optional.of(Sha256.of(Json.text(run.about())))));
        if (!same) {
            put(WalArchive.ABOUT, text);
        }
    }

    private boolean segments(WalArchive.Base oldest) throws IOException, StepFailure, InterruptedException {
        long first = oldest.start().segment(run.about().segmentSize());
        for (var file : WalFile.best(run.finished()).values()) {
            boolean sealed = !file.isPlain() && !vault.leavesInClear(file.path());
            if (sealed && file.segment() >= first && !send(file.path())) {
                return false;
            }
        }
        try (var all = Files.list(run.wal())) {
            for (var file : all.filter(it -> it.toString().endsWith(HISTORY)).toList()) {
                if (!send(file)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The newest that is covered by what is there. */
    private void claim(WalArchive.Base oldest) throws IOException, StepFailure, InterruptedException {
        long size = run.about().segmentSize();
        var candidates = new ArrayList<>(run.marks());
        run.covered().ifPresent(candidates::add);
        long reach = there.reach(first(oldest, size), size);
        var best = covered(candidates, reach, size);
        var before = claimed().map(WalArchive.Covered::position);
        if (best.isPresent()
                && before.filter(it -> it.compareTo(best.get().position()) >= 0).isEmpty()) {
            put(WalArchive.COVERED, Json.text(best.get()).getBytes(StandardCharsets.UTF_8));
            claimed = best.get();
        }
    }

    /** Until the oldest base backup is there, who recovers begins from those that are gone here, and crosses no gap behind them. */
    private long first(WalArchive.Base oldest, long size) {
        boolean older = there.bases().headSet(oldest.id()).stream().anyMatch(there::hasBase);
        var segments = there.segments(size);
        return older && !segments.isEmpty() && !there.hasBase(oldest.id())
                ? segments.getFirst().segment()
                : oldest.start().segment(size);
    }

    /**
     * The newest of what was archived until when that needs nothing behind a segment.
     *
     * @param known the oldest first
     */
    static Optional<WalArchive.Covered> covered(List<WalArchive.Covered> known, long reach, long segmentSize) {
        return known.reversed().stream()
                .filter(it -> it.lastSegment(segmentSize)
                        .filter(last -> last <= reach)
                        .isPresent())
                .findFirst();
    }

    private boolean base(WalArchive.Base base) throws IOException, StepFailure, InterruptedException {
        var folder = run.base(base.id());
        if (there.hasBase(base.id())) {
            return true;
        }
        var archive = new BaseArchive(folder, vault).found();
        if (archive.isPresent() && vault.leavesInClear(archive.get())) {
            return true; // It is sealed by and by.
        }
        try (var all = Files.walk(folder)) {
            for (var file : all.filter(it -> Files.isRegularFile(it, LinkOption.NOFOLLOW_LINKS))
                    .filter(it -> !String.valueOf(it.getFileName()).startsWith(Staging.PREFIX))
                    .filter(it -> !it.equals(folder.resolve(WalArchive.BASE)))
                    .toList()) {
                try {
                    if (!send(file)) {
                        return false;
                    }
                } catch (StepFailure e) {
                    if (e.kind() != FailureKind.MISMATCH) {
                        throw e;
                    }
                    sums.remove(file);
                    notes.add("base backup " + base.id() + " changed while it was sent; see the disk");
                    return true;
                }
            }
        } catch (NoSuchFileException e) {
            return true; // Nobody needs it any more.
        }
        put(StoredRun.base(base.id(), WalArchive.BASE), Files.readAllBytes(folder.resolve(WalArchive.BASE)));
        notes.add("copied base backup " + base.id());
        return true;
    }

    /** What was removed or renamed meanwhile comes with the next look, if it is there then. */
    private boolean send(Path file) throws IOException, StepFailure, InterruptedException {
        var path = run.folder().relativize(file).toString();
        try {
            long size = Files.size(file);
            if (there.has(path, size)) {
                return true;
            }
            var what = run.about().id() + " " + path;
            if (!goesOn.after(0, what)
                    || !new S3Upload(store, there.key(path), file, sha256(file))
                            .send(bytes -> goesOn.after(bytes, what))) {
                return false;
            }
            sums.remove(file);
            added(path, size);
        } catch (NoSuchFileException e) {
            return true;
        }
        return true;
    }

    /** A base backup may take several looks, and is not read from its beginning to its end for that in each. */
    private String sha256(Path file) throws IOException {
        long size = Files.size(file);
        long changed = Files.getLastModifiedTime(file).toMillis();
        var known = sums.get(file);
        if (known != null && known.size() == size && known.changed() == changed) {
            return known.sha256();
        }
        var sum = Sha256.of(file, _ -> {});
        if (size > S3Upload.PART) {
            sums.put(file, new Summed(size, changed, sum));
        }
        return sum;
    }

    private void put(String path, byte[] content) throws StepFailure, InterruptedException {
        goesOn.after(0, run.about().id() + " " + path);
        S3Upload.put(store, there.key(path), content);
        added(path, content.length);
    }

    private void added(String path, long size) {
        there.files()
                .put(path, new S3Store.Stored(there.key(path), size, run.about().began(), ""));
    }
}
