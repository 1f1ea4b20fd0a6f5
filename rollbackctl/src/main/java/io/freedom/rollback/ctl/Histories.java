package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The history as it is now. */
final class Histories {
    private Histories() {}

    /**
     * The oldest first.
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
            return reader.readToEnd().stream()
                    .filter(received -> received.value() instanceof HistoryEvent)
                    .map(received -> (HistoryEvent) received.value())
                    .filter(event -> platform == null || platform.equals(event.getPlatform()))
                    // Stable: a platform's events stay in the order of their partition.
                    .sorted(Comparator.comparing(HistoryEvent::getAt))
                    .toList();
        }
    }
}
