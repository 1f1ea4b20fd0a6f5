package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Critical and kept paths are in the work tree, and the env file has the keys without which services start but do not work. */
final class CheckFilesHandler implements StepHandler<CheckFiles> {
    @Override
    public Class<CheckFiles> action() {
        return CheckFiles.class;
    }

    @Override
    public Completed execute(CheckFiles check, StepContext step) throws StepFailure {
        var workTree = workTree(check.getWorkTree());
        var missing = new ArrayList<String>();
        for (var path : check.getCriticalPaths()) {
            objection(workTree, path).ifPresent(missing::add);
        }
        if (!missing.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "in " + workTree + ": " + String.join("; ", missing)
                            + ". Compare with `git status` and `git ls-tree --name-only HEAD`, or correct the"
                            + " descriptor's critical paths");
        }
        checkKept(workTree, check.getKeptPaths());
        checkEnvironment(workTree, check);
        return completed(check);
    }

    private static Completed completed(CheckFiles check) {
        int critical = check.getCriticalPaths().size();
        int kept = check.getKeptPaths().size();
        int keys = check.getRequiredEnvKeys().size();
        var found = new ArrayList<String>();
        if (critical > 0) {
            found.add(critical + " critical paths present");
        }
        if (kept > 0) {
            found.add(kept + " paths of configuration and models present");
        }
        if (keys > 0) {
            found.add(keys + " required env keys set");
        }
        return new Completed(
                new FilesChecked(critical + kept, keys),
                found.isEmpty() ? "nothing is required" : String.join(", ", found));
    }

    /** Taken as a restore point takes them: files or folders, a link as a link. */
    private static void checkKept(Path workTree, List<String> paths) throws StepFailure {
        var missing = new ArrayList<String>();
        for (var path : paths) {
            if (!Files.exists(inside(workTree, path), LinkOption.NOFOLLOW_LINKS)) {
                missing.add(path);
            }
        }
        if (!missing.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "not in " + workTree + ": " + String.join(", ", missing)
                            + ". A restore point would be without them: bring them back, or take them out of the"
                            + " descriptor's configuration and models");
        }
    }

    private static Path workTree(String path) throws StepFailure {
        try {
            return Path.of(path).toRealPath();
        } catch (IOException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the work tree " + path + " cannot be read (" + e + "): is it on this worker's machine?",
                    e);
        }
    }

    private static Optional<String> objection(Path workTree, String path) throws StepFailure {
        var file = inside(workTree, path);
        if (!Files.exists(file)) {
            return Optional.of(path + " is missing");
        }
        if (path.endsWith("/") && !Files.isDirectory(file)) {
            return Optional.of(path + " is not a directory");
        }
        if (!path.endsWith("/") && !Files.isRegularFile(file)) {
            return Optional.of(path + " is not a file");
        }
        try {
            return file.toRealPath().startsWith(workTree)
                    ? Optional.empty()
                    : Optional.of(path + " is a link that leads out of the work tree");
        } catch (IOException e) {
            return Optional.of(path + " cannot be read (" + e + ")");
        }
    }

    private static Path inside(Path workTree, String path) throws StepFailure {
        try {
            var file = workTree.resolve(path).normalize();
            if (!path.isBlank() && file.startsWith(workTree)) {
                return file;
            }
        } catch (InvalidPathException e) {
            // Falls through: as wrong as one that leads elsewhere.
        }
        throw new StepFailure(
                FailureKind.INVALID,
                "the path `" + path + "` does not lie inside the work tree " + workTree
                        + ": correct it in the platform descriptor");
    }

    /** @param given the work tree as the action names it, perhaps by a link, and the env file with it */
    private static Path envFile(Path workTree, Path given, String path) throws StepFailure {
        try {
            var file = given.resolve(path).normalize();
            return inside(
                    workTree,
                    file.startsWith(given.normalize())
                            ? given.normalize().relativize(file).toString()
                            : path);
        } catch (InvalidPathException e) {
            return inside(workTree, path);
        }
    }

    private static void checkEnvironment(Path workTree, CheckFiles check) throws StepFailure {
        var groups = check.getRequiredEnvKeys();
        if (groups.isEmpty()) {
            return;
        }
        if (check.getEnvFile() == null) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    "env keys are required (" + String.join(", ", groups)
                            + ") but the platform descriptor names no env file: add it");
        }
        var env = DotenvFile.read(envFile(workTree, Path.of(check.getWorkTree()), check.getEnvFile()));
        var missing = groups.stream().filter(group -> !env.hasOneOf(group)).toList();
        if (!missing.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    env.path() + " has no value for "
                            + String.join(", ", missing).replace("|", " or ")
                            + ": set it there, or copy the file back from the restore point's configuration folder");
        }
    }
}
