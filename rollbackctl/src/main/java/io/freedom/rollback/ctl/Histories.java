package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The history as it is now. */
final class Histories {
    private Histories() {}

    /**
     * The oldest first, and each platform's events as they were written.
     *
     * @param since null for all of it
     * @param platform null for all platforms
     */
    static List<HistoryEvent> read(ControlPlane plane, @Nullable Instant since, @Nullable String platform) {
        try (var reader = plane.read(List.of(plane.topics().history()))) {
            if (since == null) {
                reader.seekToBeginning();
            } else {
                reader.seekTo(since);
            }
            return merged(reader.readToEnd()).stream()
                    .filter(event -> platform == null || platform.equals(event.getPlatform()))
                    .toList();
        }
    }

    /** As their topic has them; clocks decide only between platforms that do not share a partition, and may be wrong. */
    private static List<HistoryEvent> merged(List<Received> received) {
        var reached = new HashMap<Integer, Instant>();
        return received.stream()
                .filter(record -> record.value() instanceof HistoryEvent)
                .map(record -> {
                    var event = (HistoryEvent) Objects.requireNonNull(record.value());
                    // No earlier than what its partition has before it.
                    var at = reached.merge(record.partition(), event.getAt(), Histories::later);
                    return new Placed(at, event);
                })
                .sorted(Comparator.comparing(Placed::at))
                .map(Placed::event)
                .toList();
    }

    private record Placed(Instant at, HistoryEvent event) {}

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
