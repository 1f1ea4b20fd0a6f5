package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of the WAL archive on its way to the store: segments in their order, then base backups, each complete once its {@code base.json} is
 * there. What the store's {@code covered.json} says is covered by the segments that it has, at any time.
 */
final class WalRunCopy {
    private static final String HISTORY = ".history";

    private final S3Store store;
    private final Vault vault;
    private final WalRun run;
    private final StoredRun there;
    private final LargeUploads large;
    private final GoesOn goesOn;
    private final List<String> notes = new ArrayList<>();
    private @Nullable String left;
    private @Nullable WalCovered claimed;

    /**
     * @param there what the store has of it, added to
     * @param large that take several looks
     */
    WalRunCopy(S3Store store, Vault vault, WalRun run, StoredRun there, LargeUploads large, GoesOn goesOn) {
        this.store = store;
        this.vault = vault;
        this.run = run;
        this.there = there;
        this.large = large;
        this.goesOn = goesOn;
    }

    interface GoesOn {
        /**
         * @param sent bytes that were sent just now
         * @param there of the bytes that were missing, those that came to be there, or turned out to be
         * @return false where the time is over
         */
        boolean after(long sent, long there, String what);
    }

    /** For people. */
    List<String> notes() {
        return notes;
    }

    /** How far the base backup is that the time was too short for; null where there is none. */
    @Nullable
    String left() {
        return left;
    }

    /** Bytes of what is not there yet. */
    long missing() throws IOException {
        var beginnings = run.beginnings();
        long bytes = 0;
        if (!beginnings.isEmpty()) {
            for (var file : segments(beginnings.getFirst())) {
                bytes += missing(file);
            }
            for (var base : run.complete()) {
                for (var file : there.hasBase(base.id()) ? List.<Path>of() : files(base)) {
                    bytes += missing(file);
                }
            }
        }
        return bytes;
    }

