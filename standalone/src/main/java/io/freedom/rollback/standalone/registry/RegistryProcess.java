package io.freedom.rollback.standalone.registry;

import io.freedom.rollback.standalone.StartupException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The schema registry in a process of its own; its schemas live in a database file and survive. */
public final class RegistryProcess implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RegistryProcess.class);
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(5);
    /** A registry that keeps ending sooner than this after its start would only end again. */
    private static final Duration SHORT_LIFE = Duration.ofSeconds(30);

    private static final int SHORT_LIVES = 3;

    private final List<String> command;
    private final Path logFile;
    private final URI address;
    private final Runnable lost;
    private volatile Process process;
    private boolean ready;
    private boolean stopping;
    private int shortLives;

    private RegistryProcess(List<String> command, Path logFile, URI address, Runnable lost) throws IOException {
        this.command = command;
        this.logFile = logFile;
        this.address = address;
        this.lost = lost;
        this.process = launch();
    }

    /**
     * Starts the registry and returns at once; see {@link #awaitReady}.
     *
     * @param home the unpacked registry
     * @param data directory of its database
     * @param lost called when the registry ended by itself and could not be started again
     */
    public static RegistryProcess start(Path home, Path data, Path logs, int port, Runnable lost) throws IOException {
        if (!Files.exists(home.resolve("quarkus-run.jar"))) {
            throw new StartupException("no schema registry in " + home + ": build the distribution (`make build`), or"
                    + " set the system property rollback.home to its folder");
        }
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx192m",
                "-XX:+UseSerialGC",
                // Half the start-up time; its throughput is a few requests an hour.
                "-XX:TieredStopAtLevel=1",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + port,
                "-Dquarkus.http.access-log.enabled=false",
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=0",
                // Written through before an id is given out: a record must never carry an id the registry forgot.
                "-Dapicurio.datasource.url=jdbc:h2:file:" + data.resolve("registry") + ";WRITE_DELAY=0",
                "-Dapicurio.datasource.jdbc.initial-size=2",
                "-Dapicurio.datasource.jdbc.min-size=2",
                "-Dapicurio.datasource.jdbc.max-size=8",
                "-cp",
                home.resolve("quarkus-run.jar") + File.pathSeparator + home.resolve("guard"),
                "io.freedom.rollback.standalone.registry.guard.RegistryGuard");
        var address = URI.create("http://127.0.0.1:" + port + "/apis/ccompat/v7");
        return new RegistryProcess(command, logs.resolve("registry.log"), address, lost);
    }

    public URI address() {
        return address;
    }

    public void awaitReady() throws InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(address + "/subjects"))
                .timeout(Duration.ofSeconds(2))
                .build();
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        try (var client =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
            while (!answers(client, request)) {
                if (!process.isAlive()) {
                    throw new StartupException(
                            "the schema registry ended with exit code " + process.exitValue() + ": see " + logFile);
                }
                if (System.nanoTime() > deadline) {
                    throw new StartupException(
                            "the schema registry is not ready after " + START_LIMIT.toSeconds() + " s: see " + logFile);
                }
                // The registry says nowhere but on its port that it is ready.
                process.waitFor(100, TimeUnit.MILLISECONDS);
            }
        }
        synchronized (this) {
            ready = true;
        }
    }

    @Override
    public void close() {
        Process ending;
        synchronized (this) {
            stopping = true;
            ending = process;
        }
        ending.destroy();
        try {
            if (!ending.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                ending.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            ending.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private Process launch() throws IOException {
        long began = System.nanoTime();
        var launched = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
                .start();
        var _ = launched.onExit().thenAccept(ended -> relaunch(ended, Duration.ofNanos(System.nanoTime() - began)));
        return launched;
    }

    private synchronized void relaunch(Process ended, Duration lived) {
        if (stopping || !ready) {
            return; // meant, or for awaitReady to report
        }
        log.error("the schema registry ended with exit code {}: see {}", ended.exitValue(), logFile);
        shortLives = lived.compareTo(SHORT_LIFE) < 0 ? shortLives + 1 : 0;
        if (shortLives == SHORT_LIVES) {
            lost.run();
            return;
        }
        try {
            process = launch();
        } catch (IOException e) {
            log.error("the schema registry cannot be started again", e);
            lost.run();
        }
    }

    private static boolean answers(HttpClient client, HttpRequest request) throws InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }
}
