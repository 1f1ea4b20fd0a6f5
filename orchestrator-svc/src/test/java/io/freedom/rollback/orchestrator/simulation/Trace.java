package io.freedom.rollback.orchestrator.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Who did what when. Words cost time, so they are made only where somebody will read them. */
final class Trace {
    private final VirtualTime time;
    private final boolean wanted;
    private final List<String> lines = new ArrayList<>();

    Trace(VirtualTime time, boolean wanted) {
        this.time = time;
        this.wanted = wanted;
    }

    void say(String who, Supplier<String> what) {
        if (wanted) {
            var now = time.now();
            lines.add("%3d:%02d.%03d  %-14s %s".formatted(now / 60_000, now / 1000 % 60, now % 1000, who, what.get()));
        }
    }

    List<String> lines() {
        return List.copyOf(lines);
    }
}
