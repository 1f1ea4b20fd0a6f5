package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One worker at a time changes a work tree. Held by the operating system, so that unlike {@code index.lock} it does not
 * outlive a crashed worker.
 */
final class TreeLock implements AutoCloseable {
    private final FileChannel channel;

    private TreeLock(FileChannel channel) {
        this.channel = channel;
    }

    static TreeLock of(GitRepository repository) throws IOException, StepFailure {
        return of(repository.gitDirectory().resolve("rollback.lock"));
    }

    /** Only the ref at which the configuration is recorded: a rollback does not wait for that. */
    static TreeLock ofConfiguration(GitRepository repository) throws IOException, StepFailure {
        return of(repository.commonDirectory().resolve("rollback-configuration.lock"));
    }

    private static TreeLock of(Path file) throws IOException, StepFailure {
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked(channel)) {
            channel.close();
            throw busy(file);
        }
        return new TreeLock(channel);
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static StepFailure busy(Path file) {
        return new StepFailure(
                FailureKind.UNAVAILABLE,
                "another worker is changing this work tree (it holds " + file + "): wait for it, or end that process");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
