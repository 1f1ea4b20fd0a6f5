package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.FilesSetAside;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What {@code git clean -fdx} deletes, moved away. After the checkout: untracked files that are not ignored are preserved and
 * gone by then, so these are the ignored ones. Like {@code clean} with a single {@code -f} it leaves nested repositories alone.
 */
final class SetFilesAsideHandler extends GitStep<SetFilesAside> {
    /** At most so many names in a result. */
    static final int LISTED = 1000;

    SetFilesAsideHandler(WorkTrees trees) {
        super(trees, SetFilesAside.class);
    }

    @Override
    String workTree(SetFilesAside action) {
        return action.getWorkTree();
    }

    /** What has come since it was done belongs to the version that runs now. */
    @Override
    Probe look(SetFilesAside action, Site site) throws IOException, StepFailure {
        var aside = SetAside.of(site.repository(), site.step().rollbackId());
        return aside.isDone() ? new Probe.Applied(completed(aside, List.of())) : new Probe.NotApplied();
    }

    @Override
    Completed act(SetFilesAside action, Site site) throws IOException, StepFailure, InterruptedException {
        var repository = site.repository();
        try (var lock = TreeLock.of(repository)) {
            var kept = site.preservation().find();
            if (kept.isEmpty() || kept.get().stage() != Preserved.Stage.LEFT) {
                throw CheckOutTargetHandler.notKept(site);
            }
            var aside = SetAside.of(repository, site.step().rollbackId());
            var tracked = Index.entries(repository.jgit().readDirCache()).stream()
                    .map(entry -> entry.getPathString())
                    .toList();
            var entries = entries(site.tree().others(), tracked, inTheTree(action.getExcept(), repository.root()));
            aside.note(entries);
            var left = new ArrayList<String>();
            for (int i = 0; i < entries.size(); i++) {
                site.step().checkpoint();
                site.step().progress(i, entries.size(), "files", entries.get(i));
                if (aside.isTaken(entries.get(i)) ? !aside.moveAway(entries.get(i)) : isUnreadable(entries.get(i))) {
                    left.add(entries.get(i));
                }
            }
            aside.markDone();
            return completed(aside, left);
        }
    }

    /** A name that is not UTF-8 reads like this, and no file has it. */
    private static boolean isUnreadable(String entry) {
        return entry.indexOf('\uFFFD') >= 0;
    }

    /** Relative paths as they are; of absolute ones all that is in the tree, of a link where it is and where it leads. */
    private static List<String> inTheTree(Collection<String> except, Path root) throws IOException {
        var paths = new ArrayList<String>();
        for (var declared : except) {
            var place = Path.of(declared).normalize();
            if (!place.isAbsolute()) {
                paths.add(declared);
                continue;
            }
            var lasting = new LinkedHashSet<Path>();
            for (var at = place; at.getParent() != null; at = at.getParent()) {
                if (Files.exists(at.getParent()) && (at.equals(place) || Files.isSymbolicLink(at))) {
                    lasting.add(at.getParent().toRealPath().resolve(at.getFileName()));
                }
            }
            if (Files.exists(place)) {
                lasting.add(place.toRealPath());
            }
            lasting.stream()
                    .filter(path -> path.startsWith(root) && !path.equals(root))
                    .forEach(path -> paths.add(root.relativize(path).toString()));
        }
        return paths;
    }

    /** The files, and where all of a folder goes the folder. */
    static List<String> entries(Collection<String> others, Collection<String> tracked, Collection<String> except) {
        var stay = except.stream().map(SetFilesAsideHandler::plain).toList();
        var nested = others.stream().filter(path -> path.endsWith("/")).map(SetFilesAsideHandler::plain);
        var staying = new HashSet<>(stay);
        staying.addAll(nested.toList());
        // A folder with something in it that stays cannot go as a whole.
        Set<String> mixed = new HashSet<>();
        tracked.forEach(path -> mixed.addAll(Trees.ancestors(path)));
        staying.forEach(path -> mixed.addAll(Trees.ancestors(path)));
        var entries = new TreeSet<String>();
        for (var path : others) {
            if (path.endsWith("/") || isBelow(path, staying)) {
                continue;
            }
            entries.add(Trees.ancestors(path).stream()
                    .filter(ancestor -> !mixed.contains(ancestor))
                    .findFirst()
                    .orElse(path));
        }
        return List.copyOf(entries);
    }

    private static boolean isBelow(String path, Set<String> places) {
        return places.contains(path) || Trees.ancestors(path).stream().anyMatch(places::contains);
    }

    private static String plain(String path) {
        var start = path.startsWith("./") ? path.substring(2) : path;
        return start.endsWith("/") ? start.substring(0, start.length() - 1) : start;
    }

    private static Completed completed(SetAside aside, List<String> left) throws IOException {
        var moved = aside.entries().stream().filter(aside::isAway).toList();
        var result = FilesSetAside.newBuilder()
                .setDirectory(aside.files().toString())
                .setMoved(moved.size())
                .setLeft(left.stream().limit(LISTED).toList())
                .build();
        return new Completed(
                result,
                (moved.isEmpty() ? "nothing to move" : Names.few(moved) + " moved to " + aside.files())
                        + (left.isEmpty()
                                ? ""
                                : "; these stay, the worker may not move them, or a link leads there, or their names are not UTF-8: "
                                        + Names.few(left)));
    }
}
