package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedSet;
import java.util.TreeSet;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.errors.CorruptObjectException;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;

/** The index as a tree, and the flags that a tree cannot hold. */
record Index(ObjectId tree, IndexFlags flags) {
    /** Writes the tree's objects; the index itself is not touched. */
    static Index read(GitRepository repository) throws IOException, StepFailure {
        var index = cache(repository);
        refuseUnmerged(repository, index);
        var intended = new ArrayList<String>();
        var assumed = new ArrayList<String>();
        var skipped = new ArrayList<String>();
        var merged = DirCache.newInCore();
        var builder = merged.builder();
        for (var entry : entries(index)) {
            var path = entry.getPathString();
            if (entry.isIntentToAdd()) {
                intended.add(path);
            } else {
                builder.add(entry);
            }
            if (entry.isAssumeValid()) {
                assumed.add(path);
            }
            if (entry.isSkipWorkTree()) {
                skipped.add(path);
            }
        }
        builder.finish();
        try (var inserter = repository.jgit().newObjectInserter()) {
            var tree = merged.writeTree(inserter);
            inserter.flush();
            return new Index(tree, new IndexFlags(intended, assumed, skipped));
        }
    }

    static boolean holdsSubmodules(GitRepository repository) throws IOException, StepFailure {
        return entries(cache(repository)).stream().anyMatch(entry -> entry.getFileMode() == FileMode.GITLINK);
    }

    static boolean isUnmerged(GitRepository repository) throws IOException, StepFailure {
        return cache(repository).hasUnmergedPaths();
    }

    static List<DirCacheEntry> entries(DirCache index) {
        var entries = new ArrayList<DirCacheEntry>(index.getEntryCount());
        for (int i = 0; i < index.getEntryCount(); i++) {
            entries.add(index.getEntry(i));
        }
        return entries;
    }

    private static DirCache cache(GitRepository repository) throws IOException, StepFailure {
        try {
            return repository.jgit().readDirCache();
        } catch (CorruptObjectException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the index of " + repository.root() + " cannot be read (" + e.getMessage()
                            + "): run `git update-index --no-split-index` and `git sparse-checkout disable` there if it is"
                            + " split or sparse, else `git fsck`",
                    e);
        }
    }

    private static void refuseUnmerged(GitRepository repository, DirCache index) throws StepFailure {
        SequencedSet<String> unmerged = new TreeSet<>();
        for (var entry : entries(index)) {
            if (entry.getStage() != DirCacheEntry.STAGE_0) {
                unmerged.add(entry.getPathString());
            }
        }
        if (!unmerged.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    repository.root() + " has unmerged paths, which cannot be preserved: " + Names.few(unmerged)
                            + ". Resolve them (`git add`) or abort the merge (`git merge --abort`, `git rebase --abort`,"
                            + " `git cherry-pick --abort`), then start the rollback again");
        }
    }
}
