package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import org.eclipse.jgit.lib.Constants;

/** Files and folders, each with all below it, whether they exist or not. Relative to the work tree, and none outside it. */
record Selection(List<String> paths) {
    Selection {
        paths = List.copyOf(new TreeSet<>(paths));
    }

    /** Paths as a command names them. What git would read as a pattern is a name. */
    static Selection of(List<String> given) throws StepFailure {
        var paths = new ArrayList<String>();
        for (var path : given) {
            paths.add(normal(path));
        }
        if (paths.isEmpty()) {
            throw invalid("the command names no paths: name the files and folders to check out");
        }
        return new Selection(paths);
    }

    private static String normal(String path) throws StepFailure {
        var parts = new ArrayList<>(List.of(path.split("/")));
        parts.removeIf(part -> part.isEmpty() || part.equals("."));
        if (path.startsWith("/") || parts.isEmpty() || parts.contains("..") || path.indexOf('\0') >= 0) {
            throw invalid("path '" + path + "' must be relative to the work tree, below it");
        }
        if (parts.stream().anyMatch(Constants.DOT_GIT::equalsIgnoreCase)) {
            throw invalid("path '" + path + "' leads into a git directory, which is never checked out: leave it out");
        }
        return String.join("/", parts);
    }

    boolean holds(String file) {
        return paths.contains(file) || Trees.ancestors(file).stream().anyMatch(paths::contains);
    }

    /** Those of the paths that are, or lead to, one of the files, without those that lie below another. */
    List<String> naming(Collection<String> files) {
        var named = new HashSet<>(files);
        files.forEach(file -> named.addAll(Trees.ancestors(file)));
        return paths.stream()
                .filter(named::contains)
                .filter(path -> Trees.ancestors(path).stream().noneMatch(paths::contains))
                .toList();
    }

    @Override
    public String toString() {
        return Names.few(paths);
    }

    private static StepFailure invalid(String message) {
        return new StepFailure(FailureKind.INVALID, message);
    }
}
