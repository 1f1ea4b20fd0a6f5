package io.freedom.rollback.acceptance;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The history topic of a control plane, read on as it grows: tests ask often, and a program for each time would slow all down. */
final class HistoryReader implements AutoCloseable {
    private final KafkaConsumer<String, HistoryEvent> consumer;
    private final List<HistoryEvent> events = new ArrayList<>();

    HistoryReader(String bootstrapServers, String registryUrl) {
        TrustedSchemas.trust();
        var serde = new SpecificAvroSerde<HistoryEvent>();
        serde.configure(Map.of("schema.registry.url", registryUrl), false);
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new StringDeserializer(),
                serde.deserializer());
        var topic = TopicCatalogue.withPrefix("rollback.").history().name();
        consumer.assign(consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList());
        consumer.seekToBeginning(consumer.assignment());
    }

    /** Those of a platform, oldest first. */
    synchronized List<HistoryEvent> of(String platform) {
        var ends = consumer.endOffsets(consumer.assignment());
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(Duration.ofMillis(100)).forEach(message -> events.add(message.value()));
        }
        return events.stream()
                .filter(event -> event.getPlatform().equals(platform))
                .toList();
    }

    @Override
    public synchronized void close() {
        consumer.close();
    }
}
