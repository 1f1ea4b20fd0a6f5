package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.lib.ObjectId;

/**
 * Takes the work tree to the tag. Removes exactly the files that were preserved and that the tag lacks; `git clean` would
 * also take what only the tag's .gitignore does not ignore.
 */
final class CheckOutTargetHandler extends GitStep<CheckOutTarget> {
    CheckOutTargetHandler(WorkTrees trees) {
        super(trees, CheckOutTarget.class);
    }

    @Override
    String workTree(CheckOutTarget action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(CheckOutTarget action, Site site) throws IOException, StepFailure, InterruptedException {
        var kept = site.preservation().find();
        var target = site.target(action.getTag());
        if (kept.isPresent()
                && kept.get().stage() == Preserved.Stage.LEFT
                && target.commit().equals(kept.get().target())
                && site.repository().branch() == null
                && site.repository().head().equals(target.commit())
                && site.tree().differences(target.commit().getTree()).isEmpty()
                && !isAnyLeft(site, kept.get().tree(), target.commit().getTree())) {
            return new Probe.Applied(completed(site, kept.get(), target, Optional.empty()));
        }
        return new Probe.NotApplied();
    }

    /** Whether a file that should be gone is still there. */
    static boolean isAnyLeft(Site site, ObjectId from, ObjectId to)
            throws IOException, StepFailure, InterruptedException {
        var gone = Trees.paths(site.repository().jgit(), from);
        gone.removeAll(Trees.paths(site.repository().jgit(), to));
        return site.tree().others().stream().anyMatch(gone::contains);
    }

    @Override
    Completed act(CheckOutTarget action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        try (var lock = TreeLock.of(repository)) {
            repository.requireUnlocked();
            var target = site.target(action.getTag());
            var preservation = site.preservation();
            var tip = preservation.tip();
            var kept = preservation.find().orElseThrow(() -> notKept(site));
            var targetTree = target.commit().getTree();
            Optional<String> displaced = Optional.empty();
            switch (kept.stage()) {
                case KEPT -> {
                    Unmoved.requireHead(kept, repository);
                    var now = Unmoved.requireFiles(kept, file -> true, site);
                    kept = withFilesInTheWay(kept, target, now, site);
                    site.step().checkpoint();
                    preservation.write(kept, tip);
                }
                case PARTLY ->
                    throw precondition("this rollback has taken single paths of " + repository.root()
                            + " to its target: abort it, and start another one to take all");
                case LEFT -> {
                    requireSameTarget(kept, target, site);
                    displaced = preservation.keepStrangers(kept, site.snapshotWithin(kept.tree(), targetTree));
                }
                case RETURNED ->
                    throw precondition("this rollback has already returned " + repository.root()
                            + " to where it was: start another rollback");
            }
            site.step().checkpoint();
            site.tree().replace(kept.tree(), targetTree);
            site.step().checkpoint();
            repository.detachHead(target.commit());
            var differences = site.tree().differences(targetTree);
            if (!differences.isEmpty()) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "after the checkout of " + action.getTag() + " these paths of " + repository.root()
                                + " are not as in the tag: " + Names.few(differences)
                                + ". Does something still write there? Stop it and retry this step");
            }
            return completed(site, kept, target, displaced);
        }
    }

    private static void requireSameTarget(Preserved kept, Target target, Site site) throws IOException, StepFailure {
        var repository = site.repository();
        Unmoved.requireTag(kept, target);
        var head = repository.head();
        if (!head.equals(kept.head()) && !head.equals(target.commit())) {
            throw precondition("HEAD of " + repository.root() + " is at " + head.name()
                    + ", neither where the rollback began ("
                    + kept.head().name() + ") nor at its target: somebody works there. Check out " + target.tag()
                    + " by hand (`git checkout --detach " + target.commit().name()
                    + "`) and retry, or abort the rollback");
        }
    }

    /** Ignored files that the tag will write over are kept as well. */
    private static Preserved withFilesInTheWay(Preserved kept, Target target, ObjectId now, Site site)
            throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var tree = site.snapshotWithin(kept.tree(), target.commit().getTree(), now);
        var permissions = new TreeMap<>(kept.permissions());
        permissions.putAll(Permissions.of(repository.root(), Trees.differences(repository.jgit(), kept.tree(), tree)));
        return kept.left(target.commit().copy(), tree, permissions);
    }

    private static Completed completed(Site site, Preserved kept, Target target, Optional<String> displaced)
            throws IOException {
        return new Completed(
                TargetCheckedOut.newBuilder()
                        .setCommit(target.commit().name())
                        .setPreviousCommit(kept.head().name())
                        .setChanged(Trees.places(Trees.differences(
                                site.repository().jgit(),
                                kept.tree(),
                                target.commit().getTree())))
                        .setAt(Instant.now())
                        .build(),
                target.tag() + " (" + site.name(target.commit()) + ") is checked out"
                        + displaced
                                .map(ref -> "; files changed meanwhile are kept at " + ref)
                                .orElse(""));
    }

    static StepFailure notKept(Site site) {
        return precondition("nothing of " + site.repository().root() + " was preserved by rollback "
                + site.step().rollbackId()
                + ", so it is left alone: let the step that preserves changes succeed first");
    }

    private static StepFailure precondition(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }
}
