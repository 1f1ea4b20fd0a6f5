package io.freedom.rollback.backup;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;

/** A compressed archive of live folders: modes, links and long names are kept. */
final class TarGz implements AutoCloseable {
    private final TarArchiveOutputStream tar;
    private final Path root;
    private final Tally tally;

    private TarGz(TarArchiveOutputStream tar, Path root, Tally tally) {
        this.tar = tar;
        this.root = root;
        this.tally = tally;
    }

    /** Archive of paths below {@code root}. */
    static TarGz create(Path archive, Path root, Tally tally) throws IOException {
        var tar = new TarArchiveOutputStream(compressed(archive), "UTF-8");
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
        return new TarGz(tar, root, tally);
    }

    /** A new private file that compresses what is written to it. Level 1: models hardly shrink, and time is short. */
    static OutputStream compressed(Path archive) throws IOException {
        Files.createFile(archive, PosixFilePermissions.asFileAttribute(PrivateFiles.FILE));
        var parameters = new GzipParameters();
        parameters.setCompressionLevel(Deflater.BEST_SPEED);
        parameters.setBufferSize(1 << 16);
        return new BufferedOutputStream(
                new GzipCompressorOutputStream(Files.newOutputStream(archive, StandardOpenOption.WRITE), parameters),
                1 << 16);
    }

    /** Reads an archive to its end and counts what is in it except folders. */
    static int count(Path archive) throws IOException {
        int files = 0;
        try (var in = new TarArchiveInputStream(
                new GZIPInputStream(new BufferedInputStream(Files.newInputStream(archive), 1 << 16), 1 << 16))) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                files += entry.isDirectory() ? 0 : 1;
            }
        }
        return files;
    }

    /**
     * Puts what an archive of {@link #create} holds below a folder, over what is there. Nothing is written outside of it,
     * whatever the archive says.
     */
    static void extract(Path archive, Path root, Tally tally) throws IOException {
        var home = root.toRealPath();
        try (var in = new TarArchiveInputStream(
                new GZIPInputStream(new BufferedInputStream(Files.newInputStream(archive), 1 << 16), 1 << 16))) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                var target = home.resolve(entry.getName()).normalize();
                var parent = target.getParent();
                if (!target.startsWith(home) || parent == null) {
                    throw new IOException(archive + " has an entry outside of its folder: " + entry.getName());
                }
                if (target.equals(home)) {
                    continue;
                }
                Files.createDirectories(parent);
                if (!parent.toRealPath().startsWith(home)) {
                    throw new IOException(archive + " has an entry behind a link: " + entry.getName());
                }
                tally.read(0, entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else {
                    Files.deleteIfExists(target);
                    if (entry.isSymbolicLink()) {
                        Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                    } else {
                        Files.copy(in, target);
                        Files.setPosixFilePermissions(target, permissions(entry.getMode()));
                        tally.read(entry.getSize(), entry.getName());
                    }
                    tally.took();
                }
            }
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (var permission : PosixFilePermission.values()) {
            if ((mode & bit(permission)) != 0) {
                permissions.add(permission);
            }
        }
        return permissions;
    }

    void add(Path relative) throws IOException {
        Files.walkFileTree(root.resolve(relative), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                var entry = entry(folder, attributes, name(folder) + "/", TarConstants.LF_DIR);
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                addOne(file, attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (!(e instanceof NoSuchFileException)) {
                    throw e;
                }
                tally.leftOut(name(file), "deleted meanwhile");
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private void addOne(Path file, BasicFileAttributes attributes) throws IOException {
        if (attributes.isSymbolicLink()) {
            var entry = entry(file, attributes, name(file), TarConstants.LF_SYMLINK);
            entry.setLinkName(Files.readSymbolicLink(file).toString());
            tar.putArchiveEntry(entry);
            tar.closeArchiveEntry();
            noteIfOutside(file);
            tally.took();
        } else if (attributes.isRegularFile()) {
            addRegular(file);
            tally.took();
        } else {
            tally.leftOut(name(file), "neither file, folder nor link");
        }
    }

    private void noteIfOutside(Path link) throws IOException {
        var target = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
        if (!target.startsWith(root)) {
            tally.leftOut(name(link), "a link to " + target + ", whose content is not in the archive");
        }
    }

    /** A stream cannot be taken back: a file that changed is added once more, and the last entry of a name counts. */
    private void addRegular(Path file) throws IOException {
        for (int read = 1; ; read++) {
            var before = TreeCopy.attributes(file);
            var entry = entry(file, before, name(file), TarConstants.LF_NORMAL);
            entry.setSize(before.size());
            tar.putArchiveEntry(entry);
            long size = transfer(file, before.size());
            tar.closeArchiveEntry();
            boolean steady = size == before.size() && TreeCopy.sameState(before, TreeCopy.attributes(file));
            if (steady) {
                return;
            }
            if (read == TreeCopy.READS) {
                tally.changedWhileRead(name(file));
                return;
            }
            tally.forget(size);
        }
    }

    /** Writes exactly {@code expected} bytes, as the header said; returns how many the file had. */
    private long transfer(Path file, long expected) throws IOException {
        var buffer = new byte[1 << 16];
        long size = 0;
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            while (size < expected) {
                int n = in.read(buffer, 0, (int) Math.min(buffer.length, expected - size));
                if (n < 0) {
                    break;
                }
                tar.write(buffer, 0, n);
                size += n;
                tally.read(n, name(file));
            }
        }
        var zeros = new byte[1 << 16];
        for (long missing = expected - size; missing > 0; missing -= zeros.length) {
            tar.write(zeros, 0, (int) Math.min(zeros.length, missing));
        }
        return size;
    }

    private TarArchiveEntry entry(Path path, BasicFileAttributes attributes, String name, byte type)
            throws IOException {
        var entry = new TarArchiveEntry(name, type);
        entry.setModTime(attributes.lastModifiedTime());
        if (!attributes.isSymbolicLink()) {
            int permissions = 0;
            for (var permission : Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)) {
                permissions |= bit(permission);
            }
            entry.setMode((entry.getMode() & ~0777) | permissions);
        }
        return entry;
    }

    private static int bit(PosixFilePermission permission) {
        return switch (permission) {
            case OWNER_READ -> 0400;
            case OWNER_WRITE -> 0200;
            case OWNER_EXECUTE -> 0100;
            case GROUP_READ -> 040;
            case GROUP_WRITE -> 020;
            case GROUP_EXECUTE -> 010;
            case OTHERS_READ -> 04;
            case OTHERS_WRITE -> 02;
            case OTHERS_EXECUTE -> 01;
        };
    }

    private String name(Path path) {
        return root.relativize(path).toString();
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }
}
