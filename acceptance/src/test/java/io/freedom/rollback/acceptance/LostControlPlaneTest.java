package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Kafka is lost with all that it knew, then the disk as well: what restore points there are, which are held and which proven is known again. */
@Tag("engine")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LostControlPlaneTest {
    private static final String NAME = "acc-lost";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** The commit and the moments of parts are in the manifest alone. */
    private static final List<String> KNOWN_AGAIN = List.of(
            "directory",
            "takenAt",
            "takenBy",
            "files",
            "bytes",
            "heldUntil",
            "serverVersion",
            "databases",
            "restorable");

    @TempDir
    private static Path store;

    private final int port = ControlPlane.freePort();
    private ControlPlane plane;
    private Process server;
    private Platform platform;
    private String data;
    private String point;
    private String newest;
    private JsonNode known;

    @BeforeAll
    void start() throws IOException {
        plane = ControlPlane.own(Map.of("STORE_ACCESS_KEY", "the-access-key", "STORE_SECRET_KEY", "the-secret-key"));
        server = storeServer();
        platform = Platform.healthy(NAME);
        register("");
        data = platform.data();
        run("start", NAME, "--scenario", "restore-point");
        point = plane.lastRollback(NAME);
        run("backups", "hold", point);
        known = shown();
        assertThat(known.propertyNames()).contains("heldUntil", "provenAt");

        register("prove: never");
        platform.sql("insert into documents (title, body) values ('Since', 'x')");
        run("start", NAME, "--scenario", "restore-point");
        newest = plane.lastRollback(NAME);
        await("all is copied, the hold and the proof as well")
                .atMost(PATIENCE)
                .until(() -> list().contains("2 of 2 are in the store"));
        for (var note : List.of("hold.json", "proven.json")) {
            assertThat(stored(note)).hasSameBinaryContentAs(here(note));
        }
    }

    @AfterAll
    void remove() {
        try {
            platform.close();
        } finally {
            ControlPlane.end(server);
            plane.close();
        }
    }

    /** A process of its own; a bucket is a folder. */
    private Process storeServer() throws IOException {
        Files.createDirectories(store.resolve("data/backups"));
        var settings = Files.writeString(store.resolve("s3proxy.conf"), """
                s3proxy.authorization=aws-v2-or-v4
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.identity=the-access-key
                s3proxy.credential=the-secret-key
                s3proxy.ignore-unknown-headers=true
                jclouds.provider=filesystem-nio2
                jclouds.filesystem.basedir=%s
                jclouds.identity=none
                jclouds.credential=none
                """.formatted(port, store.resolve("data")));
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        // The one of the store's own tests.
        var program =
                Shell.checkout().resolve("backup-svc/target/s3/s3proxy.jar").toString();
        var process = plane.spawn(
                "store",
                Map.of("LOG_LEVEL", "warn"),
                List.of(java, "-Xmx256m", "-jar", program, "--properties", settings.toString()));
        await("the store answers").atMost(PATIENCE).until(this::storeAnswers);
        return process;
    }

    private boolean storeAnswers() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Path here(String note) {
        return platform.backups.resolve(point).resolve(note);
    }

    private Path stored(String note) {
        return store.resolve("data/backups/site-a")
                .resolve(NAME)
                .resolve("points")
                .resolve(point)
                .resolve(note);
    }

    private void register(String prove) {
        var settings = """
                %s
                  logs: {every: 1m}
                  configuration: {every: 5s}
                  store: {s3: {endpoint: "http://127.0.0.1:%d", bucket: backups, prefix: site-a, accessKey: "${env:STORE_ACCESS_KEY}", secretKey: "${env:STORE_SECRET_KEY}"}}
                """.formatted(prove, port).strip();
        platform.registered(
                plane,
                yaml -> yaml.replaceFirst("(?m)^  (directory: .*)$", "  $1\n  " + Matcher.quoteReplacement(settings)));
    }

    /** To its end. */
    private String run(String... arguments) {
        var argv = Stream.concat(Arrays.stream(arguments), Stream.of("--reason", "test", "--watch"));
        return plane.rollbackctl(argv.toArray(String[]::new)).succeeded().output();
    }

    private String list() {
        return plane.rollbackctl("backups", "list", NAME).succeeded().output();
    }

    private JsonNode shown() {
        return JSON.readTree(plane.rollbackctl("backups", "show", point, "--output", "json")
                .succeeded()
                .output());
    }

    private void awaitKept() {
        await("logs are kept, and changes of the configuration")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(list())
                        .contains(
                                NAME + ": the logs of its containers are kept; RPO ",
                                NAME + ": changes of its configuration are recorded; RPO "));
    }

    private List<String> keptLines() {
        return plane.backups("logs", platform.backups.toString())
                .succeeded()
                .output()
                .lines()
                .toList();
    }

    private List<String> recorded() {
        return platform.git("rev-list", "refs/rollback/configuration").lines().toList();
    }

    private void isKnownAsBefore() {
        var again = shown();
        for (var name : KNOWN_AGAIN) {
            assertThat(again.path(name)).as(name).isEqualTo(known.path(name));
        }
        // The history has when it heard of it.
        assertThat(moment(again, "provenAt")).isCloseTo(moment(known, "provenAt"), within(10, ChronoUnit.SECONDS));
    }

    private static Instant moment(JsonNode point, String name) {
        return Instant.parse(point.path(name).asString());
    }

    private void isRestored() {
        platform.sql("delete from ingest_log");
        assertThat(platform.data()).isNotEqualTo(data);

        run("backups", "restore", point);

        assertThat(platform.data()).isEqualTo(data);
        assertThat(platform.health().exitCode()).as("the platform is healthy").isZero();
    }

    @Test
    @Order(1)
    void knowsAgainWhatTheDiskHasOnceKafkaIsLost() throws IOException {
        awaitKept();
        var recorded = recorded();

        plane.loseAllButTheKey();
        assertThat(list()).contains("No restore point is known");
        register("prove: never");
        platform.write("config/gateway.json", text -> text.replace("\"timeout_seconds\": 5", "\"timeout_seconds\": 6"));
        assertThat(run("backups", "import", NAME)).contains("2 restore points in ");

        isKnownAsBefore();
        isRestored();
        awaitKept();
        await("the changes go on where they were")
                .atMost(PATIENCE)
                .until(() -> recorded().size() > recorded.size());
        assertThat(recorded()).containsAll(recorded);
        assertThat(keptLines()).as("each once").isNotEmpty().doesNotHaveDuplicates();
        // Restored, it is held for longer.
        known = shown();
        await("the store knows that, too")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stored("hold.json")).hasSameBinaryContentAs(here("hold.json")));
    }

    @Test
    @Order(2)
    void fetchesFromTheStoreWhatTheDiskHadOnceThatIsLostAsWell() throws IOException {
        plane.loseAllButTheKey();
        ControlPlane.remove(platform.backups);
        register("prove: never");

        assertThat(run("backups", "import", NAME))
                .contains(newest + " fetched", "in the store alone: " + point, "1 restore point in ");
        assertThat(run("backups", "import", NAME, "--id", point)).contains(point + " fetched", "2 restore points in ");

        isKnownAsBefore();
        isRestored();
    }
}
