package io.freedom.rollback.orchestrator.delivery;

import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Posts messages as Slack's incoming webhooks take them, and Mattermost, Rocket.Chat and others with them
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
 */
final class Webhooks {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Of 4xx these may be otherwise the next time. */
    private static final Set<Integer> PASSING = Set.of(408, 425, 429);

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    /** Returns what the other side answered. The URL is a secret: no message tells more of it than its host. */
    String post(Notification notification, String url) throws NotDeliveredException, InterruptedException {
        var address = address(url);
        var request = HttpRequest.newBuilder(address)
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(HttpRequest.BodyPublishers.ofString(body(notification)))
                .build();
        // The request's own timeout ends with the headers; an answer that drips must not keep the others waiting.
        var sent = http.sendAsync(request, BodyHandlers.discarding());
        try {
            int status = sent.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).statusCode();
            if (status / 100 == 2) {
                return address.getHost() + " answered " + status;
            }
            var answer = address.getHost() + " answered " + status;
            throw status / 100 == 4 && !PASSING.contains(status)
                    ? NotDeliveredException.forGood(answer + ": is the webhook's URL right, and not revoked?")
                    : NotDeliveredException.forNow(answer);
        } catch (ExecutionException e) {
            throw NotDeliveredException.forNow(address.getHost() + " cannot be reached (" + e.getCause() + ")");
        } catch (TimeoutException e) {
            throw NotDeliveredException.forNow(
                    address.getHost() + " gave no whole answer within " + TIMEOUT.toSeconds() + " s");
        } finally {
            sent.cancel(true);
        }
    }

    private static URI address(String url) throws NotDeliveredException {
        try {
            var address = URI.create(url);
            if (address.getHost() != null
                    && address.getPort() <= 65_535
                    && Set.of("http", "https").contains(address.getScheme())) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            // said below, without the URL
        }
        // Who mends the file it comes from need not wait for the next message.
        throw NotDeliveredException.forNow("what the reference of the webhook stands for is no http(s) URL");
    }

    static String body(Notification notification) {
        var title = escaped(notification.getTitle());
        return JSON.writeValueAsString(Map.of(
                "text",
                "*" + title + "*",
                "attachments",
                List.of(Map.of(
                        "color", colour(notification.getKind()),
                        "fallback", title,
                        "text", escaped(notification.getText())))));
    }

    private static String colour(NotificationKind kind) {
        return switch (kind) {
            case ATTENTION -> "danger";
            case OUTCOME -> "good";
            case START, TEST -> "#439FE0";
        };
    }

    /** The three characters that mean something to Slack: nobody is mentioned because an alert's text says so. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
