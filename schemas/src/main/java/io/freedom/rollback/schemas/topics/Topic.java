package io.freedom.rollback.schemas.topics;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.kafka.common.config.TopicConfig;

/**
 * One topic with all that is needed to create and to understand it.
 *
 * @param retention how long records stay; {@link #FOR_EVER} for no limit
 * @param schema of the value
 */
public record Topic(
        String name,
        int partitions,
        Duration retention,
        Cleanup cleanup,
        Optional<Schema> schema,
        String writtenBy,
        String doc) {
    public static final Duration FOR_EVER = Duration.ofMillis(-1);

    public Topic {
        if (partitions < 1) {
            throw new IllegalArgumentException("Topic " + name + " needs at least one partition, not " + partitions);
        }
    }

    /** Kafka's settings of the topic, for a cluster that keeps {@code minInSyncReplicas} copies at least. */
    public Map<String, String> config(int minInSyncReplicas) {
        return Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG, cleanup.policy(),
                TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()),
                TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(minInSyncReplicas),
                // A record is on the disks of the in-sync replicas when it is acknowledged; a stale one never leads.
                TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
    }
}
