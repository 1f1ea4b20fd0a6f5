package io.freedom.rollback.backup;

import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StreamCorruptedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A base backup on disk: the tar of {@code pg_basebackup}, sealed, with its manifest as the last member. Releases before kept it as
 * {@code base.tar.gz}, with the manifest beside it.
 */
record BaseArchive(Path folder, Vault vault) {
    private static final String TAR = "base.tar";
    private static final String GZIP = ".gz";

    /** Where it is written. */
    Path target() {
        return vault.sealed(folder.resolve(TAR), true);
    }

    Optional<Path> found() {
        return Vault.find(folder.resolve(TAR)).or(() -> Vault.find(folder.resolve(TAR + GZIP)));
    }

    Path file() throws DamagedException {
        return found().orElseThrow(() -> new DamagedException("there is no base backup in " + folder));
    }

    /** Takes a member of it; what of its content it leaves is read all the same. */
    interface Member {
        void take(TarArchiveEntry entry, InputStream content) throws IOException, StepFailure;
    }

    /** Reads it to its end and compares each file with the sum that the server has sent. @throws DamagedException naming what is not as it was */
    BackupManifest read(Member member) throws IOException, StepFailure {
        return read(member, BaseArchive::manifest);
    }

    /** Of the tar, which comes to it. */
    private interface Manifest {
        BackupManifest read(Path file, InputStream in) throws IOException;
    }

    private BackupManifest read(Member member, Manifest reader) throws IOException, StepFailure {
        var file = file();
        var sums = new HashMap<String, BackupManifest.Sum>();
        BackupManifest manifest = null;
        try (var in = open(file)) {
            var tar = new TarArchiveInputStream(in, "UTF-8");
            for (var entry = next(tar, file); entry != null; entry = next(tar, file)) {
                if (entry.getName().equals(BackupManifest.NAME)) {
                    manifest = reader.read(file, tar);
                } else {
                    var content = new CheckedInputStream(tar, new CRC32C());
                    member.take(entry, content);
                    content.transferTo(OutputStream.nullOutputStream());
                    sums.put(entry.getName(), new BackupManifest.Sum(entry.getSize(), (int)
                            content.getChecksum().getValue()));
                }
            }
            // Its last piece is what tells that it is whole.
            in.transferTo(OutputStream.nullOutputStream());
        }
        var sent = manifest == null ? beside(file) : manifest;
        var different = sent.difference(sums);
        if (different.isPresent()) {
            throw new DamagedException(
                    file + " is damaged: " + different.get() + " in it is not what the server has sent");
        }
        return sent;
    }

    /** As the other, for nothing but that. */
    BackupManifest check() throws IOException, StepFailure {
        return read((_, _) -> {});
    }

    /** The same; its manifest is kept beside it, where one that is incremental to it finds it without reading all. */
    BackupManifest checkAndKeepManifest() throws IOException, StepFailure {
        return read((_, _) -> {}, (file, in) -> {
            var kept = vault.sealed(folder.resolve(BackupManifest.NAME), true);
            try (var out = vault.create(kept)) {
                in.transferTo(out);
            }
            PrivateFiles.force(kept);
            try (var again = vault.open(kept)) {
                return manifest(file, again);
            }
        });
    }

    /** The manifest that is kept beside it. */
    Optional<Path> manifest() {
        return Vault.find(folder.resolve(BackupManifest.NAME));
    }

    private static BackupManifest manifest(Path file, InputStream in) throws IOException {
        try {
            return BackupManifest.read(in);
        } catch (StreamCorruptedException e) {
            throw new DamagedException(
                    "the " + BackupManifest.NAME + " of " + file + " is damaged: " + e.getMessage(), e);
        }
    }

    private BackupManifest beside(Path file) throws IOException {
        var manifest = folder.resolve(BackupManifest.NAME);
        if (!Files.isRegularFile(manifest, LinkOption.NOFOLLOW_LINKS)) {
            throw new DamagedException(file + " is cut short: no " + BackupManifest.NAME + " is in it");
        }
        try (var in = Files.newInputStream(manifest)) {
            return manifest(file, in);
        }
    }

    private InputStream open(Path file) throws IOException {
        var in = vault.open(file);
        try {
            return String.valueOf(file.getFileName()).startsWith(TAR + GZIP)
                    ? new Unzipped(new GZIPInputStream(in, 1 << 16), file)
                    : in;
        } catch (ZipException | EOFException e) {
            in.close();
            throw damaged(file, e);
        }
    }

    private static @Nullable TarArchiveEntry next(TarArchiveInputStream tar, Path file) throws IOException {
        try {
            return tar.getNextEntry();
        } catch (DamagedException e) {
            throw e;
        } catch (IOException e) {
            throw isTar(e) ? damaged(file, e) : e;
        }
    }

    private static boolean isTar(IOException e) {
        return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("tar archive")
                || e instanceof EOFException;
    }

    private static DamagedException damaged(Path file, IOException e) {
        return new DamagedException(file + " was changed after it was written, or is cut short", e);
    }

    /** Errors that name the file. */
    private static final class Unzipped extends FilterInputStream {
        private final Path file;

        Unzipped(InputStream in, Path file) {
            super(in);
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return in.read(buffer, offset, length);
            } catch (ZipException | EOFException e) {
                throw damaged(file, e);
            }
        }
    }
}
