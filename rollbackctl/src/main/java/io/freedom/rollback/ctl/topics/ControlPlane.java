package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The topics as an operator uses them. Every method fails with exit code 3 when Kafka or the registry is away. */
public interface ControlPlane extends AutoCloseable {
    TopicCatalogue topics();

    /** Reads all partitions of the topics; those that do not exist yet are left out unless none exists. */
    TopicReader read(List<Topic> topics);

    /** Returns once the record is on the brokers. */
    Published publish(Topic topic, String key, SpecificRecord value);

    /** Publishes bytes as they are. */
    default Published publish(Topic topic, @Nullable String key, byte[] value) {
        return publish(topic, key == null ? null : key.getBytes(StandardCharsets.UTF_8), value, Map.of());
    }

    /** Publishes bytes as they are, with headers of text. */
    Published publish(Topic topic, byte @Nullable [] key, byte[] value, Map<String, String> headers);

    /** The record that bytes of a topic are; empty where they are none of ours. */
    Optional<SpecificRecord> decoded(String topic, byte[] value);

    @Override
    void close();
}
