package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.git.RepositoryPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.errors.RepositoryNotFoundException;
import org.eclipse.jgit.lib.IndexDiff;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.treewalk.FileTreeIterator;

/**
 * How a work tree differs from a tag or commit: committed since, staged, unstaged or untracked. Ignored files do not count.
 *
 * @param present paths to copy, relative to the work tree
 * @param deleted paths that the commit or the index has and the disk has not
 */
record WorkTreeChanges(Set<String> present, Set<String> deleted) {

    static WorkTreeChanges sinceTag(Path workTree, String tag) throws StepFailure {
        // refs/tags/ keeps a branch of the same name out.
        return since(
                workTree,
                "refs/tags/" + tag,
                "there is no tag " + tag + " in " + workTree + ": fetch it or correct the descriptor");
    }

    static WorkTreeChanges sinceCommit(Path workTree, String commit) throws StepFailure {
        return since(
                workTree,
                commit,
                "commit " + commit + ", which was verified as the target, is not in " + workTree
                        + " any more: fetch it, or see `git fsck`");
    }

    private static WorkTreeChanges since(Path workTree, String revision, String absent) throws StepFailure {
        try (var repository = open(workTree)) {
            RepositoryPrograms.refuse(repository);
            // ^{} peels annotated tags.
            var commit = repository.resolve(revision + "^{commit}");
            if (commit == null) {
                throw new StepFailure(FailureKind.PRECONDITION, absent);
            }
            var diff = new IndexDiff(repository, commit, new FileTreeIterator(repository));
            diff.diff();
            return of(workTree, diff);
        } catch (MissingObjectException e) {
            throw new StepFailure(FailureKind.PRECONDITION, absent, e);
        } catch (IOException e) {
            throw new StepFailure(FailureKind.TOOL, "git status of " + workTree + " cannot be read: " + e, e);
        }
    }

    private static WorkTreeChanges of(Path workTree, IndexDiff diff) {
        var paths = new TreeSet<String>();
        paths.addAll(diff.getAdded());
        paths.addAll(diff.getChanged());
        paths.addAll(diff.getModified());
        paths.addAll(diff.getUntracked());
        paths.addAll(diff.getConflicting());
        paths.addAll(diff.getRemoved());
        paths.addAll(diff.getMissing());
        var present = new TreeSet<String>();
        var deleted = new TreeSet<String>();
        for (var path : paths) {
            (isThere(workTree.resolve(path)) ? present : deleted).add(path);
        }
        return new WorkTreeChanges(present, deleted);
    }

    /** A plain folder where git knew a file: the file is gone, and what is in the folder is told path by path. */
    private static boolean isThere(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                ? Files.exists(path.resolve(".git"))
                : Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static Repository open(Path workTree) throws IOException, StepFailure {
        try {
            return new FileRepositoryBuilder()
                    .setWorkTree(workTree.toFile())
                    .setMustExist(true)
                    .build();
        } catch (RepositoryNotFoundException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, workTree + " is not a git work tree: correct the descriptor", e);
        }
    }
}
