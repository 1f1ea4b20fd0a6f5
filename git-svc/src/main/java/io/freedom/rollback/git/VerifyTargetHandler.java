package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collection;
import java.util.List;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;

/** Whether this repository can go to the tag and come back: all that would stop it later is said now. */
final class VerifyTargetHandler extends GitStep<VerifyTarget> {
    private static final int LISTED = 1000;

    VerifyTargetHandler(WorkTrees trees) {
        super(trees, VerifyTarget.class);
    }

    @Override
    String workTree(VerifyTarget action) {
        return action.getWorkTree();
    }

    @Override
    Completed act(VerifyTarget action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var target = Target.find(repository, action.getTag());
        var missing = target.missing(repository, action.getCriticalPaths());
        if (!missing.isEmpty()) {
            throw precondition("tag " + action.getTag() + " lacks " + Names.few(missing)
                    + ": choose another tag, or correct the critical paths in the platform's file");
        }
        var absent = target.withoutContent(repository);
        if (!absent.isEmpty()) {
            throw precondition("the content of " + Names.few(absent) + " at tag " + action.getTag() + " is not in "
                    + repository.root() + ": fetch the whole history (`git fetch --refetch`, `git fsck`)");
        }
        var head = repository.head();
        requireNoSubmodules(repository, List.of(target.commit().getTree(), head.getTree()));
        requireWritable(repository);
        repository.requireUnlocked();
        requireFlagsKept(site, Index.read(repository).flags());
        var changed = Trees.differences(repository.jgit(), target.commit().getTree(), head.getTree());
        List<String> differing = action.getWithWorkTree()
                ? site.tree().differences(target.commit().getTree())
                : List.of();
        var changes = action.getWithWorkTree() ? site.tree().changes() : new WorkTree.Changes(List.of(), List.of());
        int commits = target.commitsUntil(repository, head);
        return new Completed(
                TargetVerified.newBuilder()
                        .setCommit(target.commit().name())
                        .setCommitsSince(commits)
                        .setChangedPaths(changed.stream().limit(LISTED).toList())
                        .setDifferingPaths(differing.stream().limit(LISTED).toList())
                        .setDirtyPaths(changes.dirty().stream().limit(LISTED).toList())
                        .setUntrackedPaths(
                                changes.untracked().stream().limit(LISTED).toList())
                        .build(),
                action.getTag() + " is " + site.name(target.commit()) + ", " + commits + " commits and "
                        + changed.size() + " paths behind HEAD; files are changed with "
                        + site.tree().engine());
    }

    private static void requireNoSubmodules(GitRepository repository, Collection<? extends ObjectId> trees)
            throws IOException, StepFailure {
        boolean found = Index.holdsSubmodules(repository);
        for (var tree : trees) {
            found |= Trees.holdsSubmodules(repository.jgit(), tree);
            found |= Trees.paths(repository.jgit(), tree).contains(Constants.DOT_GIT_MODULES);
        }
        if (found) {
            throw precondition(
                    repository.root() + " has submodules, which cannot be rolled back by this worker: roll back"
                            + " by hand (`git checkout` and `git submodule update`)");
        }
    }

    private static void requireWritable(GitRepository repository) throws StepFailure {
        for (var directory : List.of(repository.root(), repository.gitDirectory(), repository.commonDirectory())) {
            if (!Files.isWritable(directory)) {
                throw precondition("the worker, running as " + System.getProperty("user.name") + ", may not write to "
                        + directory + ": run it as the owner of the work tree, or give it that right");
            }
        }
    }

    static void requireFlagsKept(Site site, IndexFlags flags) throws StepFailure {
        if (!flags.isEmpty() && !site.tree().keepsIndexFlags()) {
            throw precondition("the index of " + site.repository().root()
                    + " has intent-to-add, assume-unchanged or skip-worktree entries, which only native git can restore: "
                    + Names.few(flags.paths()) + ". Install git on the worker's machine");
        }
    }

    private static StepFailure precondition(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }
}
