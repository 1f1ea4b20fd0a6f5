package io.freedom.rollback.worker.git;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.eclipse.jgit.errors.ConfigInvalidException;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.lib.Repository;
import org.jspecify.annotations.Nullable;

/**
 * Programs that a repository's own configuration would have git and JGit run, as the worker's user. Who can write into a work tree, such as a
 * service that has it mounted, can write {@code .git/config} as well.
 */
public final class RepositoryPrograms {
    private static final long LARGEST = 1 << 20;

    /** As `git lfs install --local` and `git-crypt unlock` write them: found on the worker's PATH, and told nothing else. */
    private static final Pattern KNOWN =
            Pattern.compile("git-lfs (clean -- %f|smudge (--skip )?-- %f|filter-process( --skip)?)"
                    + "|\"?git-crypt\"? (clean|smudge)( --key-name=[A-Za-z0-9_-]+)?");

    private static final Pattern FILTER = Pattern.compile("filter\\..*\\.(clean|smudge|process)", Pattern.DOTALL);
    private static final Pattern HOOK = Pattern.compile("hook\\..*\\.command", Pattern.DOTALL);
    /** Git-lfs runs these, and those to reach its server: {@code core.sshCommand} alone is common, and nothing that we call uses it. */
    private static final Pattern BY_LFS = Pattern.compile(
            "lfs\\.(extension\\..*\\.(clean|smudge)|customtransfer\\..*\\.path)|core\\.(sshcommand|askpass)|credential\\.(.*\\.)?helper",
            Pattern.DOTALL);

    private static final Pattern HEADER = Pattern.compile("\\s*+\\[[^\"\\]]*+(\"(?:[^\"\\\\]|\\\\.)*+\"\\s*+)?+]");

    private final boolean lfs;
    private final TreeSet<String> found = new TreeSet<>();
    private final Set<Path> seen = new HashSet<>();

    private RepositoryPrograms(boolean lfs) {
        this.lfs = lfs;
    }

    /** The user's and the machine's configuration may name what it wants. @throws StepFailure that names the keys, not their values */
    public static void refuse(Repository repository) throws IOException, StepFailure {
        var programs = new RepositoryPrograms(usesLfs(repository.getConfig()));
        var folders = List.of(
                repository.getCommonDirectory().toPath(),
                repository.getDirectory().toPath());
        for (var folder : folders) {
            programs.look(folder.resolve("config"));
            programs.look(folder.resolve("config.worktree"));
        }
        if (!programs.found.isEmpty()) {
            throw refusal(
                    "git would run, as this worker's user, programs that the repository's own configuration names, and whoever can write into the"
                            + " work tree can write that: " + String.join("; ", programs.found)
                            + ". If they are wanted, move them into that user's configuration (`git config --global`, or a file that an"
                            + " includeIf of it names for this repository alone); remove them there (`git config --unset`)");
        }
    }

    private static boolean usesLfs(Config effective) {
        return effective.getSubsections("filter").stream()
                .flatMap(name -> List.of("clean", "smudge", "process").stream()
                        .map(key -> effective.getString("filter", name, key)))
                .anyMatch(command -> command != null && command.contains("git-lfs"));
    }

    private void look(Path file) throws IOException, StepFailure {
        if (!Files.exists(file) || !seen.add(file.toRealPath())) {
            return;
        }
        var config = new Config();
        try {
            config.fromText(onLinesOfTheirOwn(read(file)));
        } catch (ConfigInvalidException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the git configuration " + file + " cannot be read (" + e.getMessage() + "): correct it",
                    e);
        }
        for (var section : config.getSections()) {
            look(file, config, section, null);
            for (var subsection : config.getSubsections(section)) {
                look(file, config, section, subsection);
            }
        }
    }

    private static String read(Path file) throws IOException, StepFailure {
        if (Files.isRegularFile(file)) {
            try (var in = Files.newInputStream(file)) {
                var bytes = in.readNBytes((int) LARGEST + 1);
                if (bytes.length <= LARGEST) {
                    return new String(bytes, StandardCharsets.UTF_8);
                }
            }
        }
        throw refusal("the git configuration " + file + " is no file, or larger than 1 MiB: correct it");
    }

    /** Headers: what follows one on its line counts to git, and JGit passes over it. */
    static String onLinesOfTheirOwn(String text) {
        var out = new StringBuilder();
        for (var line : text.split("\n", -1)) {
            var header = HEADER.matcher(line);
            int at = 0;
            while (header.region(at, line.length()).lookingAt()) {
                out.append(header.group()).append('\n');
                at = header.end();
            }
            out.append(line, at, line.length()).append('\n');
        }
        return out.toString();
    }

    private void look(Path file, Config config, String section, @Nullable String subsection)
            throws IOException, StepFailure {
        for (var name : config.getNames(section, subsection)) {
            // `[filter.x]`, as git once wrote it, is the same to git as `[filter "x"]`.
            var key = (section + "." + (subsection == null ? "" : subsection + ".") + name).toLowerCase(Locale.ROOT);
            for (var value : config.getStringList(section, subsection, name)) {
                if (value == null || value.isBlank()) {
                    continue;
                }
                if (key.equals("include.path") || key.startsWith("includeif.")) {
                    // Whatever its condition is: that may hold a moment later, or in a linked worktree.
                    look(included(file, value));
                } else if (isProgram(key) && !KNOWN.matcher(value.strip()).matches()) {
                    found.add(key + " in " + file);
                }
            }
        }
    }

    private boolean isProgram(String key) {
        return FILTER.matcher(key).matches()
                || HOOK.matcher(key).matches()
                || lfs && BY_LFS.matcher(key).matches();
    }

    private static Path included(Path file, String path) throws StepFailure {
        if (path.startsWith("~/")) {
            return Path.of(System.getProperty("user.home")).resolve(path.substring(2));
        }
        if (path.startsWith("~") || path.startsWith("%(")) {
            throw refusal(
                    "the git configuration " + file + " includes " + path + ": name that file by its absolute path");
        }
        return file.resolveSibling(path);
    }

    private static StepFailure refusal(String message) {
        return new StepFailure(FailureKind.PRECONDITION, message);
    }
}
