package io.freedom.rollback.engine;

import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Isolation;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The compose CLI on one project: always told project name, directory, files and env file, never left to guess them. */
public final class Compose {
    private static final Duration READING = Duration.ofSeconds(60);
    /** How the CLI says that the engine is not there; what it says when it goes in between is its own affair. */
    private static final Pattern NO_ENGINE =
            Pattern.compile("Cannot connect to the Docker daemon|error during connect", Pattern.CASE_INSENSITIVE);

    private static final Pattern UNSET = Pattern.compile("\\b([A-Za-z_][A-Za-z0-9_]*)\\\\?\"? variable is not set");

    private final ComposeCli cli;
    private final String project;
    private final Path directory;
    private final List<Path> files;
    private final @Nullable String envFile;
    private final @Nullable Isolation isolation;

    private Compose(
            ComposeCli cli,
            String project,
            Path directory,
            List<Path> files,
            @Nullable String envFile,
            @Nullable Isolation isolation) {
        this.isolation = isolation;
        this.cli = cli;
        this.project = project;
        this.directory = directory;
        this.files = List.copyOf(files);
        this.envFile = envFile;
    }

    /** For the project where it lives. Compose itself must be there, its files need not. */
    public Compose(ComposeProject project) throws StepFailure, InterruptedException {
        this(project, Path.of(project.getDirectory()));
    }

    /** For the project's files in another directory, e.g. a worktree, with the live env file. */
    public Compose(ComposeProject project, Path directory) throws StepFailure, InterruptedException {
        this(
                ComposeCli.detect(),
                project.getProject(),
                directory,
                project.getFiles().stream().map(directory::resolve).toList(),
                project.getEnvFile(),
                project.getIsolation());
    }

    /** The same with one file more, whose values win. */
    public Compose with(Path override) {
        var all = new ArrayList<>(files);
        all.add(override);
        return new Compose(cli, project, directory, all, envFile, isolation);
    }

    public String version() {
        return cli.version();
    }

    /** Version 1. */
    public boolean isLegacy() {
        return cli.legacy();
    }

    public List<Path> files() {
        return files;
    }

    /** Runs a compose command to its end, whatever its exit code. */
    public Command.Result run(Duration limit, List<String> arguments) throws StepFailure, InterruptedException {
        return isolation == null ? runOnFiles(limit, arguments) : runIsolated(limit, arguments, isolation);
    }

    /** On the resolved file of the copy, which shares nothing with the original. */
    private Command.Result runIsolated(Duration limit, List<String> arguments, Isolation apart)
            throws StepFailure, InterruptedException {
        var resolved = runOnFiles(READING, List.of("config"));
        if (!resolved.succeeded()) {
            return resolved;
        }
        try {
            // Readable by the owner only: its values may be secrets.
            var file = Files.createTempFile("rollback-isolated-", ".yml");
            try {
                Files.writeString(file, IsolatedProject.of(resolved.stdout(), project, directory, apart));
                return new Compose(cli, project, directory, List.of(file), null, null).runOnFiles(limit, arguments);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new StepFailure(FailureKind.TOOL, "cannot write a temporary compose file: " + e, e);
        }
    }

    private Command.Result runOnFiles(Duration limit, List<String> arguments) throws StepFailure, InterruptedException {
        if (!Files.isDirectory(directory)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the project directory " + directory + " does not exist: see platform.yaml");
        }
        for (var file : files) {
            if (!Files.isRegularFile(file)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION, "the compose file " + file + " does not exist: see platform.yaml");
            }
        }
        var argv = new ArrayList<>(cli.argv());
        argv.addAll(List.of("-p", project, "--project-directory", directory.toString()));
        for (var file : files) {
            argv.addAll(List.of("-f", file.toString()));
        }
        if (envFile != null) {
            argv.addAll(List.of("--env-file", envFile));
        }
        argv.addAll(arguments);
        return Command.in(directory, argv)
                .environment("COMPOSE_ANSI", "never")
                .environment("COMPOSE_PROGRESS", "plain")
                .timeout(limit)
                .run();
    }

