package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.LogEntries;
import io.freedom.rollback.worker.StepFailure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A container's log as an engine has it, and the failure that reading it ends with. */
final class FakeLog implements LogKeeper.Source {
    private record Entry(String stamp, boolean stderr, boolean complete, byte[] text) {}

    private final List<Entry> entries = new ArrayList<>();

    @Nullable
    StepFailure failure;

    /** Entries that it gives before it fails. */
    int good = Integer.MAX_VALUE;

    /** Run once an entry was taken. */
    Runnable onTaken = () -> {};

    FakeLog line(String stamp, String text) {
        return entry(stamp, false, true, text);
    }

    FakeLog part(String stamp, String text) {
        return entry(stamp, false, false, text);
    }

    FakeLog error(String stamp, String text) {
        return entry(stamp, true, true, text);
    }

    private FakeLog entry(String stamp, boolean stderr, boolean complete, String text) {
        return bytes(stamp, stderr, complete, text.getBytes(StandardCharsets.UTF_8));
    }

    FakeLog bytes(String stamp, boolean stderr, boolean complete, byte[] text) {
        entries.add(new Entry("2026-11-26T" + stamp + "Z", stderr, complete, text));
        return this;
    }

    /** As rotation does. */
    FakeLog forget(int oldest) {
        entries.subList(0, oldest).clear();
        return this;
    }

    /** As an engine gives a terminal's line that had no end, once another follows. */
    FakeLog glue() {
        var second = entries.removeLast();
        var first = entries.removeLast();
        var text = new String(first.text(), StandardCharsets.UTF_8) + second.stamp() + " "
                + new String(second.text(), StandardCharsets.UTF_8);
        entries.add(new Entry(first.stamp(), first.stderr(), second.complete(), text.getBytes(StandardCharsets.UTF_8)));
        return this;
    }

    @Override
    public void read(String containerId, @Nullable Instant since, int tail, Duration silence, LogEntries taker)
            throws StepFailure {
        int given = 0;
        int from = tail == 0 ? 0 : Math.max(0, entries.size() - tail);
        for (var entry : entries.subList(from, entries.size())) {
            if (given == good) {
                break;
            }
            if (since != null && Instant.parse(entry.stamp()).isBefore(Instant.ofEpochSecond(since.getEpochSecond()))) {
                continue;
            }
            given++;
            if (!taker.take(entry.stamp(), entry.stderr(), entry.complete(), entry.text())) {
                return;
            }
            onTaken.run();
        }
        if (failure != null) {
            throw failure;
        }
    }

    static EngineContainer container(String service, String id) {
        return new EngineContainer(
                id,
                "freedom-" + service + "-1",
                service,
                "image",
                "sha256:1",
                "running",
                null,
                Map.of("com.docker.compose.container-number", "1"));
    }
}
