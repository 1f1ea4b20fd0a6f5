package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A copy of FREEDOM in its broken version, with a name and ports of its own; nothing of it stays after the test. */
final class Platform implements AutoCloseable {
    private static final AtomicInteger OFFSETS = new AtomicInteger(11_000);
    private static final List<Integer> PORTS = List.of(3000, 5432, 8000, 8001, 8080);

    final String name;
    final Path directory;
    final Path tree;
    final Path backups;
    private @Nullable ControlPlane registeredAt;

    private Platform(String name) throws IOException {
        this.name = name;
        directory = Files.createTempDirectory("rollback-" + name + "-");
        tree = directory.resolve("freedom");
        backups = Files.createDirectories(directory.resolve("backups"));
    }

    /** Built, its containers running where the broken version lets them, but not registered. */
    static Platform broken(String name) {
        var platform = built(name);
        platform.compose("up", "-d", "--build").succeeded();
        return platform;
    }

    /** On a branch at the good tag, all services up and healthy, with a change that is not committed; not registered. */
    static Platform healthy(String name) {
        var platform = built(name);
        platform.git("checkout", "--quiet", "--force", "-B", "work", "graveyard/pre-reset");
        platform.git("clean", "--quiet", "-fd");
        platform.write("README.md", text -> text + "\nRead on Tuesday.\n");
        platform.compose("up", "-d", "--build", "--wait").succeeded();
        return platform;
    }

