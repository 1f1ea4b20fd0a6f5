package io.freedom.rollback.orchestrator.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Partitions keep their order; readers learn of what is new after a while, of each partition on its own. */
final class Broker {
    private final VirtualTime time;
    private final Chance chance;
    private final Map<TopicPartition, List<Object>> logs = new HashMap<>();
    private final Map<TopicPartition, Runnable> readers = new HashMap<>();
    /** Milliseconds that a record may take at most. */
    private int slowness = 20;

    Broker(VirtualTime time, Chance chance) {
        this.time = time;
        this.chance = chance;
    }

    void slow(int milliseconds) {
        slowness = milliseconds;
    }

    void readBy(TopicPartition partition, Runnable reader) {
        readers.put(partition, reader);
    }

    List<Object> log(TopicPartition partition) {
        return logs.computeIfAbsent(partition, _ -> new ArrayList<>());
    }

    void append(TopicPartition partition, Object record) {
        log(partition).add(record);
        var reader = readers.get(partition);
        if (reader != null) {
            time.in(delay(), reader);
        }
    }

    int delay() {
        return chance.between(1, slowness);
    }
}
