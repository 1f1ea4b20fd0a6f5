package io.freedom.rollback.git;

import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Runs {@code git} on one repository and index, untouched by hooks, prompts, pagers and most configuration. */
final class NativeGit {
    private static final List<String> SETTINGS = List.of(
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.sparseCheckout=false",
            "core.splitIndex=false",
            "core.safecrlf=false",
            "index.sparse=false",
            "index.skipHash=false",
            "submodule.recurse=false",
            "add.ignoreErrors=false",
            "gc.auto=0",
            "maintenance.auto=false");

    private final GitRepository repository;
    private final Path index;

    NativeGit(GitRepository repository, Path index) {
        this.repository = repository;
        this.index = index;
    }

    Command command(List<String> arguments) {
        return onRepository(arguments).environment("GIT_INDEX_FILE", index.toString());
    }

    /** With git's own choice of index: where a command works on another one, as {@code worktree add} does. */
    Command onRepository(List<String> arguments) {
        var argv = new ArrayList<String>();
        argv.add("git");
        // Said outright, so that neither the worker's environment nor the owner of the directory matters.
        argv.add("--git-dir=" + repository.gitDirectory());
        argv.add("--work-tree=" + repository.root());
        argv.addAll(List.of("-c", "safe.directory=" + repository.root()));
        SETTINGS.forEach(setting -> argv.addAll(List.of("-c", setting)));
        argv.addAll(arguments);
        return Command.in(repository.root(), argv)
                .environment("GIT_OPTIONAL_LOCKS", "0")
                .environment("GIT_TERMINAL_PROMPT", "0")
                .environment("GIT_PAGER", "cat")
                // A partial clone fetches what it lacks, by programs that its configuration names; older gits know only
                // the second.
                .environment("GIT_NO_LAZY_FETCH", "1")
                .environment("GIT_ALLOW_PROTOCOL", "none")
                .environment("LC_ALL", "C")
                // The step's own deadline interrupts earlier; this only bounds a step without one.
                .timeout(Duration.ofHours(1));
    }

    Command.Result check(String... arguments) throws StepFailure, InterruptedException {
        return command(List.of(arguments)).check();
    }

    /** Paths printed with {@code -z}; through a file, since they may be more than is kept of an output. */
    List<String> paths(String... arguments) throws IOException, StepFailure, InterruptedException {
        var file = Files.createTempFile("rollback-paths-", null);
        try {
            command(List.of(arguments)).outputTo(file).check();
            var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            return text.isEmpty() ? List.of() : List.of(text.split("\0"));
        } finally {
            Files.delete(file);
        }
    }

    /** Runs with the paths handed over literally, in a file. */
    void checkOn(Collection<String> paths, String... arguments) throws IOException, StepFailure, InterruptedException {
        var file = Files.createTempFile("rollback-paths-", null);
        try {
            Files.writeString(file, String.join("\0", paths));
            var all = new ArrayList<>(List.of(arguments));
            all.addAll(List.of("--pathspec-from-file=" + file, "--pathspec-file-nul"));
            command(all).environment("GIT_LITERAL_PATHSPECS", "1").check();
        } finally {
            Files.delete(file);
        }
    }
}