    private long missing(Path file) throws IOException {
        try {
            long size = Files.size(file);
            return there.has(path(file), size) ? 0 : size;
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private String path(Path file) {
        return run.folder().relativize(file).toString();
    }

    /** What the store says is covered. What somebody has changed there says nothing, and is written anew. */
    Optional<WalCovered> claimed() throws IOException, StepFailure, InterruptedException {
        if (claimed == null && there.has(WalRun.COVERED)) {
            try {
                claimed = Json.parse(there.read(store, WalRun.COVERED), Path.of(WalRun.COVERED), WalCovered.class);
            } catch (StepFailure e) {
                if (e.kind() != FailureKind.MISMATCH) {
                    throw e;
                }
                there.files().remove(WalRun.COVERED);
                notes.add(e.text());
            }
        }
        return Optional.ofNullable(claimed);
    }

    /** Base backups that recovery can begin from and that are there, the oldest first. */
    List<WalBase> bases() throws IOException {
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
        boolean all = sendSegments(beginnings.getFirst());
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
        var known = there.files().get(WalRun.ABOUT);
        boolean same = known != null
                && known.size() == text.length
                && (known.etag().equals(S3Upload.md5(text))
                        || store.sha256(known.key()).equals(Optional.of(Sha256.of(Json.text(run.about())))));
        if (!same) {
            put(WalRun.ABOUT, text);
        }
    }

    /** Those that are sealed, and histories of timelines. */
    private List<Path> segments(WalBase oldest) throws IOException {
        long first = oldest.start().segment(run.about().segmentSize());
        var files = new ArrayList<Path>();
        for (var file : WalFile.best(run.finished()).values()) {
            boolean sealed = !file.isPlain() && !vault.leavesInClear(file.path());
            if (sealed && file.segment() >= first) {
                files.add(file.path());
            }
        }
        try (var all = Files.list(run.wal())) {
            all.filter(it -> it.toString().endsWith(HISTORY)).forEach(files::add);
        }
        return files;
    }

    private boolean sendSegments(WalBase oldest) throws IOException, StepFailure, InterruptedException {
        for (var file : segments(oldest)) {
            if (!send(file, _ -> {})) {
                return false;
            }
        }
        return true;
    }

    /** The newest that is covered by what is there. */
    private void claim(WalBase oldest) throws IOException, StepFailure, InterruptedException {
        long size = run.about().segmentSize();
        var candidates = new ArrayList<>(run.marks());
        run.covered().ifPresent(candidates::add);
        long reach = there.reach(first(oldest, size), size);
        var best = covered(candidates, reach, size);
        var before = claimed().map(WalCovered::position);
        if (best.isPresent()
                && before.filter(it -> it.compareTo(best.get().position()) >= 0).isEmpty()) {
            put(WalRun.COVERED, Json.text(best.get()).getBytes(StandardCharsets.UTF_8));
            claimed = best.get();
        }
    }

    /** Until the oldest base backup is there, who recovers begins from those that are gone here, and crosses no gap behind them. */
    private long first(WalBase oldest, long size) {
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
    static Optional<WalCovered> covered(List<WalCovered> known, long reach, long segmentSize) {
        return known.reversed().stream()
                .filter(it -> it.lastSegment(segmentSize)
                        .filter(last -> last <= reach)
                        .isPresent())
                .findFirst();
    }

    private boolean base(WalBase base) throws IOException, StepFailure, InterruptedException {
        if (there.hasBase(base.id())) {
            return true;
        }
        var files = files(base);
        if (files.isEmpty()) {
            return true; // Nobody needs it any more, or it is sealed by and by.
        }
        var name = "base backup " + base.id();
        for (int done = 0; done < files.size(); done++) {
            var place = "%s (file %d of %d)".formatted(name, done + 1, files.size());
            try {
                if (!send(files.get(done), far -> left = place + ": " + far)) {
                    return false;
                }
            } catch (StepFailure e) {
                if (e.kind() != FailureKind.MISMATCH) {
                    throw e;
                }
                large.forget(files.get(done));
                notes.add(name + " changed while it was sent; see the disk");
                return true;
            }
        }
        var last = run.base(base.id()).resolve(WalRun.BASE);
        if (!Files.exists(last)) {
            return true; // It was removed meanwhile.
        }
        put(StoredRun.base(base.id(), WalRun.BASE), Files.readAllBytes(last));
        left = null;
        notes.add("copied " + name);
        return true;
    }

    /** All but what says that it is complete. None where it is in clear, or gone. */
    private List<Path> files(WalBase base) throws IOException {
        var folder = run.base(base.id());
        var archive = new BaseArchive(folder, vault).found();
        if (archive.isPresent() && vault.leavesInClear(archive.get())) {
            return List.of();
        }
        try (var all = Files.walk(folder)) {
            return all.filter(it -> Files.isRegularFile(it, LinkOption.NOFOLLOW_LINKS))
                    .filter(it -> !String.valueOf(it.getFileName()).startsWith(Staging.PREFIX))
                    .filter(it -> !it.equals(folder.resolve(WalRun.BASE)))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof NoSuchFileException) {
                return List.of();
            }
            throw e.getCause();
        }
    }

    /**
     * What was removed or renamed meanwhile comes with the next look, if it is there then.
     *
     * @param far told how far it is
     */
    private boolean send(Path file, Consumer<String> far) throws IOException, StepFailure, InterruptedException {
        var path = path(file);
        try {
            long size = Files.size(file);
            if (there.has(path, size)) {
                return true;
            }
            var what = run.about().id() + " " + path;
            far.accept("none of its " + Disk.size(size) + " is there");
            if (!goesOn.after(0, 0, what)) {
                return false;
            }
            if (size > S3Upload.PART) {
                boolean sent = large.send(store, there.key(path), file, (bytes, come, now) -> {
                    far.accept(now);
                    return goesOn.after(bytes, come, what + ": " + now);
                });
                if (!sent) {
                    return false;
                }
            } else {
                var _ = new S3Upload(store, there.key(path), file, Sha256.of(file, _ -> {}))
                        .send((sent, now) -> goesOn.after(sent, now, what));
            }
            added(path, size);
        } catch (NoSuchFileException e) {
            return true;
        }
        return true;
    }

    private void put(String path, byte[] content) throws StepFailure, InterruptedException {
        goesOn.after(0, 0, run.about().id() + " " + path);
        S3Upload.put(store, there.key(path), content);
        added(path, content.length);
    }

    private void added(String path, long size) {
        there.files()
                .put(path, new S3Store.Stored(there.key(path), size, run.about().began(), ""));
    }
}
