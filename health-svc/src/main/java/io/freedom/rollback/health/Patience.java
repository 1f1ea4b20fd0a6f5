package io.freedom.rollback.health;

import java.time.Duration;
import java.time.Instant;

/** How long a step may keep trying: until shortly before its deadline, so that its report still counts. */
record Patience(long began, long until) {
    private static final Duration MARGIN = Duration.ofSeconds(1);

    static Patience until(Instant deadline) {
        var left = Duration.between(Instant.now(), deadline);
        var margin = left.dividedBy(5);
        long now = System.nanoTime();
        return new Patience(
                now,
                now + left.minus(margin.compareTo(MARGIN) < 0 ? margin : MARGIN).toNanos());
    }

    Duration used() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    Duration left() {
        return Duration.ofNanos(until - System.nanoTime());
    }
}
