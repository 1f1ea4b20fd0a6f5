package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Locale;

/** Work on the disk, whose errors tell an operator what to do. */
final class Disk {
    private Disk() {}

    interface Work<T> {
        T run() throws IOException, StepFailure, InterruptedException;
    }

    /** Runs; a full disk or a missing right is a PRECONDITION, any other I/O error a TOOL failure. */
    static <T> T work(Path where, Work<T> work) throws StepFailure, InterruptedException {
        try {
            return work.run();
        } catch (StepFailure e) {
            // The engine cannot tell a full disk of ours from a silent daemon.
            throw isFull(e) ? full(where, e) : e;
        } catch (IOException e) {
            throw failure(where, e);
        }
    }

    static StepFailure failure(Path where, IOException e) {
        if (isFull(e)) {
            return full(where, e);
        }
        if (e instanceof AccessDeniedException denied) {
            return new StepFailure(
                    FailureKind.PRECONDITION,
                    "no access to %s: run the worker as a user who may read and write it".formatted(denied.getFile()),
                    e);
        }
        if (e instanceof KeyException) {
            return new StepFailure(FailureKind.PRECONDITION, String.valueOf(e.getMessage()), e);
        }
        if (e instanceof DamagedException) {
            return new StepFailure(FailureKind.MISMATCH, e.getMessage() + ": use another restore point", e);
        }
        return new StepFailure(FailureKind.TOOL, "I/O error at %s: %s".formatted(where, e), e);
    }

    private static StepFailure full(Path where, Throwable e) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "the disk of %s is full: free space or change backups.directory, then retry".formatted(where),
                e);
    }

    static boolean isFull(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            var message = String.valueOf(t.getMessage());
            if (message.contains("No space left on device") || message.contains("Disk quota exceeded")) {
                return true;
            }
        }
        return false;
    }

    /** Bytes for a human, e.g. "3.2 GiB". */
    static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < 5) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %ciB", value, "KMGTPE".charAt(unit));
    }
}
