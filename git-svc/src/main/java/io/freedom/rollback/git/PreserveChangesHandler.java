package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.ChangesPreserved;
import io.freedom.rollback.schemas.action.PreserveChanges;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.eclipse.jgit.lib.ObjectId;

/** Keeps index, files and untracked files as commits, and as a patch for people. Touches neither index nor files. */
final class PreserveChangesHandler extends GitStep<PreserveChanges> {
    PreserveChangesHandler(WorkTrees trees) {
        super(trees, PreserveChanges.class);
    }

    @Override
    String workTree(PreserveChanges action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(PreserveChanges action, Site site) throws IOException, StepFailure, InterruptedException {
        var preservation = site.preservation();
        var found = preservation.find();
        var tip = preservation.tip();
        var patch = patch(action);
        if (found.isEmpty() || tip.isEmpty() || !Files.isRegularFile(patch)) {
            return new Probe.NotApplied();
        }
        var kept = found.get();
        // Once the checkout began, what was kept is all there is of the former state: never write over it.
        if (kept.stage() == Preserved.Stage.KEPT && !isCurrent(kept, site)) {
            return new Probe.NotApplied();
        }
        if (isPatchMissing(site, kept, patch)) {
            return new Probe.NotApplied();
        }
        return new Probe.Applied(completed(site, kept, tip.get(), patch));
    }

    @Override
    Completed act(PreserveChanges action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var preservation = site.preservation();
        try (var lock = TreeLock.of(repository)) {
            repository.requireUnlocked();
            var tip = preservation.tip();
            var earlier = preservation.find();
            Preserved kept;
            ObjectId commit;
            if (earlier.isPresent() && tip.isPresent() && earlier.get().stage() != Preserved.Stage.KEPT) {
                kept = earlier.get();
                commit = tip.get();
            } else {
                if (earlier.isPresent() && !earlier.get().head().equals(repository.head())) {
                    throw new StepFailure(
                            FailureKind.PRECONDITION,
                            "HEAD of " + repository.root() + " moved from "
                                    + earlier.get().head().name() + " to "
                                    + repository.head().name()
                                    + " since this rollback preserved it: somebody works there."
                                    + " Abort this rollback and start another one");
                }
                kept = read(site);
                site.step().checkpoint();
                commit = preservation.write(kept, tip);
            }
            site.step().checkpoint();
            var patch = write(action, site, kept);
            return completed(site, kept, commit, patch);
        }
    }

    private static Preserved read(Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var index = Index.read(repository);
        VerifyTargetHandler.requireFlagsKept(site, index.flags());
        var tree = site.tree().snapshot(List.of());
        var changes = site.tree().changes();
        var paths = new ArrayList<>(changes.dirty());
        paths.addAll(changes.untracked());
        return new Preserved(
                repository.head().copy(),
                repository.branch(),
                index.tree(),
                tree,
                Preserved.Stage.KEPT,
                null,
                index.flags(),
                Permissions.of(repository.root(), paths),
                Map.of());
    }

    /** Whether the work tree is still what was kept. */
    static boolean isCurrent(Preserved kept, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        return kept.head().equals(repository.head())
                && Objects.equals(kept.branch(), repository.branch())
                && new Index(kept.index(), kept.flags()).equals(Index.read(repository))
                && kept.tree().equals(site.tree().snapshot(List.of()));
    }

    private static Path patch(PreserveChanges action) {
        return directory(action).resolve("changes.patch");
    }

    private static Path directory(PreserveChanges action) {
        return Path.of(action.getDirectory()).resolve("git");
    }

    private static Path write(PreserveChanges action, Site site, Preserved kept)
            throws IOException, StepFailure, InterruptedException {
        var patch = patch(action);
        Files.createDirectories(directory(action));
        Files.deleteIfExists(patch);
        // It may hold secrets that were typed into a file during the incident.
        Files.createFile(patch, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        site.tree().patch(headTree(site, kept), kept.tree(), patch);
        if (isPatchMissing(site, kept, patch)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "there are changes but " + patch
                            + " is empty: is the disk full (`df`)? The changes themselves are kept" + " in "
                            + site.repository().root());
        }
        return patch;
    }

    private static boolean isPatchMissing(Site site, Preserved kept, Path patch) throws IOException {
        return Files.size(patch) == 0 && !headTree(site, kept).equals(kept.tree());
    }

    private static ObjectId headTree(Site site, Preserved kept) throws IOException {
        return site.repository().commit(kept.head()).getTree();
    }

    private static Completed completed(Site site, Preserved kept, ObjectId commit, Path patch)
            throws IOException, StepFailure {
        var jgit = site.repository().jgit();
        var paths = new TreeSet<>(Trees.differences(jgit, headTree(site, kept), kept.tree()));
        paths.addAll(Trees.differences(jgit, headTree(site, kept), kept.index()));
        var ref = site.preservation().ref();
        return new Completed(
                ChangesPreserved.newBuilder()
                        .setRef(ref)
                        .setCommit(commit.name())
                        .setPatchFile(patch.toString())
                        .setPatchBytes(Files.size(patch))
                        .setPaths(paths.size())
                        .build(),
                paths.size() + " changed paths kept at " + ref);
    }
}
