package io.freedom.rollback.worker;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.springframework.kafka.support.Acknowledgment;

/**
 * Acknowledges records in order although they finish out of order: the last of the finished prefix of each partition.
 * spring-kafka's own async acks pause the consumer until all of a poll is done, so a cancellation could not get through.
 */
final class OffsetTracker {
    private static final class Entry {
        final Acknowledgment acknowledgment;
        boolean done;

        Entry(Acknowledgment acknowledgment) {
            this.acknowledgment = acknowledgment;
        }
    }

    private final Map<TopicPartition, TreeMap<Long, Entry>> open = new HashMap<>();

    synchronized void received(TopicPartition partition, long offset, Acknowledgment acknowledgment) {
        open.computeIfAbsent(partition, _ -> new TreeMap<>()).put(offset, new Entry(acknowledgment));
    }

    synchronized void done(TopicPartition partition, long offset) {
        var entries = open.get(partition);
        var entry = entries == null ? null : entries.get(offset);
        if (entries == null || entry == null) {
            return; // the partition was taken away meanwhile: its new owner gets the record again
        }
        entry.done = true;
        Acknowledgment last = null;
        while (!entries.isEmpty() && entries.firstEntry().getValue().done) {
            last = entries.pollFirstEntry().getValue().acknowledgment;
        }
        if (last != null) {
            last.acknowledge();
        }
    }

    synchronized void revoked(TopicPartition partition) {
        open.remove(partition);
    }
}
