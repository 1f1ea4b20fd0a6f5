package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.AddWorktree;
import io.freedom.rollback.schemas.action.WorktreeAdded;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jgit.lib.Constants;

/** Puts the tag's files into a directory beside the live work tree, to build from while the platform still serves. */
final class AddWorktreeHandler extends GitStep<AddWorktree> {
    private final WorkTrees trees;

    AddWorktreeHandler(WorkTrees trees) {
        super(trees, AddWorktree.class);
        this.trees = trees;
    }

    @Override
    String workTree(AddWorktree action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(AddWorktree action, Site site) throws IOException, StepFailure, InterruptedException {
        var worktrees = new LinkedWorktrees(site.repository());
        var place = worktrees.place(action.getPath());
        var target = site.target(action.getTag());
        return worktrees.holds(place) && isComplete(place, target)
                ? new Probe.Applied(completed(site, place, target))
                : new Probe.NotApplied();
    }

    private boolean isComplete(Path place, Target target) throws IOException, InterruptedException {
        if (!Files.exists(place.resolve(Constants.DOT_GIT))) {
            return false;
        }
        try (var linked = GitRepository.open(place.toString())) {
            return linked.head().equals(target.commit())
                    && trees.of(linked).differences(target.commit().getTree()).isEmpty();
        } catch (StepFailure halfMade) {
            return false;
        }
    }

    @Override
    Completed act(AddWorktree action, Site site) throws IOException, StepFailure, InterruptedException {
        var worktrees = new LinkedWorktrees(site.repository());
        var place = worktrees.place(action.getPath());
        var target = site.target(action.getTag());
        site.step().checkpoint();
        worktrees.remove(place);
        // git accepts an empty directory, and this makes the ones above it.
        Files.createDirectories(place);
        site.step().checkpoint();
        site.tree().addWorktree(place, target.commit());
        if (!isComplete(place, target)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the worktree " + place + " is not as " + action.getTag()
                            + ": is the disk full (`df`)? Retry this step");
        }
        return completed(site, place, target);
    }

    private static Completed completed(Site site, Path place, Target target) {
        return new Completed(
                WorktreeAdded.newBuilder()
                        .setPath(place.toString())
                        .setCommit(target.commit().name())
                        .build(),
                target.tag() + " (" + site.name(target.commit()) + ") is at " + place);
    }
}
