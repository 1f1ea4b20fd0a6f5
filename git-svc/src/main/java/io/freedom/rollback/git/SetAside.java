package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where a repository keeps what one rollback moved out of its work tree: inside the git directory, because there a whole folder
 * is moved in an instant, whatever its size and whoever owns what is in it, and moved back just as it was. Services may write into
 * both: nothing is moved through a link that stands there, nor to where a list says that lies outside.
 *
 * @param name of its folder in the git directory
 */
record SetAside(RealFiles tree, RealFiles git, String name) {
    static SetAside of(GitRepository repository, String rollbackId) throws StepFailure {
        var aside = new SetAside(
                new RealFiles(repository.root()),
                new RealFiles(repository.gitDirectory()),
                "rollback-set-aside/" + rollbackId);
        for (var folder : List.of(aside.folder().resolveSibling(""), aside.folder())) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !RealFiles.isDirectory(folder)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        folder
                                + " is no folder, and files are set aside there: move it away, and find out who has put it there");
            }
        }
        return aside;
    }

    Path folder() {
        return git.root().resolve(name);
    }

    Path files() {
        return folder().resolve("files");
    }

    /** What takes the place of what is moved away, until it does. */
    Path restored() {
        return folder().resolve("restored");
    }

    /** Nothing is moved by a step that has been done, or undone. */
    boolean isDone() {
        return Files.exists(folder().resolve("done"));
    }

    boolean isReturned() {
        return Files.exists(folder().resolve("returned"));
    }

    void markDone() throws IOException {
        write(folder().resolve("done"), "");
    }

    void markReturned() throws IOException {
        git.makeParents(name + "/returned");
        write(folder().resolve("returned"), "");
    }

    boolean isNoted() {
        return Files.exists(folder().resolve("entries"));
    }

    /** What was moved, or was about to be when a worker ended. */
    List<String> entries() throws IOException {
        return listed("entries");
    }

    /** What is put in. */
    Set<String> incoming() throws IOException {
        return Set.copyOf(listed("incoming"));
    }

    /** Of what is put in, where there was nothing before. */
    Set<String> added() throws IOException {
        return Set.copyOf(listed("added"));
    }

    private List<String> listed(String name) throws IOException {
        var list = folder().resolve(name);
        if (!Files.isRegularFile(list, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        var entries = Arrays.stream(
                        Files.readString(list, StandardCharsets.UTF_8).split("\0"))
                .filter(entry -> !entry.isEmpty())
                .toList();
        for (var entry : entries) {
            var path = Path.of(entry);
            if (path.isAbsolute() || !path.normalize().equals(path) || path.startsWith("..")) {
                throw new FileSystemException(list.toString(), null, "names a file outside of the work tree: " + entry);
            }
        }
        return entries;
    }

    /** Before they are moved: a worker that ends on the way leaves nothing that the way back does not know. */
    void note(List<String> more) throws IOException {
        var all = new TreeSet<>(entries());
        all.addAll(more);
        list("entries", all);
    }

    /** Before {@link #note}. */
    void noteIncoming(Collection<String> incoming) throws IOException {
        list("incoming", incoming);
    }

    /** Before {@link #note}. */
    void noteAdded(Collection<String> added) throws IOException {
        list("added", added);
    }

    private void list(String list, Collection<String> entries) throws IOException {
        git.makeParents(name + "/" + list);
        var written = folder().resolve(list + ".new");
        write(written, String.join("\0", entries));
        Files.move(
                written, folder().resolve(list), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(
                file,
                text,
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /** False where it cannot be moved: it belongs to somebody else, something is mounted there, or it is behind a link. */
    boolean moveAway(String entry) throws IOException {
        var place = free("files", entry);
        if (!tree.hasRealParents(entry) || !git.makeParents(place)) {
            return false;
        }
        try {
            Files.move(tree.root().resolve(entry), git.root().resolve(place), StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileSystemException e) {
            return false;
        }
    }

    boolean isAway(String entry) {
        return git.hasRealParents(name + "/files/" + entry)
                && Files.exists(files().resolve(entry), LinkOption.NOFOLLOW_LINKS);
    }

    boolean isRestored(String entry) {
        return git.hasRealParents(name + "/restored/" + entry)
                && Files.exists(restored().resolve(entry), LinkOption.NOFOLLOW_LINKS);
    }

    void putIn(String entry) throws IOException {
        Files.move(restored().resolve(entry), tree.root().resolve(entry), StandardCopyOption.ATOMIC_MOVE);
    }

    void removeRestored() throws IOException {
        if (RealFiles.isDirectory(restored())) {
            RealFiles.removeAll(restored());
        }
    }

    boolean isTaken(String entry) {
        return Files.exists(tree.root().resolve(entry), LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether there is a way back to where it was, with the folders that it takes; false behind a link. */
    boolean makeWay(String entry) throws IOException {
        return tree.makeParents(entry);
    }

    /** The same, with rights and owners of the folders that it was restored in. */
    boolean makeWayAsRestored(String entry) throws IOException {
        for (var ancestor : Trees.ancestors(entry)) {
            var folder = tree.root().resolve(ancestor);
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                continue;
            }
            var like =
                    Files.readAttributes(restored().resolve(ancestor), "unix:mode,uid,gid", LinkOption.NOFOLLOW_LINKS);
            if (!tree.hasRealParents(ancestor)) {
                return false;
            }
            Files.createDirectory(folder);
            try {
                Files.setAttribute(folder, "unix:gid", like.get("gid"), LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(folder, "unix:uid", like.get("uid"), LinkOption.NOFOLLOW_LINKS);
            } catch (FileSystemException _) {
                // Only root gives files away.
            }
            if (like.get("mode") instanceof Integer mode) {
                Files.setAttribute(folder, "unix:mode", mode & 07777, LinkOption.NOFOLLOW_LINKS);
            }
        }
        return tree.hasRealParents(entry);
    }

    /** Not behind a link. */
    boolean isReallyThere(String entry) {
        return tree.hasRealParents(entry) && isTaken(entry);
    }

    /** What stands where something is to go back to. False where it has to stay. */
    boolean displace(String entry) throws IOException {
        var place = free("displaced", entry);
        if (!git.makeParents(place)) {
            return false;
        }
        Files.move(tree.root().resolve(entry), git.root().resolve(place), StandardCopyOption.ATOMIC_MOVE);
        return true;
    }

    void moveBack(String entry) throws IOException {
        Files.move(files().resolve(entry), tree.root().resolve(entry), StandardCopyOption.ATOMIC_MOVE);
    }

    /** What came after something of the same name had been moved is kept beside it. */
    private String free(String kind, String entry) {
        var place = name + "/" + kind + "/" + entry;
        for (int i = 2; Files.exists(git.root().resolve(place), LinkOption.NOFOLLOW_LINKS); i++) {
            place = name + "/" + kind + "-" + i + "/" + entry;
        }
        return place;
    }
}
