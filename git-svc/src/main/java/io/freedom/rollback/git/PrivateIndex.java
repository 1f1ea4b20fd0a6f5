package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of the index to work on. A git process killed half-way leaves its lock beside the copy and not beside the
 * index, where an operator would have to remove it by hand.
 */
final class PrivateIndex implements AutoCloseable {
    private static final int PATHS_AT_ONCE = 200;

    private final GitRepository repository;
    private final Path file;
    private final String origin;

    private PrivateIndex(GitRepository repository, Path file) throws IOException {
        this.repository = repository;
        this.file = file;
        this.origin = identity(repository.indexFile());
    }

    /** Copy without assume-unchanged and skip-worktree flags: they hide files from git. */
    static PrivateIndex copyOf(GitRepository repository) throws IOException, StepFailure, InterruptedException {
        var file = Files.createTempFile(repository.gitDirectory(), "rollback-", ".index");
        var index = new PrivateIndex(repository, file);
        Files.delete(file);
        if (Files.exists(repository.indexFile())) {
            // With its time: git tells by it which entries may have changed unnoticed.
            Files.copy(repository.indexFile(), file, StandardCopyOption.COPY_ATTRIBUTES);
            index.showHiddenFiles();
        }
        return index;
    }

    NativeGit git() {
        return new NativeGit(repository, file);
    }

    /** Makes the copy the index, the way git does, unless others changed that meanwhile: what they staged would be lost. */
    void install() throws IOException, StepFailure {
        var lock = repository.indexFile().resolveSibling("index.lock");
        try {
            Files.copy(file, lock, StandardCopyOption.COPY_ATTRIBUTES);
        } catch (FileAlreadyExistsException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "another git process works in " + repository.root() + ": " + lock
                            + " exists. If `ps aux | grep git` shows none, it crashed; then remove that file",
                    e);
        }
        if (!origin.equals(identity(repository.indexFile()))) {
            Files.delete(lock);
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "another git process changed the index of " + repository.root()
                            + " at the same moment: let nobody work there, then retry this step");
        }
        Files.move(lock, repository.indexFile(), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Git writes an index beside the old one and renames it. */
    private static String identity(Path index) throws IOException {
        if (!Files.exists(index)) {
            return "none";
        }
        var now = Files.readAttributes(index, BasicFileAttributes.class);
        return now.fileKey() + " " + now.lastModifiedTime() + " " + now.size();
    }

    private void showHiddenFiles() throws IOException, StepFailure, InterruptedException {
        var hidden = new ArrayList<String>();
        for (var line : git().paths("ls-files", "-v", "-z")) {
            if (Character.isLowerCase(line.charAt(0)) || line.charAt(0) == 'S') {
                hidden.add(line.substring(2));
            }
        }
        mark(hidden, "--no-assume-unchanged");
        mark(hidden, "--no-skip-worktree");
    }

    /** Intent to add is no mark: git adds such a path. */
    void mark(IndexFlags flags) throws StepFailure, InterruptedException {
        mark(flags.assumeUnchanged(), "--assume-unchanged");
        mark(flags.skipWorktree(), "--skip-worktree");
    }

    private void mark(List<String> paths, String flag) throws StepFailure, InterruptedException {
        for (int from = 0; from < paths.size(); from += PATHS_AT_ONCE) {
            var arguments = new ArrayList<>(List.of("update-index", flag, "--"));
            arguments.addAll(paths.subList(from, Math.min(paths.size(), from + PATHS_AT_ONCE)));
            git().command(arguments).check();
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".lock"));
    }
}
