package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A dump whose files are compared with the manifest while they are copied into a container: what is compared are the very bytes that are sent,
 * whatever becomes of the files meanwhile. It is the manifest that says which files there are, and not the folder.
 */
record ComparedDump(RestorePoint point, List<Manifest.Entry> entries, Vault vault, StepContext step) {
    private static final String NAME = "dump";
    private static final int BUFFER = 1 << 16;

    ComparedDump {
        entries = List.copyOf(entries);
    }

    static ComparedDump of(RestorePoint point, Manifest manifest, String database, Vault vault, StepContext step) {
        return new ComparedDump(point, manifest.below(folder(point, database)), vault, step);
    }

    /** Relative to the restore point. */
    static String folder(RestorePoint point, String database) {
        return point.directory().relativize(point.dump(database)) + "/";
    }

    /**
     * Copies it into a folder of a container, where everybody may read and remove it; returns where it is.
     *
     * @throws StepFailure MISMATCH where it is not as the manifest says: nothing may be done then with what was copied
     */
    String copyInto(Engine engine, String container, String directory) throws StepFailure, InterruptedException {
        engine.copyIn(container, this::write, directory);
        return directory + "/" + NAME;
    }

    /** As a tar; nobody may take anything of it for the dump before this has come to its end. */
    void write(OutputStream out) throws IOException, StepFailure {
        var progress = new Manifest.Progress(
                step, entries.stream().mapToLong(Manifest.Entry::size).sum());
        var tar = Archive.tar(out);
        var home = new TarArchiveEntry(NAME + "/");
        home.setMode(040777);
        tar.putArchiveEntry(home);
        tar.closeArchiveEntry();
        for (var entry : entries) {
            write(entry, tar, progress);
        }
        tar.finish();
        tar.flush();
    }

    private void write(Manifest.Entry entry, TarArchiveOutputStream tar, Manifest.Progress progress)
            throws IOException, StepFailure {
        var file = point.directory().resolve(entry.path());
        var sum = Sha256.digest();
        try (var packed = new BufferedInputStream(new DigestInputStream(open(file), sum), BUFFER)) {
            long left = plainSize(packed, entry, file);
            if (left < 0) {
                throw changed(entry);
            }
            var header = new TarArchiveEntry(NAME + "/" + SealedDump.plain(file));
            header.setMode(0100644);
            header.setSize(left);
            tar.putArchiveEntry(header);
            try (var in = unpack(packed, file)) {
                var buffer = new byte[BUFFER];
                for (int n = read(in, buffer, file); n >= 0; n = read(in, buffer, file)) {
                    left -= n;
                    if (left < 0) {
                        throw changed(entry);
                    }
                    tar.write(buffer, 0, n);
                    progress.read(n, entry.path());
                }
                // What follows belongs to the file as well.
                while (read(packed, buffer, file) >= 0) {
                    step.checkpoint();
                }
            }
            if (left > 0 || !Sha256.hex(sum.digest()).equals(entry.sha256())) {
                throw changed(entry);
            }
            tar.closeArchiveEntry();
        }
    }

    /** Errors of this machine's disk, as all below: the engine would be blamed for them. */
    private static InputStream open(Path file) throws StepFailure {
        try {
            return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    private static long plainSize(InputStream packed, Manifest.Entry entry, Path file) throws StepFailure {
        try {
            packed.mark(BUFFER);
            var head = packed.readNBytes(BUFFER);
            packed.reset();
            return Vault.plainSize(file, entry.size(), head);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    private InputStream unpack(InputStream packed, Path file) throws StepFailure {
        try {
            return vault.open(packed, file);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    private static int read(InputStream in, byte[] buffer, Path file) throws StepFailure {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw Disk.failure(file, e);
        }
    }

    private StepFailure changed(Manifest.Entry entry) {
        return new StepFailure(
                FailureKind.MISMATCH, ManifestCheck.told(point, entry.path() + " was changed while it was copied"));
    }
}
