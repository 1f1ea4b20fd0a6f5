package io.freedom.rollback.standalone;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** The few lines an operator sees; everything else is in the log files. */
final class Console {
    private final PrintStream out;
    private final long began = System.nanoTime();

    Console(PrintStream out) {
        this.out = out;
    }

    void say(String line) {
        out.println(line);
    }

    /** A component serves, with the time since the start of all. */
    void ready(String component, String address) {
        say(String.format(Locale.ROOT, "  %-13s ready in %5s s   %s", component, elapsed(), address));
    }

    /** Seconds since the start, e.g. {@code 14.2}. */
    String elapsed() {
        return seconds(Duration.ofNanos(System.nanoTime() - began));
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f", duration.toMillis() / 1000.0);
    }
}
