package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineVolumes;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The copy of one volume on disk, and beside it the mark that the volume itself was removed. */
record VolumeArchive(Path file) {
    static VolumeArchive in(String directory, String volume, Vault vault) {
        return new VolumeArchive(vault.sealed(Path.of(directory, volume + ".tar"), true));
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

    /** Copies under other names of a volume that was not removed: an attempt of a release before, or set otherwise, has left them, perhaps in clear. */
    List<Path> ofEarlierAttempts() {
        var plain = String.valueOf(file.getFileName()).replaceFirst("\\.tar(\\.zst)?(\\.age)?$", ".tar");
        return Stream.of("", Vault.COMPRESSED, Vault.COMPRESSED + Vault.ENCRYPTED)
                .flatMap(packed -> Stream.of(packed, packed + ".partial"))
                .map(end -> file.resolveSibling(plain + end))
                .filter(copy -> !copy.equals(file) && !new VolumeArchive(copy).isRemoved())
                .toList();
    }

    private Path mark() {
        return file.resolveSibling(file.getFileName() + ".removed");
    }

    /** That the file is there, and as long as it was. */
    void requireWhole(KeptVolume kept) throws StepFailure {
        var packed = kept.getPackedBytes();
        long bytes = packed == null ? kept.getBytes() : packed;
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

    /**
     * Reads a copy to its end: a stream that was cut within zeros ends like a whole one, and only its entries tell that something is missing.
     *
     * @param copy the file, or what it is until it has its name
     * @param progress told the bytes of content so far, which may end the reading by throwing
     * @throws IOException a TarFormatException or a DamagedException where it is not whole
     */
    void read(Path copy, Vault vault, LongConsumer progress) throws IOException {
        var disk = new Disk(Files.newInputStream(copy));
        try (var in = vault.open(new BufferedInputStream(disk, 1 << 16), file)) {
            EngineVolumes.entries(in, progress);
            in.transferTo(OutputStream.nullOutputStream()); // to the last of its checksums
        } catch (IOException e) {
            throw disk.failure == null ? e : disk.failure;
        }
    }

    /** Its content, read as it was when it was looked through: it may be a link to where there is more room. */
    InputStream open(Vault vault) throws IOException {
        return vault.open(new BufferedInputStream(Files.newInputStream(file), 1 << 16), file);
    }

    /** Remembers that the disk failed: that says nothing about what is on it. */
    private static final class Disk extends FilterInputStream {
        private @Nullable IOException failure;

        Disk(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            try {
                return super.read();
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
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
