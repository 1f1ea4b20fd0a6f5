package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/**
 * Where a repository keeps what one rollback moved out of its work tree: inside the git directory, because there a whole folder
 * is moved in an instant, whatever its size and whoever owns what is in it, and moved back just as it was.
 */
record SetAside(Path root, Path folder) {
    static SetAside of(GitRepository repository, String rollbackId) {
        return new SetAside(
                repository.root(),
                repository.gitDirectory().resolve("rollback-set-aside").resolve(rollbackId));
    }

    Path files() {
        return folder.resolve("files");
    }

    /** Nothing is moved by a step that has been done, or undone. */
    boolean isDone() {
        return Files.exists(done());
    }

    boolean isReturned() {
        return Files.exists(folder.resolve("returned"));
    }

    private Path done() {
        return folder.resolve("done");
    }

    void markDone() throws IOException {
        Files.writeString(done(), "");
    }

    void markReturned() throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("returned"), "");
    }

    /** What was moved, or was about to be when a worker ended. */
    List<String> entries() throws IOException {
        var list = folder.resolve("entries");
        return Files.exists(list)
                ? Arrays.stream(Files.readString(list, StandardCharsets.UTF_8).split("\0"))
                        .filter(entry -> !entry.isEmpty())
                        .toList()
                : List.of();
    }

    /** Before they are moved: a worker that ends on the way leaves nothing that the way back does not know. */
    void note(List<String> more) throws IOException {
        var all = new TreeSet<>(entries());
        all.addAll(more);
        Files.createDirectories(folder);
        var written = folder.resolve("entries.new");
        Files.writeString(written, String.join("\0", all), StandardCharsets.UTF_8);
        Files.move(
                written,
                folder.resolve("entries"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** False where it cannot be moved: it belongs to somebody else, or something is mounted there. */
    boolean moveAway(String entry) throws IOException {
        return moved(root.resolve(entry), free(files(), entry));
    }

    boolean isAway(String entry) {
        return Files.exists(files().resolve(entry), LinkOption.NOFOLLOW_LINKS);
    }

    boolean isTaken(String entry) {
        return Files.exists(root.resolve(entry), LinkOption.NOFOLLOW_LINKS);
    }

    /** What stands where something is to go back to. */
    void displace(String entry) throws IOException {
        move(root.resolve(entry), free(folder.resolve("displaced"), entry));
    }

    void moveBack(String entry) throws IOException {
        move(files().resolve(entry), root.resolve(entry));
    }

    /** What came after something of the same name had been moved is kept beside it. */
    private static Path free(Path folder, String entry) {
        var place = folder.resolve(entry);
        for (int i = 2; Files.exists(place, LinkOption.NOFOLLOW_LINKS); i++) {
            place = folder.resolveSibling(folder.getFileName() + "-" + i).resolve(entry);
        }
        return place;
    }

    private static boolean moved(Path from, Path to) throws IOException {
        Files.createDirectories(to.resolveSibling(""));
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileSystemException e) {
            return false;
        }
    }

    private static void move(Path from, Path to) throws IOException {
        Files.createDirectories(to.resolveSibling(""));
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }
}
