package io.freedom.rollback.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final Instant NOON = Instant.parse("2026-03-15T12:00:00Z");

    private static List<Instant> removed(Retention retention, List<Instant> points) {
        return retention.surplus(points, Function.identity());
    }

    private static List<Instant> kept(Retention retention, List<Instant> points) {
        var kept = new ArrayList<>(points);
        kept.removeAll(removed(retention, points));
        return kept;
    }

    /** The newest first. */
    private static List<Instant> each(Duration step, int count) {
        var points = new ArrayList<Instant>();
        for (int i = 0; i < count; i++) {
            points.add(NOON.minus(step.multipliedBy(i)));
        }
        return points;
    }

    @Test
    void keepsTheNewestAndTheNewestOfEachDayWeekAndMonth() {
        var hourly = each(Duration.ofHours(1), 24 * 100);

        assertThat(kept(new Retention(3, 0, 0, 0), hourly)).isEqualTo(hourly.subList(0, 3));
        assertThat(kept(new Retention(1, 3, 0, 0), hourly))
                .containsExactly(NOON, Instant.parse("2026-03-14T23:00:00Z"), Instant.parse("2026-03-13T23:00:00Z"));
        assertThat(kept(new Retention(1, 0, 2, 0), hourly))
                .as("a week ends with Sunday")
                .containsExactly(NOON, Instant.parse("2026-03-08T23:00:00Z"));
        assertThat(kept(new Retention(1, 0, 0, 3), hourly))
                .containsExactly(NOON, Instant.parse("2026-02-28T23:00:00Z"), Instant.parse("2026-01-31T23:00:00Z"));
    }

    @Test
    void countsDaysThatHaveAnyAndTheOldestGoFirst() {
        var seldom = each(Duration.ofDays(10), 5);

        assertThat(removed(new Retention(1, 3, 0, 0), seldom)).containsExactly(seldom.get(4), seldom.get(3));
    }

    @Test
    void neverRemovesTheNewestNorInventsAny() {
        assertThat(removed(new Retention(1, 0, 0, 0), List.of(NOON))).isEmpty();
        assertThat(removed(Retention.DEFAULT, List.of())).isEmpty();
        assertThat(removed(Retention.DEFAULT, each(Duration.ofMinutes(15), 24))).isEmpty();
    }

    @Test
    void staysBoundedHoweverLongItRuns() {
        var years = each(Duration.ofHours(6), 4 * 365 * 5);
        assertThat(kept(Retention.DEFAULT, years)).hasSizeLessThanOrEqualTo(24 + 7 + 4 + 6);
    }
}
