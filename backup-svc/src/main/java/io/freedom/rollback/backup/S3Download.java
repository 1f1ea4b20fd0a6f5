package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Files on their way back from the store. What came of one before an attempt was interrupted stays, and is compared with its hash once all is there. */
final class S3Download {
    private final S3Store store;
    private final long total;
    private final StepContext step;
    private long done;

    /** @param total bytes of all of them */
    S3Download(S3Store store, long total, StepContext step) {
        this.store = store;
        this.total = total;
        this.step = step;
    }

    /** Bytes that came. */
    long done() {
        return done;
    }

    /**
     * @param what it is, for people
     * @return false where what is in the store is damaged; nothing of it stays
     */
    boolean fetch(String key, Path file, long size, String sha256, String what)
            throws IOException, StepFailure, InterruptedException {
        PrivateFiles.createParent(file);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PrivateFiles.FILE));
        }
        long had = Files.size(file);
        if (had < size) {
            download(key, file, had, size, what);
        }
        if (had > 0 && !isRight(file, size, sha256)) {
            download(key, file, 0, size, what);
        }
        if (isRight(file, size, sha256)) {
            return true;
        }
        Files.delete(file);
        return false;
    }

    private boolean isRight(Path file, long size, String sha256) throws IOException {
        return Files.size(file) == size
                && Sha256.of(file, _ -> step.checkpoint()).equals(sha256);
    }

    /** @param from bytes of it that are there */
    private void download(String key, Path file, long from, long size, String what)
            throws IOException, StepFailure, InterruptedException {
        store.get(key, from, (_, content) -> {
            write(content, file, from, size, what);
            return key;
        });
    }

    private void write(InputStream content, Path file, long from, long size, String what)
            throws IOException, StepFailure {
        var options = from == 0 ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND;
        var buffer = new byte[1 << 17];
        long there = from;
        try (var out = Files.newOutputStream(file, StandardOpenOption.WRITE, options)) {
            // More than is signed is wrong whatever it is, and it may be endless.
            for (int n = read(content, buffer); n >= 0 && there <= size; n = read(content, buffer)) {
                step.checkpoint();
                out.write(buffer, 0, n);
                there += n;
                done += n;
                step.progress(done, total, "bytes", what);
            }
        }
    }

    private static int read(InputStream content, byte[] buffer) throws StepFailure {
        try {
            return content.read(buffer);
        } catch (IOException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "the store was lost in between (" + e.getMessage()
                            + "): what came stays, and the rest is fetched next",
                    e);
        }
    }
}