    /** Only the repository; no container. */
    static Platform built(String name) {
        try {
            var platform = new Platform(name);
            Shell.run(
                            Shell.checkout(),
                            "demo/build-platform",
                            platform.tree.toString(),
                            "--name",
                            name,
                            "--port-offset",
                            Integer.toString(freeOffset()))
                    .succeeded();
            return platform;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freeOffset() {
        while (true) {
            int offset = OFFSETS.getAndAdd(100);
            if (PORTS.stream().allMatch(port -> isFree(port + offset))) {
                return offset;
            }
        }
    }

    private static boolean isFree(int port) {
        try (var _ = new ServerSocket(port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The descriptor as `demo/descriptor` writes it, changed as the test needs it. */
    Path descriptor(UnaryOperator<String> change) {
        var text = Shell.run(Shell.checkout(), "demo/descriptor", tree.toString(), backups.toString())
                .succeeded()
                .output();
        try {
            return Files.writeString(directory.resolve("platform.yaml"), change.apply(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Platform registered(ControlPlane plane, UnaryOperator<String> change) {
        plane.rollbackctl("platform", "register", descriptor(change).toString()).succeeded();
        registeredAt = plane;
        return this;
    }

    Platform registered(ControlPlane plane) {
        return registered(plane, UnaryOperator.identity());
    }

    Shell.Result compose(String... arguments) {
        var argv = Stream.concat(Stream.of("docker", "compose", "-p", name), Stream.of(arguments))
                .toList();
        return Shell.run(tree, Map.of(), argv);
    }

    String git(String... arguments) {
        var argv = Stream.concat(Stream.of("git"), Stream.of(arguments)).toList();
        return Shell.run(tree, Map.of(), argv).succeeded().output().strip();
    }

    /** Changes a file of the work tree. */
    void write(String path, UnaryOperator<String> change) {
        try {
            var file = tree.resolve(path);
            Files.writeString(file, change.apply(Files.readString(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the environment file, as in CASTLE_PORT. */
    int port(String variable) {
        return Integer.parseInt(setting(variable));
    }

    String setting(String variable) {
        try (var lines = Files.lines(tree.resolve(".env"))) {
            return lines.filter(line -> line.startsWith(variable + "="))
                    .map(line -> line.substring(variable.length() + 1))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void commit(String message, String... paths) {
        var argv = new ArrayList<>(List.of("-c", "user.name=Ada", "-c", "user.email=ada@freedom.example", "commit"));
        argv.addAll(List.of("--quiet", "--only", "-m", message, "--"));
        argv.addAll(List.of(paths));
        git(argv.toArray(String[]::new));
    }

    /** Container ids by service. */
    Map<String, String> ids() {
        return Shell.run(
                        tree,
                        "docker",
                        "ps",
                        "-a",
                        "--no-trunc",
                        "--filter",
                        "label=com.docker.compose.project=" + name,
                        "--format",
                        "{{.Label \"com.docker.compose.service\"}}={{.ID}}")
                .succeeded()
                .output()
                .lines()
                .collect(Collectors.toMap(line -> line.split("=")[0], line -> line.split("=")[1]));
    }

    /** In the folder that all of it is in. */
    String run(String... argv) {
        return Shell.run(directory, argv).succeeded().output();
    }

    void sql(String statement) {
        psql(statement).succeeded();
    }

    String value(String query) {
        return value("freedom_kb", query);
    }

    String value(String database, String query) {
        return psql(database, query).succeeded().output().strip();
    }

    private Shell.Result psql(String statement) {
        return psql("freedom_kb", statement);
    }

    private Shell.Result psql(String database, String statement) {
        return compose(
                "exec",
                "-T",
                "postgres",
                "psql",
                "-qtA",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "freedom",
                "-d",
                database,
                "-c",
                statement);
    }

    /** Overwrites the table's first page on disk, as a failing disk would: it can be neither read nor dumped. */
    void corrupt(String table) {
        // Nothing that comes to it later, the autovacuum above all, may change the page and write it back.
        psql("vacuum (freeze) " + table).succeeded();
        var file = psql("checkpoint; select current_setting('data_directory') || '/' || pg_relation_filepath('" + table
                        + "')")
                .succeeded()
                .output()
                .strip();
        compose("exec", "-T", "postgres", "dd", "if=/dev/urandom", "of=" + file, "bs=8192", "count=1", "conv=notrunc")
                .succeeded();
        compose("restart", "postgres").succeeded();
        compose("up", "-d", "--wait", "postgres").succeeded();
        // Rows alone may be counted by an index.
        assertThat(psql("select count(it::text) from " + table + " it").output())
                .contains("invalid page");
    }

    Shell.Result health() {
        return Shell.run(tree, "make", "-s", "health");
    }

    /** Rows and their hash, table by table. */
    String data() {
        return Shell.run(Shell.checkout(), "demo/fingerprint", name).succeeded().output();
    }

    /** "SERVICE STATE" of each container at one moment, also while containers come and go. */
    List<String> states() {
        return Shell.run(
                        tree,
                        "docker",
                        "ps",
                        "-a",
                        "--filter",
                        "label=com.docker.compose.project=" + name,
                        "--format",
                        "{{.Label \"com.docker.compose.service\"}} {{.State}}")
                .succeeded()
                .output()
                .lines()
                .toList();
    }

    /** Service, image id and whether it runs; a crashing container counts as restarting whatever moment it is in. */
    String containers() {
        var ids = Shell.run(tree, "docker", "ps", "-aq", "--filter", "label=com.docker.compose.project=" + name)
                .succeeded()
                .output()
                .lines()
                .toList();
        var states = new ArrayList<String>();
        for (var id : ids) {
            var line = Shell.run(
                            tree,
                            "docker",
                            "inspect",
                            "--format",
                            "{{index .Config.Labels \"com.docker.compose.service\"}} {{.Image}} {{.RestartCount}} {{.State.Status}}",
                            id)
                    .succeeded()
                    .output()
                    .strip()
                    .split(" ");
            var state = line[2].equals("0") ? line[3] : "crashing";
            states.add(line[0] + "=" + line[1] + " " + state);
        }
        return states.stream().sorted().collect(Collectors.joining("\n"));
    }

    /** Everything of the work tree that git can tell, ignored files included, with the content of each file. */
    String workTree() {
        return git("status", "--porcelain=v2", "--branch", "--ignored") + "\n" + git("ls-files", "-s") + "\n"
                + Shell.run(
                                tree,
                                "bash",
                                "-c",
                                "find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum")
                        .succeeded()
                        .output();
    }

    /** Where the platform is: git, files, containers, rows. */
    record State(String workTree, String containers, String data) {}

    State state() {
        return new State(workTree(), containers(), data());
    }

    @Override
    public void close() {
        try {
            if (registeredAt != null) {
                // Fails where an event is missing or was altered.
                registeredAt
                        .rollbackctl("history", "verify", "--platform", name)
                        .succeeded();
            }
        } finally {
            remove();
        }
    }

    private void remove() {
        compose("down", "-v", "--remove-orphans");
        Shell.run(
                directory,
                "bash",
                "-c",
                "docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -E '^(rollback-(guard|prepared|evidence)/)?"
                        + name + "-' | xargs -r docker image rm -f");
        ControlPlane.remove(directory);
    }
}
