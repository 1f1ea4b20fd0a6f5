package io.freedom.rollback.container;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Whether something was changed on disk since a moment. */
final class FileChanges {
    private FileChanges() {}

    /**
     * Looks at a file, or at all below a folder: the time of its last change, which unlike that of its content nobody can
     * set back. What cannot be read was not changed by a checkout either, which is made with the same rights.
     */
    static boolean since(Instant moment, Path place) {
        var finder = new Finder(moment);
        try {
            Files.walkFileTree(place, finder);
        } catch (IOException e) {
            return true;
        }
        return finder.found;
    }

    private static final class Finder extends SimpleFileVisitor<Path> {
        private final Instant moment;
        private boolean found;

        Finder(Instant moment) {
            this.moment = moment;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
            // Git keeps its own books there whenever it is asked something.
            return folder.endsWith(".git") ? FileVisitResult.SKIP_SUBTREE : look(folder);
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            return look(file);
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
            return e instanceof NoSuchFileException ? FileVisitResult.CONTINUE : super.postVisitDirectory(folder, e);
        }

        private FileVisitResult look(Path path) throws IOException {
            try {
                var changed = (FileTime) Files.getAttribute(path, "unix:ctime", LinkOption.NOFOLLOW_LINKS);
                found |= changed.toInstant().isAfter(moment);
            } catch (NoSuchFileException e) {
                // Somebody's temporary file, gone since the folder was listed; the folder tells that it changed.
            }
            return found ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
        }
    }
}
