package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What follows a rollback: the platform is watched, and people have something to do. One service is enough for that. */
@Tag("engine")
class RelapseTest {
    private static final ControlPlane PLANE = ControlPlane.shared();
    private static final String NAME = "acc-relapse";

    @TempDir
    private Path folder;

    private Path tree;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private HttpServer chat;

    @BeforeEach
    void start() throws IOException {
        chat = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        chat.createContext("/hook", exchange -> {
            told.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        chat.start();
        tree = Files.createDirectory(folder.resolve("tree"));
        Files.writeString(tree.resolve("docker-compose.yml"), """
                services:
                  api:
                    image: rollback-local/python:bookworm
                    network_mode: none
                    init: true
                    command: [sleep, infinity]
                """);
        shell("git", "init", "-q");
        shell("git", "add", ".");
        shell("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "Begin");
        shell("git", "tag", "good");
        shell("docker", "compose", "-p", NAME, "up", "-d");
        var descriptor = Files.writeString(folder.resolve("platform.yaml"), """
                apiVersion: rollback.freedom.io/v1
                name: %s
                workTree: %s
                target: good
                services: [{name: api}]
                backups: {directory: %s}
                watch: {for: 10m, every: 2s, looks: 2}
                followUps: [{what: Find out why, owner: ada, within: 1h}]
                notifications: [{name: chat, webhook: "http://127.0.0.1:%d/hook"}]
                """.formatted(
                        NAME, tree, folder.resolve("backups"), chat.getAddress().getPort()));
        PLANE.rollbackctl("platform", "register", descriptor.toString()).succeeded();
    }

    @AfterEach
    void stop() {
        chat.stop(0);
        shell("docker", "compose", "-p", NAME, "down", "-t", "1");
        // By name: the id is that of the base image.
        shell(
                "bash",
                "-c",
                "docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^rollback-guard/" + NAME
                        + "-' | xargs -r docker image rm");
    }

    private void shell(String... argv) {
        Shell.run(tree, Map.of(), List.of(argv)).succeeded();
    }

    private static String incidents() {
        return PLANE.rollbackctl("incident", "log", NAME).succeeded().output();
    }

    @Test
    void tellsThatThePlatformIsNotWellAgainAndWhatIsToBeDone() {
        PLANE.rollbackctl("start", NAME, "--scenario", "service-restart", "--reason", "hangs", "--watch")
                .succeeded();
        assertThat(PLANE.facts(NAME, "StabilityWatchStarted")).hasSize(1);
        assertThat(incidents()).contains("asked for by ada: hangs", "service-restart rb-", "succeeded after");

        await("the outcome is told")
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(told)
                        .singleElement()
                        .asString()
                        .contains(NAME + ": service-restart has succeeded after", "rollbackctl report rb-"));

        shell("docker", "compose", "-p", NAME, "kill", "api");

        await().atMost(Duration.ofSeconds(60)).until(() -> incidents().contains("relapse after rb-"));
        assertThat(incidents()).contains("api is exited with exit code 137", "left to operators");
        await("and that it is not well")
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(told).last().asString().contains("not well again after rb-"));
        assertThat(PLANE.facts(NAME, "StabilityWatchEnded"))
                .singleElement()
                .satisfies(ended -> assertThat(ended.path("reason").asString()).isEqualTo("the platform has relapsed"));
        assertThat(PLANE.facts(NAME, "RollbackStarted"))
                .as("nothing is started for it")
                .hasSize(1);

        var open = PLANE.rollbackctl("follow-ups", "list", NAME).succeeded().output();
        assertThat(open).contains("Find out why", "ada");
        var id = open.lines()
                .filter(line -> line.contains("Find out why"))
                .map(line -> line.split(" +")[0])
                .findFirst()
                .orElseThrow();
        PLANE.rollbackctl("follow-ups", "done", id, "--reason", "out of memory").succeeded();
        assertThat(PLANE.rollbackctl("follow-ups", "list", NAME).succeeded().output())
                .contains("Nothing is to be done.");
    }
}
