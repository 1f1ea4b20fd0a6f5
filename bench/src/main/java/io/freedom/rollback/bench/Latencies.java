package io.freedom.rollback.bench;

import java.util.ArrayList;
import java.util.List;

/** How long was waited, while it is measured. Shared by all threads. */
final class Latencies {
    private final List<Double> millis = new ArrayList<>();
    private boolean measuring;

    synchronized void begin() {
        measuring = true;
    }

    synchronized void end() {
        measuring = false;
        millis.sort(Double::compare);
    }

    /** @param since in nanoseconds, of {@link System#nanoTime} */
    synchronized void waited(long since) {
        if (measuring) {
            millis.add((System.nanoTime() - since) / 1e6);
        }
    }

    /** Milliseconds, once it has ended; not a number where nothing was waited for. */
    synchronized double percentile(int percent) {
        return millis.isEmpty() ? Double.NaN : millis.get((millis.size() - 1) * percent / 100);
    }
}
