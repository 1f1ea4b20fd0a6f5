package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.diff.DiffEntry.ChangeType;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.revwalk.ObjectWalk;
import org.eclipse.jgit.treewalk.EmptyTreeIterator;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.eclipse.jgit.treewalk.filter.TreeFilter;
import org.jspecify.annotations.Nullable;

/** The ref at which the configuration's changes are recorded: commits of its files alone, each on top of the one before. */
final class ConfigurationHistory {
    /** A name that no rollback has. */
    static final String NAME = "configuration";

    static final String REF = "refs/rollback/" + NAME;

    private static final int LISTED = 1000;

    private final GitRepository repository;

    ConfigurationHistory(GitRepository repository) {
        this.repository = repository;
    }

    /** Empty where nothing is recorded yet. */
    Optional<ObjectId> tip() throws IOException {
        return Optional.ofNullable(repository.jgit().exactRef(REF)).map(Ref::getObjectId);
    }

    /** A commit and what it changed, by path; the newest one and nothing where the tree is what that holds. */
    record Recorded(@Nullable ObjectId commit, List<String> changed) {
        Recorded {
            changed = List.copyOf(changed);
        }
    }

    /** Empty where another process holds the ref, or has moved it. */
    Optional<Recorded> record(ObjectId tree) throws IOException, StepFailure {
        var tip = tip();
        var before = tip.isEmpty() ? null : repository.commit(tip.get()).getTree();
        if (tree.equals(before)) {
            return Optional.of(new Recorded(tip.orElseThrow(), List.of()));
        }
        var changes = changes(before, tree);
        if (before == null && changes.isEmpty()) {
            return Optional.of(new Recorded(null, List.of()));
        }
        var commit = repository.store(tree, message(changes), tip.stream().toArray(ObjectId[]::new));
        if (!repository.moveRef(REF, tip.orElse(ObjectId.zeroId()), commit)) {
            return Optional.empty();
        }
        requireWhole(commit, tip);
        return Optional.of(
                new Recorded(commit, changes.keySet().stream().limit(LISTED).toList()));
    }

    private TreeMap<String, ChangeType> changes(@Nullable ObjectId from, ObjectId to) throws IOException {
        var changes = new TreeMap<String, ChangeType>();
        try (var walk = new TreeWalk(repository.jgit())) {
            if (from == null) {
                walk.addTree(new EmptyTreeIterator());
            } else {
                walk.addTree(from);
            }
            walk.addTree(to);
            walk.setRecursive(true);
            walk.setFilter(TreeFilter.ANY_DIFF);
            while (walk.next()) {
                changes.put(
                        walk.getPathString(),
                        walk.getFileMode(0) == FileMode.MISSING
                                ? ChangeType.ADD
                                : walk.getFileMode(1) == FileMode.MISSING ? ChangeType.DELETE : ChangeType.MODIFY);
            }
        }
        return changes;
    }

    private static String message(TreeMap<String, ChangeType> changes) {
        var parts = new ArrayList<String>();
        var lines = new StringBuilder();
        for (var type : List.of(ChangeType.MODIFY, ChangeType.ADD, ChangeType.DELETE)) {
            var word = switch (type) {
                case MODIFY -> "changed";
                case ADD -> "added";
                case DELETE -> "removed";
                case RENAME, COPY -> throw new IllegalStateException("renames are not looked for");
            };
            var paths = changes.entrySet().stream()
                    .filter(change -> change.getValue() == type)
                    .map(change -> Names.line(change.getKey()))
                    .toList();
            if (!paths.isEmpty()) {
                parts.add(word + " " + (paths.size() <= 2 ? String.join(" and ", paths) : paths.size() + " files"));
                paths.stream().limit(LISTED).forEach(path -> lines.append(word + " " + path + "\n"));
            }
        }
        return "Configuration: " + String.join(", ", parts) + "\n\n" + lines;
    }

    /** A `git gc` that removes what no ref holds may have removed what was there already, and is held from now on. */
    private void requireWhole(ObjectId commit, Optional<ObjectId> tip) throws IOException, StepFailure {
        try (var walk = new ObjectWalk(repository.jgit())) {
            walk.markStart(walk.parseCommit(commit));
            if (tip.isPresent()) {
                walk.markUninteresting(walk.parseCommit(tip.get()));
            }
            walk.checkConnectivity();
        } catch (MissingObjectException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "git has removed from " + repository.root() + " what was just recorded: " + e.getMessage()
                            + ". It is recorded anew",
                    e);
        }
    }
}
