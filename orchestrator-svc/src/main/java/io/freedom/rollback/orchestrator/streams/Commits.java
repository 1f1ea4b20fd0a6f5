package io.freedom.rollback.orchestrator.streams;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Commits what somebody waits for, a worker or an operator: once its thread has processed all that it polled. So that is at once where little is to
 * be done, and many together where much is: a transaction costs the broker more than many records. What nobody waits for, such as a sign of life,
 * would stand in the way of the next that matters: it is committed with that, or with the interval.
 *
 * <p>What is polled is known by the last poll alone, so that after a rebalance, or where more was left from before, a commit comes too early, or
 * late, with the interval at the latest. Nothing else depends on it.
 */
final class Commits {
    /** Milliseconds that the first waits for others that are processed after it. */
    private static final long TOGETHER = 50;

    private static final ThreadLocal<@Nullable Polling> OF_THREAD = new ThreadLocal<>();

    private final ProcessingContext context;
    /** Where no consumer polls. */
    private final Polling own = new Polling();

    Commits(ProcessingContext context) {
        this.context = context;
    }

    /** All tasks of a thread share its transactions. */
    private static final class Polling {
        /** Offset of the last record that is to be processed, where there is any. */
        private final Map<TopicPartition, Long> last = new HashMap<>();

        private boolean isAwaited;
        /** When the first was processed that somebody waits for. */
        private @Nullable Long since;

        private boolean hasProcessed(RecordMetadata record) {
            last.computeIfPresent(
                    new TopicPartition(record.topic(), record.partition()),
                    (_, offset) -> offset <= record.offset() ? null : offset);
            return last.isEmpty();
        }

        private boolean isOverdue(long now) {
            if (since == null) {
                since = now;
            }
            return now < since || now >= since + TOGETHER;
        }
    }

    /** Is called by the thread that will process them. */
    static void polled(ConsumerRecords<byte[], byte[]> records) {
        var polling = OF_THREAD.get();
        if (polling == null) {
            polling = new Polling();
            OF_THREAD.set(polling);
        }
        var last = polling.last;
        last.clear();
        for (var partition : records.partitions()) {
            last.put(partition, records.records(partition).getLast().offset());
        }
    }

    /** What this thread has polled. */
    static void forget() {
        OF_THREAD.remove();
    }

    void somebodyWaits() {
        polling().isAwaited = true;
    }

    /** After each record. */
    void recordProcessed() {
        var polling = polling();
        boolean isLast = context.recordMetadata().map(polling::hasProcessed).orElse(true);
        if (polling.isAwaited && (isLast || polling.isOverdue(context.currentSystemTimeMs()))) {
            awaited();
        }
    }

    /** What somebody waits for, now. */
    void awaited() {
        var polling = polling();
        if (polling.isAwaited) {
            context.commit();
            polling.isAwaited = false;
            polling.since = null;
        }
    }

    private Polling polling() {
        var polling = OF_THREAD.get();
        return polling == null ? own : polling;
    }
}
