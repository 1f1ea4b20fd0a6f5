package io.freedom.rollback.backup;

import java.io.IOException;
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
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Copies files and folders of a live work tree. Links are copied as links; a file that changes meanwhile is read again. */
final class TreeCopy {
    static final int READS = 3;

    private final Path source;
    private final Path target;
    private final Tally tally;

    TreeCopy(Path source, Path target, Tally tally) {
        this.source = source;
        this.target = target;
        this.tally = tally;
    }

    /** Copies what is at {@code relative}, with all below it, to the same place below the target. */
    void copy(Path relative) throws IOException {
        Files.walkFileTree(source.resolve(relative), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                PrivateFiles.createFolders(counterpart(folder));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                PrivateFiles.createParent(counterpart(file));
                copyOne(file, attributes);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                return vanished(file, e);
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private Path counterpart(Path path) {
        return target.resolve(source.relativize(path).toString());
    }

    private FileVisitResult vanished(Path file, IOException e) throws IOException {
        if (!(e instanceof NoSuchFileException)) {
            throw e;
        }
        tally.leftOut(source.relativize(file).toString(), "deleted meanwhile");
        return FileVisitResult.CONTINUE;
    }

    private void copyOne(Path file, BasicFileAttributes attributes) throws IOException {
        try {
            if (attributes.isSymbolicLink()) {
                Files.createSymbolicLink(counterpart(file), Files.readSymbolicLink(file));
                tally.took();
            } else if (attributes.isRegularFile()) {
                copyRegular(file);
                tally.took();
            } else {
                tally.leftOut(source.relativize(file).toString(), "neither file, folder nor link");
            }
        } catch (NoSuchFileException e) {
            Files.deleteIfExists(counterpart(file));
            vanished(file, e);
        }
    }

    private void copyRegular(Path file) throws IOException {
        var name = source.relativize(file).toString();
        var copy = counterpart(file);
        for (int read = 1; ; read++) {
            var before = attributes(file);
            long size = transfer(file, copy, name);
            var after = attributes(file);
            boolean steady = size == after.size() && sameState(before, after);
            if (steady || read == READS) {
                if (!steady) {
                    tally.changedWhileRead(name);
                }
                Files.setLastModifiedTime(copy, before.lastModifiedTime());
                return;
            }
            tally.forget(size);
        }
    }

    private long transfer(Path file, Path copy, String name) throws IOException {
        boolean executable = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                .contains(PosixFilePermission.OWNER_EXECUTE);
        Files.deleteIfExists(copy);
        Files.createFile(
                copy, PosixFilePermissions.asFileAttribute(executable ? PrivateFiles.FOLDER : PrivateFiles.FILE));
        long size = 0;
        var buffer = new byte[1 << 16];
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
                var out = Files.newOutputStream(copy, StandardOpenOption.WRITE)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                size += n;
                tally.read(n, name);
            }
        }
        return size;
    }

    static BasicFileAttributes attributes(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    static boolean sameState(BasicFileAttributes before, BasicFileAttributes after) {
        return before.size() == after.size()
                && before.lastModifiedTime().equals(after.lastModifiedTime())
                && Objects.equals(before.fileKey(), after.fileKey());
    }
}
