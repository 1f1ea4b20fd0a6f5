package io.freedom.rollback.git;

import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import org.eclipse.jgit.lib.ObjectId;

/** The files and the index of one work tree. Paths are relative, with slashes. Never runs a hook of the repository. */
interface WorkTree {
    /** Name and version of what does the work, for reports. */
    String engine();

    Changes changes() throws IOException, StepFailure, InterruptedException;

    /**
     * Tree of all files as they are: tracked ones, untracked ones that are not ignored, and {@code ignoredToo}. Nested
     * repositories are left out. Neither files nor index are touched.
     */
    ObjectId snapshot(Collection<String> ignoredToo) throws IOException, StepFailure, InterruptedException;

    /** Every file that the index does not hold, ignored or not; a nested repository as one path that ends in a slash. */
    SortedSet<String> others() throws IOException, StepFailure, InterruptedException;

    /** Tracked paths whose file or index entry is not as in the tree. */
    List<String> differences(ObjectId tree) throws IOException, StepFailure, InterruptedException;

    /**
     * Makes files and index equal {@code to}, whatever state they are in: files of {@code from} that {@code to} lacks are
     * removed, files that neither holds stay. Can be run again after it was interrupted anywhere.
     */
    void replace(ObjectId from, ObjectId to) throws IOException, StepFailure, InterruptedException;

    /** As {@link #replace(ObjectId, ObjectId)}, of a part: other files, and other entries and flags of the index, stay. */
    void replace(ObjectId from, ObjectId to, Selection part) throws IOException, StepFailure, InterruptedException;

    /** Sets the index, not the files. */
    void index(ObjectId tree, IndexFlags flags) throws IOException, StepFailure, InterruptedException;

    /** As {@link #index(ObjectId, IndexFlags)}, of a part: other entries and flags stay. */
    void index(ObjectId tree, IndexFlags flags, Selection part) throws IOException, StepFailure, InterruptedException;

    /** Whether {@link #index} can set flags. */
    boolean keepsIndexFlags();

    /** Writes what leads from one tree to the other, for {@code git apply}. */
    void patch(ObjectId from, ObjectId to, Path file) throws IOException, StepFailure, InterruptedException;

    /** Makes {@code path}, which must be an empty directory, a detached worktree of this repository. */
    void addWorktree(Path path, ObjectId commit) throws IOException, StepFailure, InterruptedException;

    /** Uncommitted paths, staged or not, and untracked paths. Each sorted. */
    record Changes(List<String> dirty, List<String> untracked) {
        public Changes {
            dirty = List.copyOf(dirty);
            untracked = List.copyOf(untracked);
        }

        int count() {
            return dirty.size() + untracked.size();
        }
    }
}
