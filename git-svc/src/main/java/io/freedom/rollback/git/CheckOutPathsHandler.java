package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.treewalk.TreeWalk;

/** Takes a part of the work tree to the tag. All around it may be in use meanwhile, so nothing else is touched. */
final class CheckOutPathsHandler extends GitStep<CheckOutPaths> {
    private static final int LISTED = 1000;

    CheckOutPathsHandler(WorkTrees trees) {
        super(trees, CheckOutPaths.class);
    }

    @Override
    String workTree(CheckOutPaths action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(CheckOutPaths action, Site site) throws IOException, StepFailure, InterruptedException {
        var part = new Part(site, Selection.of(action.getPaths()));
        var kept = site.preservation().find();
        var target = site.target(action.getTag());
        if (kept.isPresent()
                && kept.get().stage() == Preserved.Stage.PARTLY
                && hasBegun(kept.get(), part.selection())
                && target.commit().equals(kept.get().target())
                && Unmoved.isHead(kept.get(), site.repository())
                && differences(part, target).isEmpty()
                && !CheckOutTargetHandler.isAnyLeft(site, part.of(kept.get().tree()), part.of(tree(target)))) {
            return new Probe.Applied(completed(part, kept.get(), target, Optional.empty()));
        }
        return new Probe.NotApplied();
    }

    @Override
    Completed act(CheckOutPaths action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var part = new Part(site, Selection.of(action.getPaths()));
        try (var lock = TreeLock.of(repository)) {
            repository.requireUnlocked();
            var target = site.target(action.getTag());
            var preservation = site.preservation();
            var tip = preservation.tip();
            var kept = preservation.find().orElseThrow(() -> CheckOutTargetHandler.notKept(site));
            requireNeitherLeftNorReturned(kept, part);
            Unmoved.requireHead(kept, repository);
            if (kept.stage() == Preserved.Stage.PARTLY) {
                Unmoved.requireTag(kept, target);
            }
            requireKnown(part, kept, target);
            part.requireRoom(kept);
            boolean resumed = kept.stage() == Preserved.Stage.PARTLY;
            if (!hasBegun(kept, part.selection())) {
                var fresh = fresh(kept, part.selection());
                Unmoved.requireFiles(kept, fresh, site);
                kept = withFilesInTheWay(kept, target, fresh, part);
                site.step().checkpoint();
                preservation.write(kept, tip);
            }
            // Files that this or another step took to the tag before may have been edited there.
            Optional<String> displaced = resumed
                    ? part.keepStrangers(kept, part.snapshotWithin(kept.tree(), tree(target)))
                    : Optional.empty();
            site.step().checkpoint();
            site.tree().replace(kept.tree(), tree(target), part.selection());
            requireAsInTag(part, target);
            return completed(part, kept, target, displaced);
        }
    }

    private static boolean hasBegun(Preserved kept, Selection selection) {
        return selection.paths().stream().allMatch(path -> kept.place(path) == Preserved.Place.AWAY);
    }

    /** Files that no other step of this rollback has taken to the tag before. */
    private static Predicate<String> fresh(Preserved kept, Selection selection) {
        return file -> selection.holds(file) && kept.place(file) != Preserved.Place.AWAY;
    }

    private static void requireNeitherLeftNorReturned(Preserved kept, Part part) throws StepFailure {
        var root = part.site().repository().root();
        switch (kept.stage()) {
            case KEPT -> {}
            case PARTLY -> {
                var back = kept.paths(Preserved.Place.BACK);
                if (back.stream().anyMatch(part.selection()::holds)
                        || part.selection().paths().stream().anyMatch(new Selection(back)::holds)) {
                    throw precondition("this rollback has already returned " + new Selection(back) + " of " + root
                            + " to where it was: start another rollback");
                }
            }
            case LEFT ->
                throw precondition("this rollback has taken all of " + root
                        + " to its target, of which single paths are no part: skip this step, or abort the rollback");
            case RETURNED ->
                throw precondition(
                        "this rollback has already returned " + root + " to where it was: start another rollback");
        }
    }

    /** A name with a slip of the pen must not pass for a service without files. */
    private static void requireKnown(Part part, Preserved kept, Target target) throws IOException, StepFailure {
        var repository = part.site().repository();
        var files = new RealFiles(repository.root());
        for (var path : part.selection().paths()) {
            boolean known = files.hasRealParents(path)
                    && Files.exists(repository.root().resolve(path), LinkOption.NOFOLLOW_LINKS);
            for (var tree : List.of(tree(target), kept.tree(), kept.index())) {
                try (var walk = TreeWalk.forPath(repository.jgit(), path, tree)) {
                    known |= walk != null;
                }
            }
            if (!known) {
                throw precondition("neither tag " + target.tag() + " nor " + repository.root() + " has " + path
                        + ": correct the paths in the platform's file. Nothing was changed");
            }
        }
    }

    /** Ignored files that the tag will write over are kept as well, and permissions that a tree cannot hold. */
    private static Preserved withFilesInTheWay(Preserved kept, Target target, Predicate<String> fresh, Part part)
            throws IOException, StepFailure, InterruptedException {
        var repository = part.site().repository();
        var present = part.snapshotWithin(kept.tree(), tree(target));
        var tree = Trees.graft(repository.jgit(), kept.tree(), fresh, present);
        var permissions = new TreeMap<>(Permissions.of(repository.root(), part.differences(tree, tree(target))));
        permissions.putAll(kept.permissions());
        return kept.partlyLeft(target.commit().copy(), tree, permissions, part.selection());
    }

    private static void requireAsInTag(Part part, Target target) throws IOException, StepFailure, InterruptedException {
        var differences = differences(part, target);
        if (!differences.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "after the checkout of " + part.selection() + " from " + target.tag() + " these paths of "
                            + part.site().repository().root() + " are not as in the tag: " + Names.few(differences)
                            + ". Does something still write there? Stop it and retry this step");
        }
    }

    private static List<String> differences(Part part, Target target)
            throws IOException, StepFailure, InterruptedException {
        return part.site().tree().differences(tree(target)).stream()
                .filter(part.selection()::holds)
                .toList();
    }

    private static ObjectId tree(Target target) {
        return target.commit().getTree();
    }

    private static Completed completed(Part part, Preserved kept, Target target, Optional<String> displaced)
            throws IOException {
        var changed = part.differences(kept.tree(), tree(target));
        return new Completed(
                PathsCheckedOut.newBuilder()
                        .setCommit(target.commit().name())
                        .setChanged(changed.stream().limit(LISTED).toList())
                        .setAt(Instant.now())
                        .build(),
                part.selection() + ": as in " + target.tag() + " ("
                        + part.site().name(target.commit()) + "), " + changed.size() + " files changed"
                        + displaced
                                .map(ref -> "; files changed meanwhile are kept at " + ref)
                                .orElse(""));
    }

    private static StepFailure precondition(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }
}