    /** Runs a compose command; a non-zero exit is a failure with the end of what it said. */
    public Command.Result check(Duration limit, List<String> arguments) throws StepFailure, InterruptedException {
        var result = run(limit, arguments);
        if (!result.succeeded()) {
            throw failure(arguments, result);
        }
        return result;
    }

    public StepFailure failure(List<String> arguments, Command.Result result) {
        var said = said(result);
        var kind = NO_ENGINE.matcher(said).find() ? FailureKind.OUTAGE : FailureKind.TOOL;
        return new StepFailure(
                kind,
                "`compose %s` of %s failed with exit code %d:\n%s"
                        .formatted(String.join(" ", arguments), project, result.exitCode(), said));
    }

    /** The end of both streams: builders report on one, compose on the other. */
    private static String said(Command.Result result) {
        var lines = (result.stdout().strip() + "\n" + result.stderr().strip())
                .lines()
                .map(String::stripTrailing)
                .filter(line -> !line.isBlank())
                .toList();
        var last = String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
        return last.length() <= 4000 ? last : "…" + last.substring(last.length() - 4000);
    }

    /** What the compose files say once resolved. Holds secrets in its values: never log it. */
    public ComposeModel model() throws StepFailure, InterruptedException {
        return ComposeModel.parse(resolved().stdout());
    }

    /**
     * The same with what compose finds missing in it.
     *
     * @param unset variables that the files use and that have no value
     * @param hashes by service, see {@link #hashes()}, as if the files were in the project's own directory
     */
    public record Resolution(ComposeModel model, List<String> unset, Map<String, String> hashes) {
        public Resolution {
            unset = List.copyOf(unset);
            hashes = Map.copyOf(hashes);
        }
    }

    /** @param home the project's own directory, where these are the files of another one */
    public Resolution resolution(Path home) throws StepFailure, InterruptedException {
        var resolved = resolved();
        var unset = UNSET.matcher(resolved.stderr())
                .results()
                .map(found -> found.group(1))
                .distinct()
                .toList();
        // Compose resolves paths, and a mount from elsewhere would be another definition.
        var atHome = resolved.stdout()
                .replaceAll(
                        Pattern.quote(directory.toString()) + "(?=[/\\s\"']|$)",
                        Matcher.quoteReplacement(home.toString()));
        return new Resolution(ComposeModel.parse(resolved.stdout()), unset, hashesOf(atHome));
    }

    private Command.Result resolved() throws StepFailure, InterruptedException {
        var result = run(READING, List.of("config"));
        if (!result.succeeded()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the compose files in %s cannot be read; mend them or the env file: %s"
                            .formatted(directory, said(new Command.Result(result.exitCode(), "", result.stderr()))));
        }
        return result;
    }

    /** Hash by service of what compose compares with the label {@link EngineContainer#CONFIG_HASH}. */
    public Map<String, String> hashes() throws StepFailure, InterruptedException {
        // `config --hash` hashes the names of env files, `up` what is in them: only a resolved file gives the same.
        return hashesOf(check(READING, List.of("config")).stdout());
    }

    private Map<String, String> hashesOf(String resolved) throws StepFailure, InterruptedException {
        try {
            var file = Files.createTempFile("rollback-resolved-", ".yml");
            try {
                Files.writeString(file, resolved);
                return new Compose(cli, project, directory, List.of(file), null, null).ownHashes();
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new StepFailure(FailureKind.TOOL, "cannot write a temporary compose file: " + e, e);
        }
    }

    private Map<String, String> ownHashes() throws StepFailure, InterruptedException {
        var hashes = new LinkedHashMap<String, String>();
        for (var line : check(READING, List.of("config", "--hash", "*"))
                .stdout()
                .lines()
                .toList()) {
            var parts = line.strip().split("\\s+");
            if (parts.length == 2) {
                hashes.put(parts[0], parts[1]);
            }
        }
        return hashes;
    }

    /** Name under which compose looks for a service's image. */
    public String imageName(ComposeService service) {
        var image = service.image();
        return image != null ? image : project + (isLegacy() ? "_" : "-") + service.name();
    }
}
