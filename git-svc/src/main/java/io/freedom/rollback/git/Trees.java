package io.freedom.rollback.git;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.eclipse.jgit.treewalk.filter.TreeFilter;

/** Compares trees. */
final class Trees {
    private Trees() {}

    static TreeSet<String> paths(Repository repository, ObjectId tree) throws IOException {
        var paths = new TreeSet<String>();
        try (var walk = walk(repository, tree)) {
            while (walk.next()) {
                paths.add(walk.getPathString());
            }
        }
        return paths;
    }

    static ObjectId without(Repository repository, ObjectId tree, Set<String> paths) throws IOException {
        return only(repository, tree, path -> !paths.contains(path));
    }

    /** The tree's wanted files, and no others. */
    static ObjectId only(Repository repository, ObjectId tree, Predicate<String> wanted) throws IOException {
        return store(repository, entries(repository, tree, wanted));
    }

    /** The tree, with its wanted files as they are in {@code from}. */
    static ObjectId graft(Repository repository, ObjectId tree, Predicate<String> wanted, ObjectId from)
            throws IOException {
        var entries = entries(repository, tree, wanted.negate());
        entries.addAll(entries(repository, from, wanted));
        return store(repository, entries);
    }

    private static List<DirCacheEntry> entries(Repository repository, ObjectId tree, Predicate<String> wanted)
            throws IOException {
        try (var reader = repository.newObjectReader()) {
            var entries = Index.entries(DirCache.read(reader, tree));
            entries.removeIf(entry -> !wanted.test(entry.getPathString()));
            return entries;
        }
    }

    private static ObjectId store(Repository repository, List<DirCacheEntry> entries) throws IOException {
        var index = DirCache.newInCore();
        var builder = index.builder();
        entries.forEach(builder::add);
        builder.finish();
        try (var inserter = repository.newObjectInserter()) {
            var id = index.writeTree(inserter);
            inserter.flush();
            return id;
        }
    }

    static boolean holdsSubmodules(Repository repository, ObjectId tree) throws IOException {
        try (var walk = walk(repository, tree)) {
            while (walk.next()) {
                if (walk.getFileMode(0) == FileMode.GITLINK) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Paths whose content or mode differs, in order. */
    static List<String> differences(Repository repository, ObjectId a, ObjectId b) throws IOException {
        var paths = new ArrayList<String>();
        try (var walk = walk(repository, a, b)) {
            walk.setFilter(TreeFilter.ANY_DIFF);
            while (walk.next()) {
                paths.add(walk.getPathString());
            }
        }
        return paths;
    }

    /** The paths cut after their second part, each once: few, however many files differ. */
    static List<String> places(List<String> paths) {
        return paths.stream()
                .map(path -> {
                    int second = path.indexOf('/', path.indexOf('/') + 1);
                    return path.indexOf('/') < 0 || second < 0 ? path : path.substring(0, second);
                })
                .distinct()
                .toList();
    }

    /** Paths of {@code tree} that neither {@code a} nor {@code b} holds with this content and mode. */
    static List<String> unknown(Repository repository, ObjectId tree, ObjectId a, ObjectId b) throws IOException {
        var paths = new ArrayList<String>();
        try (var walk = walk(repository, tree, a, b)) {
            while (walk.next()) {
                boolean present = walk.getFileMode(0) != FileMode.MISSING;
                if (present && !same(walk, 1) && !same(walk, 2)) {
                    paths.add(walk.getPathString());
                }
            }
        }
        return paths;
    }

    private static boolean same(TreeWalk walk, int other) {
        return walk.getRawMode(0) == walk.getRawMode(other) && walk.idEqual(0, other);
    }

    /** Of {@code others}, files that stand where {@code wanted} has a file or needs a directory. */
    static List<String> inTheWay(Collection<String> others, Set<String> wanted) {
        var directories = new HashSet<String>();
        wanted.forEach(path -> directories.addAll(ancestors(path)));
        return others.stream()
                .filter(other -> {
                    var path = other.endsWith("/") ? other.substring(0, other.length() - 1) : other;
                    return wanted.contains(path)
                            || directories.contains(path)
                            || ancestors(path).stream().anyMatch(wanted::contains);
                })
                .toList();
    }

    static List<String> ancestors(String path) {
        var ancestors = new ArrayList<String>();
        for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            ancestors.add(path.substring(0, slash));
        }
        return ancestors;
    }

    private static TreeWalk walk(Repository repository, ObjectId... trees) throws IOException {
        var walk = new TreeWalk(repository);
        walk.setRecursive(true);
        for (var tree : trees) {
            walk.addTree(tree);
        }
        return walk;
    }
}
