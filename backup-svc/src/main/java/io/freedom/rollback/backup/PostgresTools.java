package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's own tools, run in its container, with a private folder there that is removed at the end. */
final class PostgresTools implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresTools.class);
    private static final Duration BRIEF = Duration.ofMinutes(2);
    private static final int SAID = 1500;
    /** Each is a connection of the server, and the disk is one. */
    private static final int MOST_JOBS = 8;
    /** Exit code of what got SIGKILL, as all in a container that ends does. */
    private static final int KILLED = 137;

    private static final Pattern BROKEN =
            Pattern.compile("could not (read from|open) input file|could not close data file|unexpected end of file"
                    + "|could not (un|de)compress|unexpected data offset|magic string|corrupt|invalid (compressed|distance|block|byte|code|input"
                    + "|literal|stored|window|page|memory alloc)|incorrect (data|header|length) check|unexpected (block|section|section code)"
                    + "|entry ID|did not find|could not create unique index|duplicate key|violates|missing data for column"
                    + "|extra data after last");

    private final Engine engine;
    private final String container;
    private final Map<String, String> environment;
    private final StepContext step;
    private final String folder;
    private final int processors;
    private volatile boolean closed;

    private PostgresTools(
            Engine engine,
            String container,
            Map<String, String> environment,
            StepContext step,
            String folder,
            int processors) {
        this.engine = engine;
        this.container = container;
        this.environment = environment;
        this.step = step;
        this.folder = folder;
        this.processors = processors;
    }

    /** @param asked 0 for as many as there are processors */
    int jobs(int asked) {
        return asked > 0 ? asked : Math.clamp(processors, 1, MOST_JOBS);
    }

    /** Name under which the tools of this purpose connect, in every attempt of this rollback. */
    static String session(String purpose, StepContext step) {
        return "rollback-" + purpose + "-" + ShortId.of(step.rollbackId());
    }

    static PostgresTools open(
            EngineProvider engines, ComposeProject compose, Database database, String purpose, StepContext step)
            throws StepFailure, InterruptedException {
        var environment = new HashMap<String, String>();
        var session = session(purpose, step);
        environment.put("PGAPPNAME", session);
        environment.put("PGCONNECT_TIMEOUT", "10");
        environment.put("LC_ALL", "C"); // Messages are read below.
        var password = database.getPassword();
        if (password != null) {
            environment.put("PGPASSWORD", step.secrets().resolve(password));
        }
        var engine = engines.engine();
        var container = engine.running(compose.getProject(), database.getService());
        return in(engine, container.id(), environment, session, step);
    }

    /** In any container that has them. */
    static PostgresTools in(
            Engine engine, String container, Map<String, String> environment, String prefix, StepContext step)
            throws StepFailure, InterruptedException {
        step.checkpoint();
        var made = ContainerFolder.create(engine, container, prefix);
        return new PostgresTools(engine, container, Map.copyOf(environment), step, made.path(), made.processors());
    }

    /** Private folder in the container. */
    String folder() {
        return folder;
    }

    /** Runs a tool until the step's deadline; fails unless it exits with 0. */
    ExecResult run(List<String> argv) throws StepFailure, InterruptedException {
        var left = Duration.between(Instant.now(), step.deadline());
        return run(argv, left.isNegative() ? Duration.ZERO : left);
    }

    private ExecResult run(List<String> argv, Duration timeout) throws StepFailure, InterruptedException {
        var result = engine.exec(container, argv, environment, timeout);
        if (result.succeeded()) {
            return result;
        }
        throw failure(argv.getFirst(), result);
    }

    static StepFailure failure(String tool, ExecResult result) {
        var said = (result.stderr().isBlank() ? result.stdout() : result.stderr()).strip();
        var tail = said.length() <= SAID ? said : "…" + said.substring(said.length() - SAID);
        var what = tool + " in the database container failed with exit code " + result.exitCode() + ": " + tail;
        if (result.exitCode() == 126 || result.exitCode() == 127) {
            return new StepFailure(
                    FailureKind.PRECONDITION,
                    "the database container has no " + tool + " on its PATH: is the right service named? " + tail);
        }
        if (said.contains("No space left on device")) {
            return new StepFailure(
                    FailureKind.PRECONDITION,
                    "the disk of the database container is full (its data directory or the one for temporary files): free space. "
                            + what);
        }
        if (said.contains("server version mismatch")) {
            return new StepFailure(
                    FailureKind.PRECONDITION,
                    tool
                            + " of the database container is older than the server: install the server's own client tools in its"
                            + " image. " + tail);
        }
        if (said.contains("unsupported version (")) {
            return new StepFailure(
                    FailureKind.PRECONDITION,
                    "the dump was made by newer tools than " + tool
                            + " of the database container, which does not read it: choose another restore point, or a server"
                            + " as new. " + tail);
        }
        if (result.exitCode() == KILLED) {
            return new StepFailure(
                    FailureKind.UNAVAILABLE,
                    tool
                            + " was killed in the database container: has the container ended, or had it too little memory? "
                            + tail);
        }
        boolean unreachable = said.contains("connection to server")
                || said.contains("could not connect")
                || said.contains("server closed the connection");
        return new StepFailure(unreachable ? FailureKind.UNAVAILABLE : FailureKind.TOOL, what);
    }

    /**
     * Whether what pg_restore said is about the dump itself: it cannot be read, or its rows contradict each other. All else, a
     * server that ends or lacks something, says nothing about it.
     */
    static boolean blamesTheDump(StepFailure failure) {
        return failure.kind() == FailureKind.TOOL
                && BROKEN.matcher(failure.text()).find();
    }

    /** First line of `tool --version`. */
    String version(String tool) throws StepFailure, InterruptedException {
        return run(List.of(tool, "--version"), BRIEF)
                .stdout()
                .lines()
                .findFirst()
                .orElse(tool);
    }

    /** Bytes that a folder takes; 0 while it is not there. */
    long size(String path) throws StepFailure, InterruptedException {
        var result = engine.exec(container, List.of("du", "-sk", path), environment, BRIEF);
        var words = result.stdout().strip().split("\\s+", -1);
        return words[0].matches("\\d+") ? Long.parseLong(words[0]) * 1024 : 0;
    }

    /** Makes room in the container for the next. */
    void remove(String path) throws StepFailure, InterruptedException {
        run(List.of("rm", "-rf", path), BRIEF);
    }

    /** SHA-256 of each file below a folder, by path relative to it. */
    private Map<String, String> sums(String path) throws StepFailure, InterruptedException {
        var result = run(List.of("find", path, "-type", "f", "-exec", "sha256sum", "{}", "+"));
        if (result.truncated()) {
            throw new StepFailure(FailureKind.TOOL, "the list of the dump's files is too long to be read");
        }
        var sums = new HashMap<String, String>();
        for (var line : result.stdout().lines().toList()) {
            // 64 digits, a blank, a blank or "*", the path.
            sums.put(line.substring(66 + path.length() + 1), line.substring(0, 64));
        }
        return sums;
    }

    /** Takes a dump out of the container, and compares it with what is there: a stream that was cut ends as silently as a whole one. */
    void copyOut(String path, SealedDump dump, LongConsumer progress) throws StepFailure, InterruptedException {
        try (var summing = Background.start(() -> sums(path))) {
            var arrived = dump.fetch(engine, container, path, progress);
            var sums = summing.await(step::checkpoint);
            if (sums.isEmpty() || !sums.equals(arrived)) {
                var different = new TreeSet<>(sums.keySet());
                different.addAll(arrived.keySet());
                different.removeIf(name -> Objects.equals(sums.get(name), arrived.get(name)));
                throw new StepFailure(
                        FailureKind.TOOL,
                        "the dump did not arrive from the container as it was written there (" + different
                                + "): retry; the partial copy was removed");
            }
        }
    }

    /** Copies a dump below the private folder; returns where it is. */
    String copyIn(ComparedDump dump) throws StepFailure, InterruptedException {
        return dump.copyInto(engine, container, folder);
    }

    /** A connection string: as a plain name, one that holds "=" would be taken for parameters. */
    static String connection(String database) {
        return "dbname='" + database.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    /** Once the folder is removed, this does nothing more. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        // The interrupt that may have ended the step must not keep us from cleaning up.
        boolean interrupted = Thread.interrupted();
        try {
            ContainerFolder.remove(engine, container, folder);
            closed = true;
        } catch (StepFailure e) {
            LOG.warn("{} stays in the database container: remove it by hand ({})", folder, e.text());
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
