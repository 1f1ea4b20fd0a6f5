package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.git.RepositoryPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.eclipse.jgit.errors.RepositoryNotFoundException;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.jspecify.annotations.Nullable;

/** An opened repository with a work tree: HEAD, refs and commits, by JGit, which runs no hooks and signs nothing. */
final class GitRepository implements AutoCloseable {
    /** A lock that old is of a process that was killed. */
    private static final Duration ABANDONED = Duration.ofMinutes(1);

    private final Repository jgit;
    private final Path root;

    private GitRepository(Repository jgit, Path root) {
        this.jgit = jgit;
        this.root = root;
    }

    static GitRepository open(String workTree) throws IOException, StepFailure {
        var given = Path.of(workTree);
        if (!given.isAbsolute()) {
            throw new StepFailure(FailureKind.INVALID, "the work tree must be an absolute path, not " + workTree);
        }
        if (!Files.isDirectory(given)) {
            throw precondition("there is no directory " + workTree + ": check `workTree` in the platform's file");
        }
        var root = given.toRealPath();
        if (!Files.exists(root.resolve(Constants.DOT_GIT))) {
            throw precondition(whyNot(root));
        }
        try {
            var jgit = new FileRepositoryBuilder()
                    .setWorkTree(root.toFile())
                    .setMustExist(true)
                    .build();
            if (jgit.getConfig().getBoolean("core", "bare", false)) {
                jgit.close();
                throw precondition(
                        root + " is a bare repository without work tree: name a clone of it in the platform's"
                                + " file, or run `git config core.bare false` there");
            }
            return checked(new GitRepository(jgit, root));
        } catch (RepositoryNotFoundException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, root + "/.git is not a git repository: run `git status` there", e);
        } catch (IllegalArgumentException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, "the repository " + root + " cannot be opened: " + e.getMessage(), e);
        }
    }

    private static GitRepository checked(GitRepository repository) throws IOException, StepFailure {
        try {
            RepositoryPrograms.refuse(repository.jgit);
            return repository;
        } catch (IOException | StepFailure e) {
            repository.close();
            throw e;
        }
    }

    private static String whyNot(Path root) {
        if (Files.isDirectory(root.resolve("objects")) && Files.isRegularFile(root.resolve("HEAD"))) {
            return root + " is a bare repository without work tree: name a clone of it in the platform's file";
        }
        var found = new FileRepositoryBuilder().findGitDir(root.toFile()).getGitDir();
        return found == null
                ? root + " is not a git work tree: check `workTree` in the platform's file, or restore its .git"
                : root + " lies inside a git work tree but is not its top: name " + found.getParent()
                        + " in the platform's file";
    }

    Repository jgit() {
        return jgit;
    }

    Path root() {
        return root;
    }

    /** Directory of HEAD and index. */
    Path gitDirectory() {
        return jgit.getDirectory().toPath();
    }

    /** Directory of objects, branches and tags; differs from {@link #gitDirectory} in a linked worktree. */
    Path commonDirectory() {
        return jgit.getCommonDirectory().toPath();
    }

    /** What is written from now on is on disk before a ref says so, whatever the repository's settings; those stay as they are. */
    void writeThrough() {
        var settings = jgit.getConfig();
        settings.setBoolean("core", null, "fsyncObjectFiles", true);
        settings.setBoolean("core", null, "fsyncRefFiles", true);
    }

    Path indexFile() {
        return jgit.getIndexFile().toPath();
    }

    RevCommit head() throws IOException, StepFailure {
        var head = jgit.resolve(Constants.HEAD);
        if (head == null) {
            throw precondition(root + " has no commit at HEAD: there is nothing to return to after a rollback");
        }
        return commit(head);
    }

    /** Full ref name of the branch, or null when HEAD is detached. */
    @Nullable
    String branch() throws IOException {
        var head = jgit.exactRef(Constants.HEAD);
        return head != null && head.isSymbolic() ? head.getTarget().getName() : null;
    }

    RevCommit commit(ObjectId id) throws IOException {
        return jgit.parseCommit(id);
    }

    /** Stores a commit with a fixed identity. */
    ObjectId store(ObjectId tree, String message, ObjectId... parents) throws IOException {
        var who = new PersonIdent("rollback", "rollback@localhost", Instant.now(), ZoneOffset.UTC);
        var commit = new CommitBuilder();
        commit.setTreeId(tree);
        commit.setParentIds(parents);
        commit.setAuthor(who);
        commit.setCommitter(who);
        commit.setMessage(message);
        try (var inserter = jgit.newObjectInserter()) {
            var id = inserter.insert(commit);
            inserter.flush();
            return id;
        }
    }

    /**
     * Points a ref of ours to a commit if it still points to {@code expected} ({@link ObjectId#zeroId()}: does not exist). Under the
     * {@link TreeLock}: nobody but its holder writes such a ref, so a lock that is there is of a worker that was killed.
     */
    void updateRef(String name, ObjectId expected, ObjectId commit) throws IOException, StepFailure {
        Files.deleteIfExists(commonDirectory().resolve(name + ".lock"));
        var update = jgit.updateRef(name);
        update.setNewObjectId(commit);
        update.setExpectedOldObjectId(expected);
        update.setRefLogMessage("rollback", false);
        require(update.forceUpdate(), name);
    }

    /**
     * As {@link #updateRef}, of a ref that is written while git may be at work: `git pack-refs` holds a lock for a moment.
     *
     * @return false where another process holds the ref, or has moved it
     */
    boolean moveRef(String name, ObjectId expected, ObjectId commit) throws IOException, StepFailure {
        var lock = commonDirectory().resolve(name + ".lock");
        if (FileStamp.of(lock)
                .filter(stamp -> stamp.changed().isBefore(Instant.now().minus(ABANDONED)))
                .isPresent()) {
            Files.deleteIfExists(lock);
        }
        var update = jgit.updateRef(name);
        update.setNewObjectId(commit);
        update.setExpectedOldObjectId(expected);
        update.setRefLogMessage("rollback", false);
        var result = update.forceUpdate();
        if (result != RefUpdate.Result.LOCK_FAILURE) {
            require(result, name);
        }
        return result != RefUpdate.Result.LOCK_FAILURE;
    }

    void detachHead(ObjectId commit) throws IOException, StepFailure {
        var update = jgit.updateRef(Constants.HEAD, true);
        update.setNewObjectId(commit);
        update.setRefLogMessage("rollback: moving to " + commit.name(), false);
        require(update.forceUpdate(), Constants.HEAD);
    }

    /** Points HEAD to a branch, which stays where it is. */
    void attachHead(String branch) throws IOException, StepFailure {
        var update = jgit.updateRef(Constants.HEAD);
        update.setRefLogMessage("rollback: returning to " + branch, false);
        require(update.link(branch), Constants.HEAD);
    }

    void requireUnlocked() throws StepFailure {
        var lock = indexFile().resolveSibling("index.lock");
        if (Files.exists(lock)) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "another git process works in " + root + ": " + lock + " exists. If `ps aux | grep git` shows none,"
                            + " it crashed; then remove that file");
        }
    }

    private void require(RefUpdate.Result result, String name) throws StepFailure {
        switch (result) {
            case NEW, FORCED, FAST_FORWARD, NO_CHANGE -> {}
            case LOCK_FAILURE ->
                throw new StepFailure(
                        FailureKind.UNAVAILABLE,
                        name + " of " + root + " was changed or locked by another process; if " + gitDirectory() + "/"
                                + name + ".lock exists and no git process runs, remove it");
            case NOT_ATTEMPTED,
                    REJECTED,
                    REJECTED_CURRENT_BRANCH,
                    REJECTED_MISSING_OBJECT,
                    REJECTED_OTHER_REASON,
                    IO_FAILURE,
                    RENAMED ->
                throw new StepFailure(
                        FailureKind.TOOL,
                        name + " of " + root + " could not be moved (" + result + "): see `git fsck`");
        }
    }

    private static StepFailure precondition(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }

    @Override
    public void close() {
        jgit.close();
    }
}
