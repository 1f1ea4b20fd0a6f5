package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class OffsetTrackerTest {
    private static final TopicPartition PARTITION = new TopicPartition("commands.git", 0);

    private final List<Long> acknowledged = new ArrayList<>();
    private final OffsetTracker tracker = new OffsetTracker();

    private void received(long... offsets) {
        for (long offset : offsets) {
            tracker.received(PARTITION, offset, () -> acknowledged.add(offset));
        }
    }

    @Test
    void acknowledgesOnlyWhatHasNothingUnfinishedBeforeIt() {
        received(5, 6, 7);
        tracker.done(PARTITION, 6);
        assertThat(acknowledged).isEmpty();
        tracker.done(PARTITION, 5);
        assertThat(acknowledged).containsExactly(6L);
        tracker.done(PARTITION, 7);
        assertThat(acknowledged).containsExactly(6L, 7L);
    }

    @Test
    void acknowledgesNothingOfAPartitionThatWasTakenAway() {
        received(5);
        tracker.revoked(PARTITION);
        tracker.done(PARTITION, 5);
        assertThat(acknowledged).isEmpty();
    }
}
