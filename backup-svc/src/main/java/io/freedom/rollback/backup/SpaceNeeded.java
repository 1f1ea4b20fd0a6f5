package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Size of what is on disk. */
final class SpaceNeeded {
    private SpaceNeeded() {}

    /** Bytes of a file or of all files below a folder, links not followed. What cannot be read counts nothing. */
    static long of(Path path, StepContext step) throws IOException {
        var sum = new long[1];
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                step.checkpoint();
                sum[0] += attributes.isRegularFile() ? attributes.size() : 0;
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // The step that copies it will say so.
            }
        });
        return sum[0];
    }
}
