package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.PathsReturned;
import io.freedom.rollback.schemas.action.ReturnPaths;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;

/** Takes a part of the work tree back to exactly what was preserved, from wherever its checkout got to. */
final class ReturnPathsHandler extends GitStep<ReturnPaths> {
    ReturnPathsHandler(WorkTrees trees) {
        super(trees, ReturnPaths.class);
    }

    @Override
    String workTree(ReturnPaths action) {
        return action.getWorkTree();
    }

    @Override
    Probe look(ReturnPaths action, Site site) throws IOException, StepFailure, InterruptedException {
        var selection = Selection.of(action.getPaths());
        var kept = site.preservation().find();
        // Once returned, later edits are the operators' own: a command delivered twice must not undo them.
        return away(kept, selection).paths().isEmpty()
                ? new Probe.Applied(nothingLeftToDo(site, kept, selection))
                : new Probe.NotApplied();
    }

    /** What the paths name of all that was taken to the target and is not back yet. */
    private static Selection away(Optional<Preserved> kept, Selection selection) {
        var away = new ArrayList<String>();
        kept.filter(found -> found.stage() == Preserved.Stage.PARTLY).ifPresent(found -> {
            selection.paths().stream()
                    .filter(path -> found.place(path) == Preserved.Place.AWAY)
                    .forEach(away::add);
            found.paths(Preserved.Place.AWAY).stream().filter(selection::holds).forEach(away::add);
        });
        return new Selection(away);
    }

    private static Completed nothingLeftToDo(Site site, Optional<Preserved> kept, Selection selection)
            throws IOException {
        var back = kept.stream()
                .flatMap(found -> found.paths(Preserved.Place.BACK).stream())
                .filter(selection::holds)
                .toList();
        if (kept.isEmpty() || back.isEmpty()) {
            return new Completed(
                    new PathsReturned(0), "nothing to undo: the checkout of " + selection + " never began");
        }
        return completed(new Part(site, new Selection(back)), kept.get(), "already back as preserved");
    }

    @Override
    Completed act(ReturnPaths action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        var selection = Selection.of(action.getPaths());
        try (var lock = TreeLock.of(repository)) {
            var preservation = site.preservation();
            var tip = preservation.tip();
            var found = preservation.find();
            var away = away(found, selection);
            if (found.isEmpty() || away.paths().isEmpty()) {
                return nothingLeftToDo(site, found, selection);
            }
            repository.requireUnlocked();
            var kept = found.get();
            var part = new Part(site, away);
            requireHeadUnmoved(kept, part);
            part.requireRoom(kept);
            var displaced = new ArrayList<String>();
            var targetTree = targetTree(kept, repository);
            part.keepStrangers(kept, part.snapshotWithin(kept.tree(), targetTree))
                    .ifPresent(displaced::add);
            site.step().checkpoint();
            site.tree().replace(targetTree, kept.tree(), away);
            // Only now are the former ignore rules back, by which files that came meanwhile are told from ignored ones.
            var files = part.of(site.tree().snapshot(List.of()));
            if (!files.equals(part.of(kept.tree()))) {
                part.keepStrangers(kept, files).ifPresent(displaced::add);
                site.step().checkpoint();
                site.tree().replace(files, kept.tree(), away);
            }
            requireAsPreserved(part, kept);
            Permissions.restore(repository.root(), permissions(kept, away));
            site.step().checkpoint();
            site.tree().index(kept.index(), kept.flags(), away);
            site.step().checkpoint();
            preservation.write(kept.partlyReturned(away), tip);
            return completed(
                    part,
                    kept,
                    displaced.isEmpty()
                            ? "back as preserved"
                            : "back as preserved; files changed meanwhile are kept at " + String.join(", ", displaced));
        }
    }

    private static ObjectId targetTree(Preserved kept, GitRepository repository) throws IOException {
        var target = kept.target();
        return target == null ? kept.tree() : repository.commit(target).getTree();
    }

    private static Map<String, String> permissions(Preserved kept, Selection away) {
        var permissions = new TreeMap<>(kept.permissions());
        permissions.keySet().removeIf(path -> !away.holds(path));
        return permissions;
    }

    private static void requireHeadUnmoved(Preserved kept, Part part) throws IOException, StepFailure {
        var repository = part.site().repository();
        if (Unmoved.isHead(kept, repository)) {
            return;
        }
        var head = repository.head().name();
        var before = kept.head().name();
        var branch = kept.branch();
        String goBack;
        if (branch == null) {
            goBack = "go back (`git switch --detach " + before + "`)";
        } else if (branch.equals(repository.branch())) {
            goBack = "keep the new commits (`git branch NAME " + head + "`), run `git reset --soft " + before + "`";
        } else {
            goBack = "go back (`git switch " + Repository.shortenRefName(branch) + "`)";
        }
        throw new StepFailure(
                FailureKind.PRECONDITION,
                "HEAD of " + repository.root() + " moved from " + before + " (" + branch + ") to " + head + " ("
                        + repository.branch() + ") since this rollback preserved it: somebody works there, so "
                        + part.selection() + " is not returned silently. Either " + goBack
                        + " and retry this step; or skip it, and take what was there from "
                        + part.site().preservation().ref() + " (`git restore --source`)");
    }

    private static void requireAsPreserved(Part part, Preserved kept)
            throws IOException, StepFailure, InterruptedException {
        var differences = part.differences(kept.tree(), part.site().tree().snapshot(List.of()));
        if (!differences.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "these paths of " + part.site().repository().root() + " are not as they were preserved: "
                            + Names.few(differences)
                            + ". Does something still write there? Stop it and retry this step");
        }
    }

    private static Completed completed(Part part, Preserved kept, String what) throws IOException {
        int files = part.differences(kept.tree(), targetTree(kept, part.site().repository()))
                .size();
        return new Completed(new PathsReturned(files), part.selection() + ": " + what + ", " + files + " files");
    }
}
