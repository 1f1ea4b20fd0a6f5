package io.freedom.rollback.container;

import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The copy of one volume on disk, and beside it the mark that the volume itself was removed. */
record VolumeArchive(Path file) {
    static VolumeArchive in(String directory, String volume) {
        return new VolumeArchive(Path.of(directory, volume + ".tar"));
    }

    static VolumeArchive of(KeptVolume kept) {
        return new VolumeArchive(Path.of(kept.getArchive()));
    }

    /** Only the owner reads what is in a database. */
    void makeFolder() throws IOException {
        var folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }

    Path partial() {
        return file.resolveSibling(file.getFileName() + ".partial");
    }

    private Path mark() {
        return file.resolveSibling(file.getFileName() + ".removed");
    }

    void requireWhole(long bytes) throws StepFailure {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) != bytes) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "the copy %s is not there with its %,d bytes: nothing is done without it. Is what it is on mounted? Was it removed? Bring it back, then retry"
                                .formatted(file, bytes));
            }
        } catch (IOException e) {
            throw Kept.failure(file, e);
        }
    }

    /** The engine cannot tell a volume that was removed and made anew from one that was never touched. */
    boolean isRemoved() {
        return Files.exists(mark());
    }

    void markRemoved() throws StepFailure {
        Kept.write(mark(), "The volume was removed; its content is in " + file.getFileName() + "\n");
        force(mark());
        forceFolder();
    }

    /** What is removed next can be had only if both the copy and the mark outlive a power cut. */
    void forceFolder() throws StepFailure {
        var folder = file.getParent();
        if (folder != null) {
            force(folder);
        }
    }

    private static void force(Path place) throws StepFailure {
        try (var channel = FileChannel.open(place, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw Kept.failure(place, e);
        }
    }

    void markReturned() throws StepFailure {
        try {
            Files.deleteIfExists(mark());
        } catch (IOException e) {
            throw Kept.failure(mark(), e);
        }
    }

    /** Bytes that may still be written at a folder, or at the nearest above it that exists. */
    static long free(Path directory) {
        var there = directory;
        while (!Files.exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        try {
            return Files.getFileStore(there).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String size(long bytes) {
        return bytes < 10_000_000 ? "%,d kB".formatted((bytes + 999) / 1000) : "%,d MB".formatted(bytes / 1_000_000);
    }
}
