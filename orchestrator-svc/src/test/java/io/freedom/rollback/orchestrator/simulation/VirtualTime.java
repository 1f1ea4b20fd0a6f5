package io.freedom.rollback.orchestrator.simulation;

import java.time.Instant;
import java.util.PriorityQueue;

/** What happens when: one thing after the other, in milliseconds since the world began. */
final class VirtualTime {
    static final Instant BEGIN = Instant.parse("2026-03-01T03:00:00Z");

    private record Due(long at, long order, Runnable what) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private long now;
    private long happened;
    private long planned;

    long now() {
        return now;
    }

    /** How many things have happened. */
    long happened() {
        return happened;
    }

    /** @param delay milliseconds from now */
    void in(long delay, Runnable what) {
        queue.add(new Due(now + Math.max(0, delay), planned++, what));
    }

    /** The next thing happens; false where nothing is to come. */
    boolean goesOn() {
        var next = queue.poll();
        if (next == null) {
            return false;
        }
        now = next.at();
        happened++;
        next.what().run();
        return true;
    }
}
