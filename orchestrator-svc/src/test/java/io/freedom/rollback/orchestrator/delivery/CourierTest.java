package io.freedom.rollback.orchestrator.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.DeliveryState;
import io.freedom.rollback.schemas.notification.MailChannel;
import io.freedom.rollback.schemas.notification.MailSecurity;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import io.freedom.rollback.schemas.secret.SecretReferences;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Against a web server and a mail server of this process. */
class CourierTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private final BlockingQueue<String> posted = new LinkedBlockingQueue<>();
    private int answer = 200;
    private HttpServer web;
    private GreenMail mail;
    private Courier courier;

    @BeforeEach
    void start() throws IOException {
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/hook", exchange -> {
            posted.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(answer, -1);
            exchange.close();
        });
        web.start();
        mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        mail.setUser("rollback@example.org", "rollback", "secret");
        mail.start();
        courier = new Courier(
                new SecretReferences(Map.of("HOOK", hook(), "MAIL", "secret"), "the orchestrator"),
                InstantSource.fixed(NOW));
    }

    @AfterEach
    void stop() {
        web.stop(0);
        mail.stop();
    }

    private String hook() {
        return "http://127.0.0.1:" + web.getAddress().getPort() + "/hook";
    }

    private static Notification about(Object via, Instant at) {
        return Notification.newBuilder()
                .setNotificationId("rb-1.7/chat")
                .setPlatform("freedom")
                .setKind(NotificationKind.ATTENTION)
                .setAt(at)
                .setChannel("chat")
                .setTitle("freedom: <!channel> & ä")
                .setText("first\nsecond")
                .setVia(via)
                .build();
    }

    private Delivery attempt(Object via) throws InterruptedException {
        return courier.attempt(about(via, NOW));
    }

    private MailChannel mailTo(int port, MailSecurity security) {
        return new MailChannel(
                "127.0.0.1", port, security, "rollback", "${env:MAIL}", "r@example.org", List.of("a@example.org"));
    }

    @Test
    void postsWhatSlackTakesToTheUrlThatTheReferenceStandsFor() throws Exception {
        var delivery = attempt(new WebhookChannel("${env:HOOK}"));

        assertThat(delivery.getState()).isEqualTo(DeliveryState.DELIVERED);
        assertThat(delivery.getDetail()).isEqualTo("127.0.0.1 answered 200");
        var body = JsonMapper.builder().build().readTree(posted.remove());
        assertThat(body.path("text").stringValue()).isEqualTo("*freedom: &lt;!channel&gt; &amp; ä*");
        assertThat(body.path("attachments").path(0).path("text").stringValue()).isEqualTo("first\nsecond");
        assertThat(body.path("attachments").path(0).path("color").stringValue()).isEqualTo("danger");
    }

    @Test
    void triesAgainWhatMayBeTakenLaterAndNothingElse() throws Exception {
        answer = 503;
        assertThat(attempt(new WebhookChannel(hook())).getState()).isEqualTo(DeliveryState.FAILED);
        answer = 429;
        assertThat(attempt(new WebhookChannel(hook())).getState()).isEqualTo(DeliveryState.FAILED);
        answer = 404;
        var refused = attempt(new WebhookChannel(hook()));
        assertThat(refused.getState()).isEqualTo(DeliveryState.GIVEN_UP);
        assertThat(refused.getDetail())
                .isEqualTo("127.0.0.1 answered 404: is the webhook's URL right, and not revoked?");
    }

    @Test
    void saysWhatIsWrongWithoutTellingTheUrl() throws Exception {
        var secret = attempt(new WebhookChannel("http://127.0.0.1:" + free() + "/T000/secret"));
        assertThat(secret.getState()).isEqualTo(DeliveryState.FAILED);
        assertThat(secret.getDetail()).startsWith("127.0.0.1 cannot be reached").doesNotContain("secret");

        var unresolved = attempt(new WebhookChannel("${env:OTHER}"));
        assertThat(unresolved.getState()).isEqualTo(DeliveryState.FAILED);
        assertThat(unresolved.getDetail()).contains("the orchestrator's environment has no OTHER");

        var nonsense = attempt(new WebhookChannel("${env:MAIL}"));
        assertThat(nonsense.getDetail()).contains("no http(s) URL").doesNotContain("secret");

        var port = attempt(new WebhookChannel("http://127.0.0.1:99999/T000/secret"));
        assertThat(port.getState()).isEqualTo(DeliveryState.FAILED);
        assertThat(port.getDetail()).contains("no http(s) URL").doesNotContain("secret");
    }

    @Test
    void waitsForNoAnswerThatNeverEnds() throws Exception {
        var over = new CountDownLatch(1);
        web.createContext("/drip", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            try (exchange) {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            var delivery = attempt(new WebhookChannel(hook().replace("/hook", "/drip")));

            assertThat(delivery.getState()).isEqualTo(DeliveryState.FAILED);
            assertThat(delivery.getDetail()).isEqualTo("127.0.0.1 gave no whole answer within 10 s");
        } finally {
            over.countDown();
        }
    }

    @Test
    void sendsMailThatIsTheSameMessageWhenSentTwice() throws Exception {
        var channel = mailTo(mail.getSmtp().getPort(), MailSecurity.NONE);

        assertThat(attempt(channel).getDetail()).endsWith("took it for a@example.org");
        assertThat(attempt(channel).getState()).isEqualTo(DeliveryState.DELIVERED);

        var messages = mail.getReceivedMessages();
        assertThat(messages).hasSize(2);
        assertThat(messages[0].getSubject()).isEqualTo("freedom: <!channel> & ä");
        assertThat(GreenMailUtil.getBody(messages[0])).isEqualTo("first\r\nsecond");
        assertThat(messages[0].getMessageID())
                .isEqualTo(messages[1].getMessageID())
                .isEqualTo("<rb-1.7.chat@rollback>");
    }

    @Test
    void neverSendsAPasswordInClearWhereTlsIsAskedFor() throws Exception {
        var delivery = attempt(mailTo(mail.getSmtp().getPort(), MailSecurity.STARTTLS));

        assertThat(delivery.getState()).isEqualTo(DeliveryState.FAILED);
        assertThat(delivery.getDetail()).contains("did not take it", "STARTTLS");
        assertThat(mail.getReceivedMessages()).isEmpty();
    }

    @Test
    void trustsNoMailServerWhoseCertificateNobodySigned() throws Exception {
        var unknown = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTPS));
        unknown.start();
        try {
            var delivery = attempt(mailTo(unknown.getSmtps().getPort(), MailSecurity.TLS));

            assertThat(delivery.getState()).isEqualTo(DeliveryState.FAILED);
            assertThat(delivery.getDetail()).contains("did not take it", "certification path");
            assertThat(unknown.getReceivedMessages()).isEmpty();
        } finally {
            unknown.stop();
        }
    }

    @Test
    void saysThatTheMailServerIsAway() throws Exception {
        var delivery = attempt(mailTo(free(), MailSecurity.NONE));

        assertThat(delivery.getState()).isEqualTo(DeliveryState.FAILED);
        assertThat(delivery.getDetail())
                .startsWith("the mail server 127.0.0.1:")
                .contains("refused");
    }

    @Test
    void sendsNoOldNews() throws Exception {
        var old = about(new WebhookChannel(hook()), NOW.minus(Duration.ofHours(7)));

        assertThat(courier.attempt(old).getState()).isEqualTo(DeliveryState.GIVEN_UP);
        assertThat(posted).isEmpty();
    }

    private static int free() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
