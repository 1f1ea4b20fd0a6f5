package io.freedom.rollback.git;

import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.dircache.Checkout;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheCheckout.CheckoutMetadata;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.jspecify.annotations.Nullable;

/** Work tree by JGit alone, for machines without git. JGit's own checkout merges; here the tree simply wins. */
final class JGitWorkTree implements WorkTree {
    private final GitRepository repository;
    private final Repository jgit;
    private final RealFiles files;

    JGitWorkTree(GitRepository repository) {
        this.repository = repository;
        this.jgit = repository.jgit();
        this.files = new RealFiles(repository.root());
    }

    @Override
    public String engine() {
        return "JGit";
    }

    @Override
    public Changes changes() throws IOException {
        try {
            var status = new Git(jgit).status().call();
            var dirty = new TreeSet<>(status.getUncommittedChanges());
            dirty.addAll(status.getConflicting());
            var untracked = new TreeSet<>(status.getUntracked());
            untracked.removeAll(dirty);
            return new Changes(List.copyOf(dirty), List.copyOf(untracked));
        } catch (GitAPIException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public ObjectId snapshot(Collection<String> ignoredToo) throws IOException {
        try (var inserter = jgit.newObjectInserter()) {
            var tree = new JGitScan(jgit, ignoredToo).files(inserter).writeTree(inserter);
            inserter.flush();
            return tree;
        }
    }

    @Override
    public SortedSet<String> others() throws IOException {
        return new JGitScan(jgit, Set.of()).others();
    }

    @Override
    public List<String> differences(ObjectId tree) throws IOException, StepFailure {
        var paths = new TreeSet<String>();
        var present = scan();
        for (var entry : Index.entries(tree(tree))) {
            if (!same(entry, present.getEntry(entry.getPathString()))) {
                paths.add(entry.getPathString());
            }
        }
        if (!Index.isUnmerged(repository)) {
            paths.addAll(Trees.differences(jgit, tree, Index.read(repository).tree()));
        }
        return List.copyOf(paths);
    }

    @Override
    public void replace(ObjectId from, ObjectId to) throws IOException {
        replace(from, to, path -> true);
    }

    @Override
    public void replace(ObjectId from, ObjectId to, Selection part) throws IOException {
        replace(from, to, part::holds);
    }

    private void replace(ObjectId from, ObjectId to, Predicate<String> wanted) throws IOException {
        tree(to); // Refuses names such as `.git` and `..`, before anything is removed.
        var present = scan();
        var gone = Trees.paths(jgit, from);
        gone.removeAll(Trees.paths(jgit, to));
        gone.removeIf(wanted.negate());
        for (var path : gone) {
            files.remove(path);
        }
        var entries = new ArrayList<DirCacheEntry>();
        try (var walk = new TreeWalk(jgit)) {
            walk.setOperationType(TreeWalk.OperationType.CHECKOUT_OP);
            walk.setRecursive(true);
            walk.addTree(to);
            while (walk.next()) {
                if (wanted.test(walk.getPathString())) {
                    entries.add(place(walk, present));
                }
            }
        }
        write(entries, wanted);
    }

    private DirCacheEntry place(TreeWalk walk, DirCache present) throws IOException {
        var entry = new DirCacheEntry(walk.getRawPath());
        entry.setFileMode(walk.getFileMode(0));
        entry.setObjectId(walk.getObjectId(0));
        var path = walk.getPathString();
        var there = present.getEntry(path);
        if (there != null && same(entry, there)) {
            return there;
        }
        files.makeRoomFor(path);
        var conversion = new CheckoutMetadata(
                walk.getEolStreamType(TreeWalk.OperationType.CHECKOUT_OP), walk.getSmudgeCommand(0));
        new Checkout(jgit).checkout(entry, conversion, walk.getObjectReader(), path);
        return entry;
    }

    @Override
    public void index(ObjectId tree, IndexFlags flags) throws IOException {
        index(tree, path -> true);
    }

    @Override
    public void index(ObjectId tree, IndexFlags flags, Selection part) throws IOException {
        index(tree, part::holds);
    }

    private void index(ObjectId tree, Predicate<String> wanted) throws IOException {
        var before = jgit.readDirCache();
        var entries = new ArrayList<DirCacheEntry>();
        for (var entry : Index.entries(tree(tree))) {
            if (wanted.test(entry.getPathString())) {
                var known = before.getEntry(entry.getPathString());
                entries.add(known != null && same(entry, known) ? known : entry);
            }
        }
        write(entries, wanted);
    }

    @Override
    public boolean keepsIndexFlags() {
        return false;
    }

    @Override
    public void patch(ObjectId from, ObjectId to, Path file) throws IOException {
        try (var out = new BufferedOutputStream(Files.newOutputStream(file));
                var patch = new BinaryPatch(jgit, out)) {
            patch.write(from, to);
        }
    }

    @Override
    public void addWorktree(Path path, ObjectId commit) throws IOException, StepFailure {
        LinkedWorktrees.borrowObjects(repository, path);
        try (var linked = GitRepository.open(path.toString())) {
            var tree = repository.commit(commit).getTree();
            linked.detachHead(commit);
            new JGitWorkTree(linked).replace(tree, tree);
        }
    }

    private DirCache scan() throws IOException {
        try (var inserter = jgit.newObjectInserter()) {
            return new JGitScan(jgit, Set.of()).files(inserter);
        }
    }

    private DirCache tree(ObjectId tree) throws IOException {
        try (var reader = jgit.newObjectReader()) {
            return DirCache.read(reader, tree);
        }
    }

    private static boolean same(DirCacheEntry a, @Nullable DirCacheEntry b) {
        return b != null && a.getRawMode() == b.getRawMode() && a.getObjectId().equals(b.getObjectId());
    }

    /** Writes these for the wanted entries; the others stay as they are once the index is locked. */
    private void write(List<DirCacheEntry> entries, Predicate<String> wanted) throws IOException {
        var index = jgit.lockDirCache();
        try {
            var others = Index.entries(index);
            others.removeIf(entry -> wanted.test(entry.getPathString()));
            var builder = index.builder();
            others.forEach(builder::add);
            entries.forEach(builder::add);
            builder.finish();
            index.write();
            if (!index.commit()) {
                throw new IOException("the index could not be replaced");
            }
        } finally {
            index.unlock();
        }
    }
}
