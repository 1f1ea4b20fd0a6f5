package io.freedom.rollback.orchestrator.notices;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.platform.NotificationChannel;
import io.freedom.rollback.platform.NotificationChannel.Topic;
import io.freedom.rollback.schemas.notification.NotificationKind;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MessagesTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");
    private static final Notice NOTICE =
            new Notice(NotificationKind.OUTCOME, "all is\nwell", List.of("because", "$1"), List.of("look"), null, null);

    private static NotificationChannel channel(String title, String text, Topic... about) {
        return new NotificationChannel(
                "chat", Set.of(about), new NotificationChannel.Webhook("http://127.0.0.1/"), title, text);
    }

    @Test
    void fillsTheChannelsOwnTemplate() {
        var channel = channel("[{platform}] {summary}{rollback}", "{details} | {commands} {\"json\"}", Topic.OUTCOME);

        var message =
                Messages.of(NOTICE, "freedom", List.of(channel), "id", NOW).getFirst();

        assertThat(message.getTitle()).isEqualTo("[freedom] all is well");
        assertThat(message.getText()).isEqualTo("because\n$1 | look {\"json\"}");
        assertThat(message.getNotificationId()).isEqualTo("id/chat");
    }

    @Test
    void leavesOutChannelsThatWantOtherThings() {
        var channels = List.of(channel(null, null, Topic.ATTENTION), channel(null, null, Topic.START));

        assertThat(Messages.of(NOTICE, "freedom", channels, "id", NOW)).isEmpty();
        assertThat(Messages.of(Notices.test("freedom", "ada"), "freedom", channels, "id", NOW))
                .hasSize(2);
    }

    @Test
    void cutsWhatNoChatWouldShow() {
        var wordy = new Notice(NotificationKind.OUTCOME, "s", List.of("x".repeat(10_000)), List.of(), null, null);

        var message = Messages.of(wordy, "freedom", List.of(channel(null, null, Topic.OUTCOME)), "id", NOW);

        assertThat(message.getFirst().getText()).hasSize(3000).endsWith("…");
    }
}
