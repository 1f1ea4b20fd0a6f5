package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Creates and removes files below a directory without ever following a symbolic link out of it. */
record RealFiles(Path root) {
    /** Removes a file or link, and directories that are empty without it. */
    void remove(String path) throws IOException {
        var file = root.resolve(path);
        if (!hasRealParents(path) || !Files.exists(file, LinkOption.NOFOLLOW_LINKS) || isDirectory(file)) {
            return;
        }
        Files.delete(file);
        for (var ancestor : Trees.ancestors(path).reversed()) {
            if (isEmpty(root.resolve(ancestor))) {
                Files.delete(root.resolve(ancestor));
            }
        }
    }

    /** Makes parents real directories, and removes a directory or link that stands where the file shall be. */
    void makeRoomFor(String path) throws IOException {
        for (var ancestor : Trees.ancestors(path)) {
            var directory = root.resolve(ancestor);
            if (!isDirectory(directory)) {
                Files.deleteIfExists(directory);
                Files.createDirectory(directory);
            }
        }
        var file = root.resolve(path);
        if (isDirectory(file)) {
            removeAll(file);
        } else if (Files.isSymbolicLink(file)) {
            Files.delete(file);
        }
    }

    /** Makes the folders above a path that are missing. False where a link or a file stands for one of them. */
    boolean makeParents(String path) throws IOException {
        for (var ancestor : Trees.ancestors(path)) {
            var directory = root.resolve(ancestor);
            if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(directory);
            } else if (!isDirectory(directory)) {
                return false;
            }
        }
        return true;
    }

    boolean hasRealParents(String path) {
        return Trees.ancestors(path).stream().allMatch(ancestor -> isDirectory(root.resolve(ancestor)));
    }

    static boolean isDirectory(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }

    static void removeAll(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
