package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.WorktreeRemoved;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Path;

/** Removes a worktree of this repository and its registration, and nothing that is not one. */
final class RemoveWorktreeHandler extends GitStep<RemoveWorktree> {
    RemoveWorktreeHandler(WorkTrees trees) {
        super(trees, RemoveWorktree.class);
    }

    @Override
    String workTree(RemoveWorktree action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(RemoveWorktree action, Site site) throws IOException, StepFailure {
        var worktrees = new LinkedWorktrees(site.repository());
        var place = worktrees.place(action.getPath());
        return worktrees.holds(place) || LinkedWorktrees.isTaken(place)
                ? new Probe.NotApplied()
                : new Probe.Applied(completed(place));
    }

    @Override
    Completed act(RemoveWorktree action, Site site) throws IOException, StepFailure {
        var worktrees = new LinkedWorktrees(site.repository());
        var place = worktrees.place(action.getPath());
        site.step().checkpoint();
        worktrees.remove(place);
        return completed(place);
    }

    private static Completed completed(Path place) {
        return new Completed(
                WorktreeRemoved.newBuilder().setPath(place.toString()).build(), place + " is removed");
    }
}
