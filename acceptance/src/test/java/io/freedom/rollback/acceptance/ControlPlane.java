package io.freedom.rollback.acceptance;

import static org.awaitility.Awaitility.await;

import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A control plane, standalone or each part as a process of its own: one for all tests of the run, or a test's own. It ends with the
 * tests at the latest.
 */
final class ControlPlane implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String STANDALONE = "standalone";
    private static final List<String> SERVICES = List.of("orchestrator", "git", "container", "backup", "health");
    /** Of a distributed one, in the order in which they are started. */
    static final List<String> PARTS =
            Stream.concat(Stream.of("broker", "registry"), SERVICES.stream()).toList();

    /** Of this process: a hundred between those of platforms and those that Linux gives away, from 32768 on. */
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(24_000 + (int) (ProcessHandle.current().pid() % 87) * 100);

    private static final Duration START = Duration.ofSeconds(120);
    private static @Nullable ControlPlane shared;

    private final Map<String, String> own;
    private final Path directory;
    private final int broker = freePort();
    private final int controller = freePort();
    private final int registry = freePort();
    private final int http = freePort();
    private final Map<String, Integer> ports = new HashMap<>();
    private final Map<String, Process> running = new HashMap<>();

    private @Nullable HistoryReader history;

    private ControlPlane(Map<String, String> own) {
        this.own = own;
        try {
            directory = Files.createTempDirectory("rollback-acceptance-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** For a test that breaks it. */
    static ControlPlane own() {
        return own(Map.of());
    }

    static ControlPlane own(Map<String, String> environment) {
        var plane = new ControlPlane(environment);
        plane.startStandalone();
        return plane;
    }

    /** Broker, registry, orchestrator and workers as processes of their own. */
    static ControlPlane distributed() {
        var plane = new ControlPlane(Map.of());
        PARTS.forEach(plane::start);
        plane.awaitReady();
        return plane;
    }

    /** Of a distributed one, all parts. */
    void awaitReady() {
        await("all parts are ready").atMost(START.multipliedBy(2)).until(() -> {
            PARTS.forEach(this::requireRunning);
            return SERVICES.stream().allMatch(service -> healthy(httpPort(service)));
        });
    }

    /** As a power cut would, all of it at once; then it is started again on what it left. */
    void killAndStartAgain() {
        kill(STANDALONE);
        startStandalone();
    }

    /** All that Kafka had is lost, and what else is on its disk; of the key of the restore points somebody had a copy, and puts it back. */
    synchronized void loseAllButTheKey() throws IOException {
        var reader = history;
        if (reader != null) {
            reader.close();
            history = null;
        }
        end(running.remove(STANDALONE));
        var data = directory.resolve("data");
        var key = data.resolve("keys/backups.key");
        var copy = Files.copy(
                key,
                directory.resolve("backups.key"),
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
        remove(data);
        Files.createDirectories(key.getParent());
        Files.copy(copy, key, StandardCopyOption.COPY_ATTRIBUTES);
        startStandalone();
    }

    /** With SIGKILL; returns once it is gone. */
    void kill(String part) {
        var killed = running.remove(part);
        if (killed == null) {
            throw new IllegalStateException(part + " was not started");
        }
        killed.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        // Those that use the others first, whatever was started again.
        var parts = new ArrayList<>(running.keySet());
        parts.sort(Comparator.comparingInt(PARTS::indexOf).reversed());
        parts.forEach(part -> end(running.get(part)));
        if (Files.exists(directory)) {
            remove(directory);
        }
    }

    static synchronized ControlPlane shared() {
        var running = shared;
        if (running == null) {
            running = new ControlPlane(Map.of());
            running.startStandalone();
            shared = running;
        }
        return running;
    }

    private void startStandalone() {
        var process = spawn(
                STANDALONE,
                own,
                List.of(
                        program("rollback-standalone"),
                        "--data-dir",
                        directory.resolve("data").toString(),
                        "--broker-port",
                        Integer.toString(broker),
                        "--controller-port",
                        Integer.toString(controller),
                        "--registry-port",
                        Integer.toString(registry),
                        "--http-port",
                        Integer.toString(http)));
        running.put(STANDALONE, process);
        await("standalone is ready").atMost(START).until(() -> {
            requireRunning(STANDALONE);
            return healthy(http);
        });
    }

    /** Of a distributed one, on what it left if it ran before; it may not be ready yet. */
    void start(String part) {
        var environment = new HashMap<>(environmentOf(part));
        // Seven programs that start at once on two cores: what they compile early costs more than it brings.
        environment.put("JAVA_OPTS", "-XX:TieredStopAtLevel=1");
        running.put(part, spawn(part, environment, List.of(program("rollback-service"), part)));
    }

    private Map<String, String> environmentOf(String part) {
        return switch (part) {
            case "broker" ->
                Map.of(
                        "KAFKA_LISTENERS",
                        "PLAINTEXT://" + bootstrapServers() + ",CONTROLLER://127.0.0.1:" + controller,
                        "KAFKA_ADVERTISED_LISTENERS",
                        "PLAINTEXT://" + bootstrapServers(),
                        "KAFKA_CONTROLLER_QUORUM_VOTERS",
                        "1@127.0.0.1:" + controller,
                        "KAFKA_LOG_DIRS",
                        directory.resolve("broker").toString());
            case "registry" ->
                Map.of(
                        "QUARKUS_HTTP_HOST",
                        "127.0.0.1",
                        "QUARKUS_HTTP_PORT",
                        Integer.toString(registry),
                        "QUARKUS_MANAGEMENT_HOST",
                        "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT",
                        "0",
                        "APICURIO_DATASOURCE_URL",
                        "jdbc:h2:file:" + directory.resolve("registry/registry") + ";WRITE_DELAY=0");
            default ->
                Map.of(
                        "SPRING_KAFKA_BOOTSTRAP_SERVERS",
                        bootstrapServers(),
                        "ROLLBACK_SCHEMA_REGISTRY_URL",
                        registryUrl(),
                        "ROLLBACK_STATE_DIRECTORY",
                        directory.resolve("state").toString(),
                        "ROLLBACK_BACKUPS_KEYFILE",
                        directory.resolve("backups.key").toString(),
                        "SERVER_PORT",
                        Integer.toString(httpPort(part)));
        };
    }

    private void requireRunning(String part) {
        var process = running.get(part);
        if (process == null || !process.isAlive()) {
            throw new AssertionError(part + " ended:\n" + log(part));
        }
    }

    static boolean healthy(int port) {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/actuator/health"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static String program(String name) {
        return Shell.checkout().resolve("bin").resolve(name).toString();
    }

    Process spawn(String name, Map<String, String> environment, List<String> argv) {
        var builder = new ProcessBuilder(argv)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(name + ".log").toFile()));
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(Duration.ofSeconds(30))) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String log(String name) {
        try {
            return Files.readString(directory.resolve(name + ".log"));
        } catch (IOException e) {
            return "no log: " + e;
        }
    }

    /**
     * None that the system gives away by itself: whoever connects anywhere until it is used might get it. And none of a test process beside this
     * one.
     */
    static int freePort() {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try (var _ = new ServerSocket(port)) {
                return port;
            } catch (BindException e) {
                // Somebody else's: the next one.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    int httpPort() {
        return http;
    }

    private int httpPort(String service) {
        return service.equals("orchestrator") ? http : ports.computeIfAbsent(service, _ -> freePort());
    }

    Map<String, String> environment() {
        return Map.of(
                "ROLLBACK_BOOTSTRAP_SERVERS",
                "127.0.0.1:" + broker,
                "ROLLBACK_REGISTRY_URL",
                registryUrl(),
                "ROLLBACK_OPERATOR",
                "ada");
    }

    String bootstrapServers() {
        return "127.0.0.1:" + broker;
    }

    String registryUrl() {
        return "http://127.0.0.1:" + registry + "/apis/ccompat/v7";
    }

    // ---- as an operator ---------------------------------------------------------------------------

    /** The program for restore points without a control plane, with this one's key. */
    Shell.Result backups(String... arguments) {
        var argv = new ArrayList<String>();
        argv.add(program("rollback-backups"));
        argv.addAll(Arrays.asList(arguments));
        argv.add("--key-file=" + directory.resolve("data/keys/backups.key"));
        return Shell.run(directory, environment(), argv);
    }

    Shell.Result rollbackctl(String... arguments) {
        var argv = new ArrayList<String>();
        argv.add(program("rollbackctl"));
        argv.addAll(Arrays.asList(arguments));
        return Shell.run(directory, environment(), argv);
    }

    /** The history of a platform, oldest first. */
    synchronized List<HistoryEvent> events(String platform) {
        var reader = history;
        if (reader == null) {
            reader = new HistoryReader(bootstrapServers(), registryUrl());
            history = reader;
        }
        return reader.of(platform);
    }

    /** The same as JSON records. */
    List<JsonNode> history(String platform) {
        return events(platform).stream()
                .map(event -> (JsonNode) JSON.readTree(Json.of(event)))
                .toList();
    }

    /** Id of a platform's newest rollback. */
    String lastRollback(String platform) {
        return history(platform).stream()
                .filter(event -> event.path("event").path("type").asString().equals("RollbackStarted"))
                .reduce((_, newer) -> newer)
                .orElseThrow()
                .path("rollbackId")
                .asString();
    }

    /** Facts of one kind in the history of a platform, oldest first. */
    List<JsonNode> facts(String platform, String type) {
        return history(platform).stream()
                .map(event -> event.path("event"))
                .filter(fact -> fact.path("type").asString().equals(type))
                .toList();
    }

    /** Those of one rollback. */
    List<JsonNode> factsOf(String rollbackId, String platform, String type) {
        return history(platform).stream()
                .filter(event -> event.path("rollbackId").asString().equals(rollbackId))
                .map(event -> event.path("event"))
                .filter(fact -> fact.path("type").asString().equals(type))
                .toList();
    }

    /** As Alertmanager would: its webhook body, to the webhook. */
    void alert(String platform, String incidentClass, String fingerprint, String startsAt) {
        post("""
            {"version": "4", "status": "firing", "alerts": [{"status": "firing", "fingerprint": "%s", "startsAt": "%s",
              "labels": {"alertname": "Broken", "platform": "%s", "incident_class": "%s"},
              "annotations": {"summary": "something is broken"}}]}
            """.formatted(fingerprint, startsAt, platform, incidentClass));
    }

    void post(String body) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http + "/webhooks/incidents"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            var response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 202) {
                throw new AssertionError(response.statusCode() + " " + response.body());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
