package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.ReturnToPrevious;
import io.freedom.rollback.schemas.action.ReturnedToPrevious;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;

/** Takes the work tree back to exactly what was preserved, from wherever the checkout got to. */
final class ReturnToPreviousHandler extends GitStep<ReturnToPrevious> {
    ReturnToPreviousHandler(WorkTrees trees) {
        super(trees, ReturnToPrevious.class);
    }

    @Override
    String workTree(ReturnToPrevious action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(ReturnToPrevious action, Site site) throws IOException, StepFailure, InterruptedException {
        var kept = site.preservation().find();
        // Once returned, later edits are the operators' own: a command delivered twice must not undo them.
        return kept.isPresent() && kept.get().stage() == Preserved.Stage.LEFT
                ? new Probe.NotApplied()
                : new Probe.Applied(nothingLeftToDo(site, kept.isPresent()));
    }

    private static Completed nothingLeftToDo(Site site, boolean kept)
            throws IOException, StepFailure, InterruptedException {
        var why = kept
                        && site.preservation().find().map(Preserved::stage).orElse(Preserved.Stage.KEPT)
                                == Preserved.Stage.RETURNED
                ? "already back where it was"
                : "nothing to undo: the checkout never began";
        return completed(site, why);
    }

    @Override
    Completed act(ReturnToPrevious action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        try (var lock = TreeLock.of(repository)) {
            var preservation = site.preservation();
            var tip = preservation.tip();
            var found = preservation.find();
            if (found.isEmpty() || found.get().stage() != Preserved.Stage.LEFT) {
                return nothingLeftToDo(site, found.isPresent());
            }
            repository.requireUnlocked();
            var kept = found.get();
            requireBranchUnmoved(kept, repository);
            var displaced = new ArrayList<String>();
            preservation
                    .keepStrangers(kept, site.snapshotWithin(kept.tree(), targetTree(kept, repository)))
                    .ifPresent(displaced::add);
            site.step().checkpoint();
            site.tree().replace(targetTree(kept, repository), kept.tree());
            // Only now are the former ignore rules back, by which files that came meanwhile are told from ignored ones.
            var files = site.tree().snapshot(List.of());
            if (!files.equals(kept.tree())) {
                preservation.keepStrangers(kept, files).ifPresent(displaced::add);
                site.step().checkpoint();
                site.tree().replace(files, kept.tree());
            }
            requireSame(site.tree().snapshot(List.of()), kept, repository);
            Permissions.restore(repository.root(), kept.permissions());
            site.step().checkpoint();
            site.tree().index(kept.index(), kept.flags());
            site.step().checkpoint();
            var branch = kept.branch();
            if (branch == null) {
                repository.detachHead(kept.head());
            } else {
                repository.attachHead(branch);
            }
            preservation.write(kept.returned(), tip);
            return completed(
                    site,
                    displaced.isEmpty()
                            ? "back where it was"
                            : "back where it was; files changed meanwhile are kept at " + String.join(", ", displaced));
        }
    }

    private static ObjectId targetTree(Preserved kept, GitRepository repository) throws IOException {
        var target = kept.target();
        return target == null ? kept.tree() : repository.commit(target).getTree();
    }

    private static void requireBranchUnmoved(Preserved kept, GitRepository repository) throws IOException, StepFailure {
        if (kept.branch() == null) {
            return;
        }
        var branch = Repository.shortenRefName(kept.branch());
        var ref = repository.jgit().exactRef(kept.branch());
        if (ref == null) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "branch " + branch + " of " + repository.root()
                            + " was deleted since the rollback began. To return," + " run `git branch " + branch + " "
                            + kept.head().name() + "` there and retry");
        }
        if (!kept.head().equals(ref.getObjectId())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "branch " + branch + " of " + repository.root() + " moved from "
                            + kept.head().name() + " to "
                            + ref.getObjectId().name() + " since the rollback began; it is not moved back silently. To"
                            + " return to the former state, keep the new commits (`git branch " + branch + "-new "
                            + branch
                            + "`), run `git update-ref " + kept.branch() + " "
                            + kept.head().name()
                            + "` and retry; to keep the new state, skip this step");
        }
    }

    private static void requireSame(ObjectId files, Preserved kept, GitRepository repository)
            throws IOException, StepFailure {
        if (!files.equals(kept.tree())) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "these paths of " + repository.root() + " are not as they were preserved: "
                            + Names.few(Trees.differences(repository.jgit(), kept.tree(), files))
                            + ". Does something still write there? Stop it and retry this step");
        }
    }

    private static Completed completed(Site site, String what) throws IOException, StepFailure, InterruptedException {
        var ref = site.repository().branch();
        var branch = ref == null ? null : Repository.shortenRefName(ref);
        var head = site.repository().head();
        int changed = site.tree().changes().count();
        return new Completed(
                ReturnedToPrevious.newBuilder()
                        .setCommit(head.name())
                        .setBranch(branch)
                        .setDirtyPaths(changed)
                        .build(),
                what + ": " + (branch == null ? "detached" : branch) + " at " + site.name(head) + " with " + changed
                        + " changed paths");
    }
}
