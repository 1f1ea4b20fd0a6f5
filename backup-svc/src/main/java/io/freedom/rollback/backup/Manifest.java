package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a restore point holds.
 *
 * @param format version of this file's layout
 * @param id last element of the restore point's directory
 * @param takenBy scenario; null where an older release wrote it
 * @param distrust why it serves analysis only, never a restore; null where it may be restored
 * @param database null when no database belongs to it
 * @param files ordered by path
 */
record Manifest(
        int format,
        String id,
        String platform,
        Instant createdAt,
        @Nullable String takenBy,
        @Nullable String distrust,
        @Nullable DumpRecord database,
        List<Entry> files) {
    static final int FORMAT = 1;
    /** Written after the manifest, or by it. */
    private static final Set<String> ABOUT = Set.of(
            RestorePoint.MANIFEST,
            RestorePoint.MANIFEST_SUM,
            RestorePoint.VERIFIED,
            RestorePoint.PROVEN,
            RestorePoint.HOLD);

    Manifest {
        files = List.copyOf(files);
    }

    /**
     * One file.
     *
     * @param path relative to the restore point, with slashes
     * @param size bytes; of a link, of its target's name
     * @param sha256 of the content; of a link, of its target's name
     * @param link target of a symbolic link; null for a file
     */
    record Entry(
            String path, long size, String sha256, @Nullable String link) {
        static Entry read(Path root, Path file, Progress progress) throws IOException {
            var path = root.relativize(file).toString();
            if (Files.isSymbolicLink(file)) {
                var target = Files.readSymbolicLink(file).toString();
                return new Entry(path, target.length(), Sha256.of(target), target);
            }
            var sum = Sha256.of(file, n -> progress.read(n, path));
            return new Entry(path, Files.size(file), sum, null);
        }
    }

    long bytes() {
        return files.stream().mapToLong(Entry::size).sum();
    }

    /** Everything below the restore point that a manifest covers, ordered by path. */
    static List<Path> covered(Path root) throws IOException {
        try (var all = Files.walk(root)) {
            return all.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(file -> !ABOUT.contains(root.relativize(file).toString()))
                    .filter(file -> !isUnfinished(root.relativize(file)))
                    .sorted((a, b) -> a.toString().compareTo(b.toString()))
                    .toList();
        }
    }

    static boolean isUnfinished(Path relative) {
        for (var part : relative) {
            if (part.toString().startsWith(Staging.PREFIX)) {
                return true;
            }
        }
        return false;
    }

    /** The manifest of a restore point, after comparing it with its own hash. */
    static Manifest load(RestorePoint point) throws StepFailure {
        try {
            if (!Files.isRegularFile(point.manifest()) || !Files.isRegularFile(point.manifestSum())) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s has no %s: it is no complete restore point, choose another"
                                .formatted(point.directory(), RestorePoint.MANIFEST));
            }
            var text = Files.readString(point.manifest());
            if (!Files.readString(point.manifestSum()).startsWith(Sha256.of(text))) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "%s was changed after it was written (its hash is not the one in %s): use another restore point"
                                .formatted(point.manifest(), RestorePoint.MANIFEST_SUM));
            }
            return Json.parse(text, point.manifest(), Manifest.class);
        } catch (IOException e) {
            throw Disk.failure(point.manifest(), e);
        }
    }

    /** Bytes read so far, reported and open to cancellation. */
    static final class Progress {
        private final StepContext step;
        private final long total;
        private long done;

        Progress(StepContext step, long total) {
            this.step = step;
            this.total = total;
        }

        void read(long bytes, String path) {
            step.checkpoint();
            done += bytes;
            step.progress(done, total, "bytes", path);
        }
    }
}
