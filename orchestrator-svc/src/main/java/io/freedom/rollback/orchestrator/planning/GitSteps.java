package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.LONG;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.orchestrator.planning.PlannedStep.Undo;
import io.freedom.rollback.schemas.action.AddWorktree;
import io.freedom.rollback.schemas.action.BringFilesBack;
import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.PreserveChanges;
import io.freedom.rollback.schemas.action.RecordGitState;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.ReturnPaths;
import io.freedom.rollback.schemas.action.ReturnToPrevious;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.schemas.action.SwapFiles;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.action.VerifyWorkTree;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Worker;
import java.util.List;

/** What git-svc does for a plan. */
final class GitSteps {
    private final PlanRequest request;
    private final String workTree;
    private final List<String> criticalPaths;

    GitSteps(PlanRequest request) {
        this.request = request;
        workTree = request.platform().workTree();
        criticalPaths = request.platform().criticalPaths();
    }

    PlannedStep verifyTarget() {
        return step(
                "git.verify-target",
                "Verify tag " + request.tag(),
                new VerifyTarget(workTree, request.tag(), criticalPaths, false),
                QUICK);
    }

    PlannedStep findTouchedPaths() {
        return step(
                SelectiveRollback.STEP,
                "Find what has changed since " + request.tag(),
                new VerifyTarget(workTree, request.tag(), criticalPaths, true),
                QUICK);
    }

    PlannedStep recordState() {
        return step(
                        "git.record-state",
                        "Record the git state",
                        new RecordGitState(workTree, request.directory()),
                        QUICK)
                .attempts(2);
    }

    PlannedStep preserveChanges() {
        return step(
                        "git.preserve-changes",
                        "Keep the dirty work tree as commit and patch",
                        new PreserveChanges(workTree, request.directory()),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep addWorktree() {
        return step(
                        "git.add-worktree",
                        "Check the tag out beside the live work tree",
                        new AddWorktree(workTree, request.tag(), request.worktree()),
                        MINUTES)
                .attempts(2);
    }

    Undo worktreeRemoved() {
        return new Undo(
                "Remove the worktree beside", Worker.GIT, new RemoveWorktree(workTree, request.worktree()), QUICK);
    }

    PlannedStep removeWorktree() {
        return step(
                "git.remove-worktree",
                "Remove the worktree beside",
                new RemoveWorktree(workTree, request.worktree()),
                QUICK);
    }

    PlannedStep checkOut() {
        return step("git.check-out", "Check out " + request.tag(), new CheckOutTarget(workTree, request.tag()), MINUTES)
                .attempts(2);
    }

    Undo returnToPrevious() {
        return new Undo(
                "Return to the previous branch and dirty files", Worker.GIT, new ReturnToPrevious(workTree), MINUTES);
    }

    /** @param except what stays, relative to the work tree */
    PlannedStep setFilesAside(List<String> except) {
        return step(
                        "git.set-files-aside",
                        "Move what git does not track out of the work tree",
                        new SetFilesAside(workTree, except),
                        MINUTES)
                .attempts(2);
    }

    /** What was unpacked before, by renaming. */
    PlannedStep swapFiles(RestorePoint point, List<String> paths) {
        return step(
                        "git.swap-files",
                        "Put " + String.join(", ", paths) + " of " + point.getId() + " in place",
                        new SwapFiles(workTree, paths),
                        LONG)
                .attempts(2);
    }

    Undo bringFilesBack() {
        return new Undo("Move back what was moved away", Worker.GIT, new BringFilesBack(workTree), MINUTES);
    }

    PlannedStep checkOutPaths(List<String> paths) {
        return step(
                        "git.check-out-paths",
                        "Take " + String.join(", ", paths) + " to " + request.tag(),
                        new CheckOutPaths(workTree, request.tag(), paths),
                        MINUTES)
                .attempts(2);
    }

    Undo returnPaths(List<String> paths) {
        return new Undo(
                "Return " + String.join(", ", paths) + " to how they were",
                Worker.GIT,
                new ReturnPaths(workTree, paths),
                MINUTES);
    }

    PlannedStep verifyWorkTree() {
        return step(
                "git.verify-work-tree",
                "Verify the work tree and critical files",
                new VerifyWorkTree(workTree, request.tag(), criticalPaths),
                QUICK);
    }
}
