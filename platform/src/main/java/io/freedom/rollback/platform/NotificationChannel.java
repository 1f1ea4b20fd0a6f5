package io.freedom.rollback.platform;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where people are told of a platform's rollbacks.
 *
 * @param about which messages it gets
 * @param title template of the first line; null for the message's own
 * @param text template of the rest; null for the message's own
 * @see MessageTemplate
 */
public record NotificationChannel(
        String name,
        Set<Topic> about,
        Via via,
        @Nullable String title,
        @Nullable String text) {

    /** What a message may be about. */
    public enum Topic {
        ATTENTION,
        OUTCOME,
        START
    }

    public enum Security {
        STARTTLS,
        TLS,
        NONE
    }

    public sealed interface Via {}

    /** @param url where JSON as Slack takes it is posted to, or a secret reference to that */
    public record Webhook(String url) implements Via {}

    /** @param password secret reference; null without a user */
    public record Mail(
            String host,
            int port,
            Security security,
            @Nullable String user,
            @Nullable String password,
            String from,
            List<String> to)
            implements Via {
        public Mail {
            to = List.copyOf(to);
        }
    }

    public NotificationChannel {
        about = Set.copyOf(about);
    }
}
