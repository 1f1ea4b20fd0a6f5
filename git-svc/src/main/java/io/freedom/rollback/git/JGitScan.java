package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.dircache.DirCacheIterator;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.FileTreeIterator;
import org.eclipse.jgit.treewalk.NameConflictTreeWalk;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.jspecify.annotations.Nullable;

/** Reads the files of a work tree by JGit. */
final class JGitScan {
    private final Repository repository;
    private final Set<String> wanted;
    private final Set<String> onTheWayToWanted = new HashSet<>();
    private @Nullable String ignoredDirectory;

    JGitScan(Repository repository, Collection<String> ignoredToo) {
        this.repository = repository;
        this.wanted = Set.copyOf(ignoredToo);
        wanted.forEach(path -> onTheWayToWanted.addAll(Trees.ancestors(path)));
    }

    /** What `git add --all` would leave in the index; not written. */
    DirCache files(ObjectInserter inserter) throws IOException {
        var found = DirCache.newInCore();
        var builder = found.builder();
        try (var walk = new NameConflictTreeWalk(repository)) {
            walk.setOperationType(TreeWalk.OperationType.CHECKIN_OP);
            walk.addTree(new DirCacheIterator(repository.readDirCache()));
            var files = new FileTreeIterator(repository);
            files.setWalkIgnoredDirectories(true);
            files.setDirCacheIterator(walk, 0);
            walk.addTree(files);
            while (walk.next()) {
                var file = walk.getTree(1, FileTreeIterator.class);
                if (file == null) {
                    continue;
                }
                var entry = walk.getTree(0, DirCacheIterator.class);
                var path = walk.getPathString();
                if (file.getEntryFileMode() == FileMode.TREE) {
                    boolean tracked = entry != null && entry.getEntryFileMode() == FileMode.TREE;
                    boolean ignored = isIgnored(file, path);
                    if (tracked || !ignored || onTheWayToWanted.contains(path)) {
                        if (ignored && ignoredDirectory == null) {
                            ignoredDirectory = path + "/";
                        }
                        walk.enterSubtree();
                    }
                } else if (file.getEntryFileMode() != FileMode.GITLINK) {
                    boolean tracked = entry != null && entry.getEntryFileMode() != FileMode.TREE;
                    if (tracked || wanted.contains(path) || !isIgnored(file, path)) {
                        if (isFile(path)) {
                            builder.add(read(walk, file, tracked ? entry : null, inserter));
                        }
                    }
                }
            }
        }
        builder.finish();
        inserter.flush();
        return found;
    }

    private boolean isIgnored(FileTreeIterator file, String path) throws IOException {
        if (ignoredDirectory != null && path.startsWith(ignoredDirectory)) {
            return true;
        }
        ignoredDirectory = null;
        return file.isEntryIgnored();
    }

    /** Reading a pipe would never end; git leaves pipes and sockets alone as well. */
    private boolean isFile(String path) {
        var file = repository.getWorkTree().toPath().resolve(path);
        return Files.isSymbolicLink(file) || Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private DirCacheEntry read(
            TreeWalk walk, FileTreeIterator file, @Nullable DirCacheIterator indexed, ObjectInserter inserter)
            throws IOException {
        var known = indexed == null ? null : indexed.getDirCacheEntry();
        var entry = new DirCacheEntry(walk.getRawPath());
        entry.setFileMode(indexed == null ? file.getEntryFileMode() : file.getIndexFileMode(indexed));
        entry.setLength(file.getEntryLength());
        entry.setLastModified(file.getEntryLastModifiedInstant());
        if (known != null
                && known.getStage() == DirCacheEntry.STAGE_0
                && !known.isAssumeValid()
                && !known.isSkipWorkTree()
                && !known.isIntentToAdd()
                && !file.isModified(known, true, walk.getObjectReader())) {
            entry.setObjectId(known.getObjectId());
        } else {
            long length = file.getEntryContentLength();
            try (var content = file.openEntryStream()) {
                entry.setObjectId(inserter.insert(Constants.OBJ_BLOB, length, content));
            }
        }
        return entry;
    }

    /** Every file that the index does not hold; nested repositories with a slash at the end. */
    SortedSet<String> others() throws IOException {
        var index = repository.readDirCache();
        var others = new TreeSet<String>();
        try (var walk = new TreeWalk(repository)) {
            var files = new FileTreeIterator(repository);
            files.setWalkIgnoredDirectories(true);
            walk.addTree(files);
            while (walk.next()) {
                var path = walk.getPathString();
                if (walk.isSubtree()) {
                    walk.enterSubtree();
                } else if (walk.getFileMode(0) == FileMode.GITLINK) {
                    others.add(path + "/");
                } else if (index.findEntry(path) < 0) {
                    others.add(path);
                }
            }
        }
        return others;
    }
}
