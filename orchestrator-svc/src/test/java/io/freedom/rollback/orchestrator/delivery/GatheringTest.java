package io.freedom.rollback.orchestrator.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GatheringTest {
    static {
        TrustedSchemas.trust();
    }

    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");
    private static final String BERLIN = "incidents that wait at site berlin";

    private final Gathering gathering = new Gathering();

    private static Notification message(String platform, String url, @Nullable String gathered) {
        return Notification.newBuilder()
                .setNotificationId(platform + "/chat")
                .setPlatform(platform)
                .setKind(NotificationKind.ATTENTION)
                .setAt(NOW)
                .setChannel("chat")
                .setTitle(platform + " waits")
                .setText("place 1 of 950")
                .setVia(new WebhookChannel(url))
                .setGathered(gathered)
                .build();
    }

    private List<Notification> told(Notification message, Instant now) {
        var sent = gathering.next(message, now);
        sent.ifPresent(_ -> gathering.sent(message, now));
        return sent.stream().toList();
    }

    @Test
    void tellsTheFirstOfAStormAndThenOneForAHundred() {
        var sent = new ArrayList<Notification>();
        for (int i = 0; i < 950; i++) {
            sent.addAll(told(message("p" + i, "a", BERLIN), NOW.plusMillis(i)));
        }

        assertThat(sent)
                .extracting(Notification::getPlatform)
                .containsExactly("p0", "p100", "p200", "p300", "p400", "p500", "p600", "p700", "p800", "p900");
        assertThat(sent.getFirst().getText()).isEqualTo("place 1 of 950");
        assertThat(sent.get(1).getText())
                .startsWith("place 1 of 950\nSince 2026-03-01T03:00:00Z not told one by one, of " + BERLIN
                        + ": 99 further, of p1, p2, p3,")
                .endsWith("p20 and 79 platforms more.");
    }

    @Test
    void tellsOfThemAgainAfterAWhile() {
        told(message("a", "x", BERLIN), NOW);
        assertThat(told(message("b", "x", BERLIN), NOW.plusSeconds(599))).isEmpty();

        assertThat(told(message("c", "x", BERLIN), NOW.plusSeconds(600)))
                .singleElement()
                .satisfies(sent -> assertThat(sent.getText()).endsWith(": 1 further, of b."));
        assertThat(told(message("d", "x", BERLIN), NOW.minusSeconds(60)))
                .as("the clock went back")
                .hasSize(1);
    }

    @Test
    void leavesNobodyOutWhoReadsSomewhereElseOrOfSomethingElse() {
        told(message("a", "x", BERLIN), NOW);

        assertThat(told(message("b", "y", BERLIN), NOW)).hasSize(1);
        assertThat(told(message("c", "x", "incidents that wait at site bonn"), NOW))
                .hasSize(1);
        assertThat(told(message("d", "x", null), NOW)).hasSize(1);
        assertThat(told(message("e", "x", null), NOW)).hasSize(1);
    }

    @Test
    void countsNothingAsToldThatDidNotGetThrough() {
        assertThat(gathering.next(message("a", "x", BERLIN), NOW)).isPresent();
        assertThat(gathering.next(message("b", "x", BERLIN), NOW)).isPresent();
    }
}
