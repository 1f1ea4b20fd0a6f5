package io.freedom.rollback.engine;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Packs and unpacks folders. A hostile archive cannot write outside the target, not even through its own links. */
final class TarFolder {
    private TarFolder() {}

    /** Returns the bytes of the files written. Devices are left out; owners and setuid bits are not kept. */
    static long unpack(InputStream in, Path target) throws IOException {
        Files.createDirectories(target);
        var root = target.toRealPath();
        Map<Path, Integer> folderModes = new LinkedHashMap<>();
        long bytes = 0;
        // Not closed: that is the caller's stream.
        var tar = new TarArchiveInputStream(in);
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            var path = inside(root, entry.getName(), entry.isDirectory());
            if (entry.isDirectory()) {
                Files.createDirectories(path);
                folderModes.put(path, entry.getMode());
                continue;
            }
            Files.createDirectories(path.getParent());
            Files.deleteIfExists(path);
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            } else if (entry.isLink()) {
                var existing = inside(root, entry.getLinkName(), false);
                if (!Files.isRegularFile(existing, LinkOption.NOFOLLOW_LINKS)) {
                    throw new FileSystemException(entry.getName(), existing.toString(), "hard link to no regular file");
                }
                Files.createLink(path, existing);
            } else if (entry.isFile()) {
                try (var out = Files.newOutputStream(path, StandardOpenOption.CREATE_NEW)) {
                    bytes += tar.transferTo(out);
                }
                Files.setPosixFilePermissions(path, permissions(entry.getMode()));
            }
        }
        // Last, so that a read-only folder can be filled.
        for (var folder : folderModes.entrySet()) {
            Files.setPosixFilePermissions(folder.getKey(), permissions(folder.getValue()));
        }
        return bytes;
    }

    private static Path inside(Path root, String name, boolean folder) throws IOException {
        var path = root.resolve(name.replaceFirst("^/+", "")).normalize();
        if (!path.startsWith(root)
                || (path.equals(root) && !folder)
                || Set.of(name.split("/")).contains("..")) {
            throw new FileSystemException(name, null, "the archive names a path outside the target folder");
        }
        var parent = root;
        var below = root.relativize(path);
        // A folder's own entry must not be a link either: its mode is set through it.
        for (int i = 0; i < below.getNameCount() - (folder ? 0 : 1); i++) {
            parent = parent.resolve(below.getName(i));
            if (Files.isSymbolicLink(parent)) {
                throw new FileSystemException(name, null, "the archive writes through a symbolic link");
            }
        }
        return path;
    }

    /** Writes a file or folder, under its own name, as a tar stream owned by root. */
    static void pack(Path source, OutputStream out, LongConsumer progress) throws IOException {
        var tar = new TarArchiveOutputStream(out);
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        var base = source.toAbsolutePath().normalize();
        var parent = base.getParent();
        if (parent == null) {
            throw new FileNotFoundException("the root folder cannot be copied");
        }
        Files.walkFileTree(base, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                var entry = new TarArchiveEntry(parent.relativize(directory) + "/");
                entry.setMode(040000 | mode(directory));
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                var name = parent.relativize(file).toString();
                if (attributes.isSymbolicLink()) {
                    var entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
                    entry.setLinkName(Files.readSymbolicLink(file).toString());
                    tar.putArchiveEntry(entry);
                } else if (attributes.isRegularFile()) {
                    var entry = new TarArchiveEntry(name);
                    entry.setSize(attributes.size());
                    entry.setMode(0100000 | mode(file));
                    entry.setModTime(attributes.lastModifiedTime());
                    tar.putArchiveEntry(entry);
                    copy(file, tar, progress);
                } else {
                    return FileVisitResult.CONTINUE;
                }
                tar.closeArchiveEntry();
                return FileVisitResult.CONTINUE;
            }
        });
        tar.finish();
    }

    private static void copy(Path file, OutputStream out, LongConsumer progress) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var buffer = new byte[65_536];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                progress.accept(n);
            }
        }
    }

    private static int mode(Path path) throws IOException {
        int mode = 0;
        for (var permission : Files.getPosixFilePermissions(path)) {
            mode |= 1 << (8 - permission.ordinal());
        }
        return mode;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var permissions = EnumSet.noneOf(PosixFilePermission.class);
        for (var permission : PosixFilePermission.values()) {
            if ((mode & 1 << (8 - permission.ordinal())) != 0) {
                permissions.add(permission);
            }
        }
        return permissions;
    }
}
