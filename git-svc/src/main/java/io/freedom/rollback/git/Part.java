package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.treewalk.TreeWalk;

/** A part of a work tree, which goes to the target and comes back while all around it stays. */
record Part(GitStep.Site site, Selection selection) {
    /** The tree's files in this part. */
    ObjectId of(ObjectId tree) throws IOException {
        return Trees.only(site.repository().jgit(), tree, selection::holds);
    }

    /** Files in this part whose content or mode differs. */
    List<String> differences(ObjectId one, ObjectId other) throws IOException {
        return Trees.differences(site.repository().jgit(), of(one), of(other));
    }

    /** Files of this part that a change between the two trees could touch, as they are; see {@link GitStep.Site}. */
    ObjectId snapshotWithin(ObjectId one, ObjectId other) throws IOException, StepFailure, InterruptedException {
        return of(site.snapshotWithin(of(one), of(other)));
    }

    /** The tree, with this part as it is in {@code from}. */
    ObjectId graft(ObjectId tree, ObjectId from) throws IOException {
        return Trees.graft(site.repository().jgit(), tree, selection::holds, from);
    }

    /** As {@link Preservation#keepStrangers}, of this part: all around it is kept as it was preserved. */
    Optional<String> keepStrangers(Preserved kept, ObjectId files) throws IOException, StepFailure {
        var staged = Index.read(site.repository()).tree();
        return site.preservation().keepStrangers(kept, graft(kept.tree(), files), graft(kept.index(), staged));
    }

    /** Refuses when a file or link around this part, in the work tree or staged, stands where a folder must be. */
    void requireRoom(Preserved kept) throws IOException, StepFailure {
        var trees =
                List.of(kept.tree(), kept.index(), Index.read(site.repository()).tree());
        var inTheWay = new TreeSet<String>();
        for (var path : selection.paths()) {
            for (var folder : Trees.ancestors(path)) {
                var file = site.repository().root().resolve(folder);
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !RealFiles.isDirectory(file)) {
                    inTheWay.add(folder);
                }
                for (var tree : trees) {
                    if (isFile(tree, folder)) {
                        inTheWay.add(folder);
                    }
                }
            }
        }
        inTheWay.removeIf(selection::holds);
        if (!inTheWay.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "where " + selection + " needs folders, "
                            + site.repository().root()
                            + " has, or had when it was preserved, files or links: "
                            + Names.few(inTheWay) + ". Move them away, or name them among the paths");
        }
    }

    private boolean isFile(ObjectId tree, String path) throws IOException {
        try (var walk = TreeWalk.forPath(site.repository().jgit(), path, tree)) {
            return walk != null && walk.getFileMode(0) != FileMode.TREE;
        }
    }
}
