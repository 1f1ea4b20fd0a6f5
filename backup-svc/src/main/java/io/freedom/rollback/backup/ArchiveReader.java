package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.io.input.CloseShieldInputStream;

/** Reads what {@link Archive} writes, the content of large files from their objects. */
final class ArchiveReader implements AutoCloseable {
    private static final int PIECE = 1 << 16;
    private static final byte[] ZEROS = new byte[PIECE];

    private final Path file;
    private final TarArchiveInputStream tar;
    private final RestorePoint point;
    private final Vault vault;

    private ArchiveReader(Path file, TarArchiveInputStream tar, RestorePoint point, Vault vault) {
        this.file = file;
        this.tar = tar;
        this.point = point;
        this.vault = vault;
    }

    /** @param file as {@link Vault#find} has found it */
    static ArchiveReader open(Path file, RestorePoint point, Vault vault) throws IOException {
        return new ArchiveReader(file, new TarArchiveInputStream(vault.open(file)), point, vault);
    }

    /** What is in an archive but folders; bytes of the content. */
    record Counted(int files, long bytes) {}

    /** Reads to the end, but for the objects. */
    Counted count() throws IOException {
        int files = 0;
        long bytes = 0;
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            files += entry.isDirectory() ? 0 : 1;
            bytes += size(entry).orElse(entry.isFile() ? entry.getSize() : 0);
        }
        return new Counted(files, bytes);
    }

    /** Writes an ordinary tar, with the content of all files. */
    void transferTo(OutputStream out) throws IOException {
        transferTo(Archive.tar(out), UnaryOperator.identity());
    }

    /**
     * The same under other names, behind entries of one's own.
     *
     * @param first without content; a file in the place of a folder has whoever unpacks it remove that
     * @param naming empty leaves an entry out
     */
    void transferTo(OutputStream out, List<TarArchiveEntry> first, UnaryOperator<String> naming) throws IOException {
        var plain = Archive.tar(out);
        for (var entry : first) {
            plain.putArchiveEntry(entry);
            plain.closeArchiveEntry();
        }
        transferTo(plain, naming);
    }

    /**
     * Reads to the end, objects too, and that all is in one folder, or is one file.
     *
     * @throws StepFailure PRECONDITION where it is of another
     */
    void check(String root) throws IOException, StepFailure {
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            var name = entry.getName();
            if (!name.equals(root) && !name.startsWith(root + "/")) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        file + " has " + name + ", and was to have " + root
                                + " alone: it was taken of another folder than the descriptor names now. Choose another restore point, or name that folder again");
            }
            if (entry.isFile()) {
                try (var content = content(entry)) {
                    content.transferTo(OutputStream.nullOutputStream());
                }
            }
        }
    }

    private void transferTo(TarArchiveOutputStream plain, UnaryOperator<String> naming) throws IOException {
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            var size = size(entry);
            var name = naming.apply(entry.getName());
            if (name.isEmpty()) {
                continue;
            }
            if (size.isPresent()) {
                var whole = new TarArchiveEntry(name);
                whole.setMode(entry.getMode());
                whole.setUserId(entry.getLongUserId());
                whole.setGroupId(entry.getLongGroupId());
                whole.setModTime(entry.getLastModifiedTime());
                whole.setSize(size.getAsLong());
                plain.putArchiveEntry(whole);
            } else {
                entry.setName(name);
                if (entry.isLink()) {
                    entry.setLinkName(naming.apply(entry.getLinkName()));
                }
                plain.putArchiveEntry(entry);
            }
            if (entry.isFile()) {
                try (var content = content(entry)) {
                    content.transferTo(plain);
                }
            }
            plain.closeArchiveEntry();
        }
        plain.finish();
        plain.flush();
    }

    private OptionalLong size(TarArchiveEntry entry) throws IOException {
        var size = entry.getExtraPaxHeader(Archive.SIZE);
        if (size == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(size));
        } catch (NumberFormatException e) {
            throw new DamagedException(file + " has no size for " + entry.getName(), e);
        }
    }

    private InputStream content(TarArchiveEntry entry) throws IOException {
        var name = entry.getExtraPaxHeader(Archive.OBJECT);
        if (name == null) {
            return CloseShieldInputStream.wrap(tar);
        }
        var object = point.object(name);
        if (!Objects.equals(object.normalize().getParent(), point.directory().resolve(RestorePoint.OBJECTS))
                || !Files.isRegularFile(object, LinkOption.NOFOLLOW_LINKS)) {
            throw new DamagedException(object + " is missing, which is the content of " + entry.getName());
        }
        return new Checked(
                vault.open(object), object, Objects.requireNonNullElse(entry.getExtraPaxHeader(Archive.SHA256), ""));
    }

    /**
     * Puts all below a folder, over what is there, with modes and times, and owners where the user may. Nothing is written outside of it,
     * whatever the archive says. Long runs of zeros become holes.
     */
    void extract(Path root, Tally tally) throws IOException {
        Files.createDirectories(root);
        var home = root.toRealPath();
        Map<Path, TarArchiveEntry> folders = new LinkedHashMap<>();
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            var target = inside(home, entry.getName());
            if (target.equals(home)) {
                continue;
            }
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            tally.read(0, entry.getName());
            if (entry.isDirectory()) {
                if (Files.isSymbolicLink(target)) {
                    Files.delete(target);
                }
                Files.createDirectories(target);
                folders.put(target, entry);
                continue;
            }
            if (entry.isFIFO() || entry.isCharacterDevice() || entry.isBlockDevice()) {
                tally.leftOut(entry.getName(), "neither file, folder nor link");
                continue;
            }
            if (entry.isLink()) {
                var other = inside(home, entry.getLinkName());
                if (!Files.isRegularFile(other, LinkOption.NOFOLLOW_LINKS)) {
                    throw new DamagedException(file + " has a hard link to what it does not hold: " + entry.getName());
                }
                Files.deleteIfExists(target);
                Files.createLink(target, other);
            } else if (entry.isSymbolicLink()) {
                Files.deleteIfExists(target);
                Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                own(target, entry);
            } else {
                Files.deleteIfExists(target);
                try (var content = content(entry)) {
                    write(content, target, entry.getName(), tally);
                }
                own(target, entry);
                Files.setAttribute(target, "unix:mode", entry.getMode() & 07777);
                Files.setLastModifiedTime(target, entry.getLastModifiedTime());
            }
            tally.took();
        }
        // Last, so that a read-only folder can be filled.
        for (var folder : folders.entrySet()) {
            if (!Files.isDirectory(folder.getKey(), LinkOption.NOFOLLOW_LINKS)) {
                continue; // a later entry has its name
            }
            own(folder.getKey(), folder.getValue());
            Files.setAttribute(folder.getKey(), "unix:mode", folder.getValue().getMode() & 07777);
            Files.setLastModifiedTime(folder.getKey(), folder.getValue().getLastModifiedTime());
        }
    }

    /** Where an entry goes; not outside, and not through a link. */
    private Path inside(Path home, String name) throws IOException {
        var target = home.resolve(name.replaceFirst("^/+", "")).normalize();
        if (!target.startsWith(home)) {
            throw new DamagedException(file + " has an entry outside of its folder: " + name);
        }
        for (var above = target.getParent();
                above != null && !above.equals(home) && above.startsWith(home);
                above = above.getParent()) {
            if (Files.isSymbolicLink(above)) {
                throw new DamagedException(file + " has an entry behind a link: " + name);
            }
        }
        return target;
    }

    private static void write(InputStream in, Path target, String name, Tally tally) throws IOException {
        try (var out = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            var piece = new byte[PIECE];
            long size = 0;
            for (int n = in.readNBytes(piece, 0, PIECE); n > 0; n = in.readNBytes(piece, 0, PIECE)) {
                if (n < PIECE || !Arrays.equals(piece, ZEROS)) {
                    var buffer = ByteBuffer.wrap(piece, 0, n);
                    while (buffer.hasRemaining()) {
                        out.write(buffer, size + buffer.position());
                    }
                }
                size += n;
                tally.read(n, name);
            }
            if (out.size() < size) {
                out.write(ByteBuffer.allocate(1), size - 1);
            }
        }
    }

    /** Only root gives files away; others keep them. */
    private static void own(Path path, TarArchiveEntry entry) throws IOException {
        var now = UnixStat.of(path);
        int user = (int) entry.getLongUserId();
        int group = (int) entry.getLongGroupId();
        if (now.user() == user && now.group() == group) {
            return;
        }
        try {
            Files.setAttribute(path, "unix:gid", group, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:uid", user, LinkOption.NOFOLLOW_LINKS);
        } catch (FileSystemException e) {
            return;
        }
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }
}
