package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/**
 * Knows which directories are worktrees of a repository, by git's own register and, for those made without git, by a
 * mark inside; and removes nothing else. Not {@code git worktree remove}: that refuses what was only half made.
 */
final class LinkedWorktrees {
    private static final String MARK = "rollback-worktree-of";

    private final GitRepository repository;

    LinkedWorktrees(GitRepository repository) {
        this.repository = repository;
    }

    /** The path to use, with links resolved, if it lies apart from the live work tree. */
    Path place(String path) throws IOException, StepFailure {
        var given = Path.of(path);
        if (!given.isAbsolute()) {
            throw new StepFailure(FailureKind.INVALID, "the worktree's path must be absolute, not " + path);
        }
        var place = real(given.normalize());
        if (place.startsWith(repository.root())
                || repository.root().startsWith(place)
                || place.startsWith(repository.commonDirectory())) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "the worktree " + path + " must lie outside of the live one, " + repository.root()
                            + ": choose a directory beside it");
        }
        return place;
    }

    /** Whether it is ours, whole or half-made. */
    boolean holds(Path place) throws IOException {
        return !registrations(place).isEmpty() || isMarked(place);
    }

    static boolean isTaken(Path place) throws IOException {
        if (RealFiles.isDirectory(place)) {
            try (var entries = Files.list(place)) {
                return entries.findAny().isPresent();
            }
        }
        return Files.exists(place, LinkOption.NOFOLLOW_LINKS);
    }

    /** Removes directory and registration. */
    void remove(Path place) throws IOException, StepFailure {
        if (isTaken(place) && !holds(place)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    place + " is not a worktree of " + repository.root()
                            + ", so it is left alone: move it away or choose" + " another path");
        }
        if (RealFiles.isDirectory(place)) {
            RealFiles.removeAll(place);
        }
        for (var registration : registrations(place)) {
            RealFiles.removeAll(registration);
        }
    }

    private List<Path> registrations(Path place) throws IOException {
        var found = new ArrayList<Path>();
        var register = repository.commonDirectory().resolve("worktrees");
        if (Files.isDirectory(register)) {
            try (var entries = Files.newDirectoryStream(register)) {
                for (var entry : entries) {
                    var pointer = entry.resolve("gitdir");
                    if (Files.isRegularFile(pointer)) {
                        var target =
                                entry.resolve(Files.readString(pointer).strip()).normalize();
                        if (real(target).equals(place.resolve(Constants.DOT_GIT))) {
                            found.add(entry);
                        }
                    }
                }
            }
        }
        return found;
    }

    private boolean isMarked(Path place) throws IOException {
        var mark = place.resolve(Constants.DOT_GIT).resolve(MARK);
        return Files.isRegularFile(mark)
                && Files.readString(mark)
                        .strip()
                        .equals(repository.commonDirectory().toString());
    }

    /** Makes {@code path} a repository of its own that reads the objects of this one, for want of worktrees in JGit. */
    static void borrowObjects(GitRepository repository, Path path) throws IOException {
        var git = path.resolve(Constants.DOT_GIT);
        Files.createDirectories(git);
        Files.writeString(git.resolve(MARK), repository.commonDirectory().toString());
        try (var created = new FileRepositoryBuilder()
                .setGitDir(git.toFile())
                .setWorkTree(path.toFile())
                .build()) {
            created.create();
        }
        var info = Files.createDirectories(git.resolve("objects/info"));
        Files.writeString(
                info.resolve("alternates"), repository.commonDirectory().resolve("objects") + "\n");
    }

    private static Path real(Path path) throws IOException {
        if (Files.exists(path)) {
            return path.toRealPath();
        }
        var parent = path.getParent();
        return parent == null ? path : real(parent).resolve(path.getFileName());
    }
}
