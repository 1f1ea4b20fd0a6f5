package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Size of what is on disk. */
final class SpaceNeeded {
    private SpaceNeeded() {}

    /**
     * Bytes of a file or of all files below a folder, links not followed, without those that restore points have already. What cannot
     * be read counts nothing.
     */
    static long of(Path root, Path relative, SeenFiles seen, ObjectPool pool, StepContext step) throws IOException {
        var sum = new long[1];
        Files.walkFileTree(root.resolve(relative), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                step.checkpoint();
                if (attributes.isRegularFile() && !isThere(file, attributes)) {
                    sum[0] += attributes.size();
                }
                return FileVisitResult.CONTINUE;
            }

            private boolean isThere(Path file, BasicFileAttributes attributes) throws IOException {
                try {
                    if (attributes.size() < ObjectPool.AT_LEAST) {
                        return false;
                    }
                    var known = seen.sha256(root.relativize(file).toString(), UnixStat.of(file));
                    return known.isPresent() && pool.has(known.get());
                } catch (NoSuchFileException e) {
                    return true;
                }
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // The step that copies it will say so.
            }
        });
        return sum[0];
    }
}
