package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Modes are copied along with files; this lends readable ones to a folder of a restore point for a while. */
final class ReadableTree {
    private ReadableTree() {}

    interface Work {
        void run() throws StepFailure, InterruptedException;
    }

    /**
     * The folders above stay closed to others, here and in the container, so that nobody can get at the files meanwhile.
     * Folders are lent writable: the copy is to be removed by the same somebody.
     */
    static void whileReadable(Path folder, Work work) throws StepFailure, InterruptedException {
        try {
            try (var all = Files.walk(folder)) {
                for (var path : all.toList()) {
                    var isFolder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
                    Files.setPosixFilePermissions(
                            path, PosixFilePermissions.fromString(isFolder ? "rwxrwxrwx" : "rw-r--r--"));
                }
            }
            work.run();
        } catch (IOException e) {
            throw Disk.failure(folder, e);
        } finally {
            close(folder);
        }
    }

    private static void close(Path folder) throws StepFailure {
        try {
            PrivateFiles.sealTree(folder);
        } catch (IOException e) {
            throw Disk.failure(folder, e);
        }
    }
}
