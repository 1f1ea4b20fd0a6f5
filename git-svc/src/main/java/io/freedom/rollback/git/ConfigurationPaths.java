package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.eclipse.jgit.lib.Constants;

/** The files and folders of a work tree that are its platform's configuration. */
final class ConfigurationPaths {
    /** Each look asks the file system for all of them. */
    private static final int MOST = 10_000;

    private static final List<String> RULES = List.of(Constants.DOT_GIT_IGNORE, Constants.DOT_GIT_ATTRIBUTES);

    private final GitRepository repository;
    private final TreeSet<String> names = new TreeSet<>();

    private ConfigurationPaths(GitRepository repository) {
        this.repository = repository;
    }

    static ConfigurationPaths of(GitRepository repository, List<String> paths) throws StepFailure {
        var all = new ConfigurationPaths(repository);
        for (var path : paths) {
            var name = Path.of(path).normalize();
            if (name.isAbsolute() || name.startsWith("..") || name.toString().isEmpty() || isGits(name)) {
                throw new StepFailure(
                        FailureKind.INVALID,
                        "the path \"" + path
                                + "\" does not name something below the work tree: correct the descriptor");
            }
            all.names.add(name.toString());
        }
        if (all.names.isEmpty()) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "the platform names no files of its configuration: add `configuration` to the descriptor");
        }
        return all;
    }

    /** Git refuses to have such a name in a tree. */
    static boolean isGits(Path name) {
        for (var part : name) {
            if (part.toString().equalsIgnoreCase(Constants.DOT_GIT)) {
                return true;
            }
        }
        return false;
    }

    TreeSet<String> names() {
        return new TreeSet<>(names);
    }

    /** Of all files that are there, and of all that says which of them are recorded: with the same stamps nothing has changed. */
    Map<String, FileStamp> stamps() throws IOException, StepFailure {
        var stamps = new TreeMap<String, FileStamp>();
        for (var name : names) {
            var path = repository.root().resolve(name);
            for (var folder = path.getParent(); folder != null && folder.startsWith(repository.root()); ) {
                for (var rules : RULES) {
                    stamp(folder.resolve(rules), stamps);
                }
                folder = folder.getParent();
            }
            visit(path, stamps);
        }
        stamp(repository.indexFile(), stamps);
        for (var rules : List.of("config", "info/exclude", "info/attributes")) {
            stamp(repository.commonDirectory().resolve(rules), stamps);
        }
        return stamps;
    }

    private void visit(Path path, Map<String, FileStamp> stamps) throws IOException, StepFailure {
        stamp(path, stamps);
        if (stamps.size() > MOST) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the configuration of " + repository.root() + " has more than " + MOST
                            + " files: name fewer in `configuration` of the descriptor");
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                || isGits(repository.root().relativize(path))) {
            return;
        }
        try (var children = Files.newDirectoryStream(path)) {
            for (var child : children) {
                visit(child, stamps);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException | NotDirectoryException e) {
            // removed just now: the next stamps tell
        }
    }

    private static void stamp(Path path, Map<String, FileStamp> stamps) throws IOException {
        FileStamp.of(path).ifPresent(stamp -> stamps.put(path.toString(), stamp));
    }
}
