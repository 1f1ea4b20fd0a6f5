package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopiedFilesRemoved;
import io.freedom.rollback.schemas.action.RemoveCopiedFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Removes what a drill has made, and nothing else: links are removed, not followed. */
final class RemoveCopiedFilesHandler implements StepHandler<RemoveCopiedFiles> {
    @Override
    public Class<RemoveCopiedFiles> action() {
        return RemoveCopiedFiles.class;
    }

    @Override
    public Completed execute(RemoveCopiedFiles action, StepContext step) throws StepFailure, InterruptedException {
        var folder = Path.of(action.getDirectory());
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return new Completed(new CopiedFilesRemoved(0L), "there are none");
        }
        if (!DrillFolder.is(folder)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    folder + " was not made by a drill and is left alone: move it away, then retry");
        }
        var removed = new AtomicLong();
        try {
            for (var copied : children(folder)) {
                remove(copied, step, removed);
            }
            // The mark goes last: what is left half removed is still a drill's.
            remove(folder, step, removed);
        } catch (AccessDeniedException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the worker, running as " + System.getProperty("user.name") + ", may not remove " + e.getFile()
                            + ", which a container of the drill has written: `sudo rm -rf " + folder + "`, then retry",
                    e);
        } catch (IOException e) {
            throw Disk.failure(folder, e);
        }
        return new Completed(new CopiedFilesRemoved(removed.get()), removed.get() + " files removed");
    }

    private static Iterable<Path> children(Path folder) throws IOException {
        try (var all = Files.list(folder)) {
            return all.filter(path -> !DrillFolder.is(folder) || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
    }

    private static void remove(Path root, StepContext step, AtomicLong removed) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                step.checkpoint();
                Files.delete(file);
                removed.incrementAndGet();
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
