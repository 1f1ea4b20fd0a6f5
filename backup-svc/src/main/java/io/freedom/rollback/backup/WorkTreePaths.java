package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The paths of an action that exist, and those that do not. A path stays inside the work tree, links on the way
 * included; a link at its end is taken as a link.
 */
record WorkTreePaths(Path workTree, List<Path> present, List<String> absent) {

    static WorkTreePaths of(String workTree, List<String> paths) throws StepFailure {
        var root = Path.of(workTree);
        if (!root.isAbsolute() || !Files.isDirectory(root)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the work tree " + workTree + " is not a directory here: check the descriptor and the site");
        }
        var present = new ArrayList<Path>();
        var absent = new ArrayList<String>();
        for (var path : paths) {
            var relative = relative(path);
            if (!Files.exists(root.resolve(relative), LinkOption.NOFOLLOW_LINKS)) {
                absent.add(path);
            } else if (leads(root, relative)) {
                present.add(relative);
            } else {
                throw outside(path);
            }
        }
        return new WorkTreePaths(root, List.copyOf(present), List.copyOf(absent));
    }

    /** " (not there: a, b)", or nothing. */
    String absentNote() {
        return absent.isEmpty() ? "" : " (not there: " + String.join(", ", absent) + ")";
    }

    private static Path relative(String path) throws StepFailure {
        var given = Path.of(path);
        var relative = given.normalize();
        if (given.isAbsolute()
                || relative.startsWith("..")
                || relative.toString().isEmpty()) {
            throw outside(path);
        }
        return relative;
    }

    private static boolean leads(Path root, Path relative) throws StepFailure {
        try {
            var parent = root.resolve(relative).getParent();
            return parent != null && parent.toRealPath().startsWith(root.toRealPath());
        } catch (IOException e) {
            throw Disk.failure(root.resolve(relative), e);
        }
    }

    private static StepFailure outside(String path) {
        return new StepFailure(
                FailureKind.INVALID,
                "the path \"" + path + "\" does not name something below the work tree: correct the descriptor");
    }
}
