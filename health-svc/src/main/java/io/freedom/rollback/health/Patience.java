package io.freedom.rollback.health;

import io.freedom.rollback.worker.TimeLimit;
import java.time.Duration;
import java.time.Instant;

/** How long a step may keep trying: until shortly before its deadline, so that its report still counts. */
record Patience(long began, TimeLimit limit) {
    private static final Duration MARGIN = Duration.ofSeconds(1);

    /** To be called on the step's own thread. */
    static Patience until(Instant deadline) {
        var left = Duration.between(Instant.now(), deadline);
        var margin = left.dividedBy(5);
        return new Patience(
                System.nanoTime(), TimeLimit.of(left.minus(margin.compareTo(MARGIN) < 0 ? margin : MARGIN)));
    }

    Duration used() {
        return Duration.ofNanos(System.nanoTime() - began);
    }

    Duration left() {
        return Duration.ofNanos(limit.left());
    }
}
