package io.freedom.rollback.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
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

/** People are told of a rollback, also by a chat that does not answer at first, while another channel is broken. */
@Tag("engine")
class NotificationTest {
    private static final ControlPlane PLANE = ControlPlane.shared();
    private static final String NAME = "acc-notify";

    private final List<String> arrived = new CopyOnWriteArrayList<>();
    private volatile boolean away;
    private HttpServer chat;
    private GreenMail post;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() throws IOException {
        chat = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        chat.createContext("/hook", exchange -> {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            boolean taken = !away;
            if (taken) {
                arrived.add(body);
            }
            exchange.sendResponseHeaders(taken ? 200 : 503, -1);
            exchange.close();
        });
        chat.start();

        post = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        post.start();
        var tree = Files.createDirectory(folder.resolve("tree"));
        Files.writeString(tree.resolve("docker-compose.yml"), "services: {}\n");
        for (var git : List.of(
                List.of("git", "init", "-q"),
                List.of("git", "add", "."),
                List.of("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "Begin"))) {
            Shell.run(tree, Map.of(), git).succeeded();
        }
        var secret = Files.writeString(folder.resolve("chat-url"), hook() + "\n");
        var descriptor = Files.writeString(folder.resolve("platform.yaml"), """
                apiVersion: rollback.freedom.io/v1
                name: %s
                workTree: %s
                target: not-there
                backups: {directory: %s}
                notifications:
                  - {name: chat, webhook: "${file:%s}", title: "[{platform}] {summary}"}
                  - {name: mail, mail: {server: "127.0.0.1:%d", from: r@example.org, to: [a@example.org]}}
                  - {name: letters, mail: {server: "127.0.0.1:%d", security: none, from: r@example.org, to: [b@example.org]}}
                """.formatted(
                        NAME,
                        tree,
                        folder.resolve("backups"),
                        secret,
                        ControlPlane.freePort(),
                        post.getSmtp().getPort()));
        PLANE.rollbackctl("platform", "register", descriptor.toString()).succeeded();
    }

    @AfterEach
    void stop() {
        chat.stop(0);
        post.stop();
    }

    private String hook() {
        return "http://127.0.0.1:" + chat.getAddress().getPort() + "/hook";
    }

    private String list() {
        return PLANE.rollbackctl("notifications", "list", NAME).succeeded().output();
    }

    @Test
    void tellsWhatHappenedAsSoonAsTheChatTakesItWhileAnotherChannelIsBroken() {
        var test = PLANE.rollbackctl("notifications", "test", NAME);
        assertThat(test.exitCode()).isEqualTo(1);
        assertThat(test.output())
                .contains("chat: delivered, 127.0.0.1 answered 200", "mail: NOT delivered, will be tried again");
        assertThat(arrived).singleElement().asString().contains("a test of this channel");

        away = true;
        var start = PLANE.rollbackctl("start", NAME, "--reason", "test", "--watch");
        assertThat(start.exitCode()).isEqualTo(1); // there is no such tag
        await().atMost(Duration.ofSeconds(20)).until(() -> list().contains("127.0.0.1 answered 503"));
        assertThat(arrived).hasSize(1);

        away = false;
        await().atMost(Duration.ofSeconds(60)).until(() -> arrived.size() == 2);
        assertThat(arrived.getLast())
                .contains(
                        "*[" + NAME + "] " + NAME + ": full-rollback to not-there was refused; nothing was touched*",
                        "Started by ada: test.",
                        "there is no tag not-there",
                        "rollbackctl report rb-");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> list().lines()
                        .anyMatch(line ->
                                line.contains("was refused") && line.contains("chat") && line.contains("delivered")));
        assertThat(post.waitForIncomingEmail(20_000, 2))
                .as("the test and the outcome")
                .isTrue();
        assertThat(post.getReceivedMessages())
                .extracting(GreenMailUtil::getWholeMessage)
                .last()
                .asString()
                .contains("Subject: " + NAME + ": full-rollback to not-there was refused", "To: b@example.org");
        // A channel that does not work is no reason to call the orchestrator unfit.
        assertThat(ControlPlane.healthy(PLANE.httpPort())).isTrue();
    }
}
