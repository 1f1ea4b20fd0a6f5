package io.freedom.rollback.container;

import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.InnerFolder;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Env files that git does not hold and a fresh worktree therefore lacks; compose refuses to read a file that names a
 * missing one. They are copied from the live tree for the time of the build and taken away again.
 */
final class LentEnvFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LentEnvFiles.class);
    /** A list, of mappings. */
    private static final int DEEPEST = 2;

    private final List<Path> copies = new ArrayList<>();

    private LentEnvFiles() {}

    static LentEnvFiles lend(List<Path> composeFiles, Path live, Path worktree) throws StepFailure {
        var lent = new LentEnvFiles();
        try {
            var names = new LinkedHashSet<>(Set.of(".env"));
            for (var file : composeFiles) {
                if (Files.isRegularFile(file)) {
                    names.addAll(named(Files.readString(file)));
                }
            }
            for (var name : names) {
                lent.copy(live, worktree, name);
            }
            return lent;
        } catch (IOException e) {
            lent.close();
            throw new StepFailure(
                    FailureKind.TOOL, "cannot copy the env files of " + live + " to " + worktree + ": " + e, e);
        }
    }

    private void copy(Path live, Path worktree, String name) throws IOException {
        var from = live.resolve(name).normalize();
        var to = worktree.resolve(name).normalize();
        var folder = to.getParent();
        if (to.startsWith(worktree)
                && folder != null
                && Files.isRegularFile(from)
                && !Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
            if (!InnerFolder.make(worktree, folder)) {
                LOG.warn("{} is not copied to {}: a link leads out of {}", from, to, worktree);
                return;
            }
            copies.add(to);
            Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    /** Entries of `env_file`: a text, a list of texts, or a list of mappings with a path. */
    private static Set<String> named(String yaml) throws StepFailure {
        var names = new LinkedHashSet<String>();
        for (var service :
                ComposeModel.map(ComposeModel.document(yaml).get("services")).values()) {
            add(names, ComposeModel.map(service).get("env_file"), DEEPEST);
        }
        return names;
    }

    /** YAML can have a list hold itself. */
    private static void add(Set<String> names, @Nullable Object entry, int depth) {
        switch (entry) {
            case null -> {}
            case String name -> names.add(name);
            case Object _ when depth == 0 -> {}
            case List<?> list -> list.forEach(item -> add(names, item, depth - 1));
            case Object mapping -> add(names, ComposeModel.map(mapping).get("path"), depth - 1);
        }
    }

    @Override
    public void close() {
        try {
            for (var copy : copies) {
                Files.deleteIfExists(copy);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
