package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.SpecificAvroSerializer;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.topics.Headers;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Kafka and the registry themselves. Clients are made when first used: `status` needs no producer. */
public final class KafkaControlPlane implements ControlPlane {
    private static final int ANSWER_MILLIS = 5000;

    private final Connection connection;
    private final TopicCatalogue topics;
    private final ClientErrors errors;
    private final Consumer<String> warnings;

    private KafkaControlPlane(Connection connection, Consumer<String> warnings) {
        this.connection = connection;
        this.warnings = warnings;
        topics = TopicCatalogue.withPrefix(connection.prefix());
        errors = new ClientErrors(connection);
    }

    /** Fails within two seconds per server when nothing listens there. */
    public static KafkaControlPlane connect(Connection connection, Consumer<String> warnings) {
        Reachability.check(connection.bootstrapServers());
        return new KafkaControlPlane(connection, warnings);
    }

    @Override
    public TopicCatalogue topics() {
        return topics;
    }

    @Override
    public TopicReader read(List<Topic> wanted) {
        try {
            return KafkaTopicReader.open(
                    wanted.stream().map(Topic::name).toList(), connection, settings(), errors, warnings);
        } catch (RuntimeException e) {
            throw errors.explain(e);
        }
    }

    @Override
    public Published publish(Topic topic, String key, SpecificRecord value) {
        try (var serializer = new SpecificAvroSerializer<SpecificRecord>()) {
            serializer.configure(settings(), false);
            var bytes = serializer.serialize(topic.name(), value);
            if (bytes == null) {
                throw new IllegalStateException("a record is never null");
            }
            return publish(topic, key.getBytes(StandardCharsets.UTF_8), bytes, Map.of());
        } catch (RuntimeException e) {
            throw errors.explain(e);
        }
    }

    @Override
    public Published publish(Topic topic, byte @Nullable [] key, byte[] value, Map<String, String> headers) {
        var settings = settings();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MILLIS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MILLIS);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 2 * ANSWER_MILLIS);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            var record = new ProducerRecord<>(topic.name(), key, value);
            record.headers().add(Headers.AWAITED, new byte[0]); // somebody has typed it
            headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
            var written = producer.send(record).get(3L * ANSWER_MILLIS, TimeUnit.MILLISECONDS);
            return new Published(written.topic(), written.partition(), written.offset());
        } catch (ExecutionException e) {
            throw errors.explain(e);
        } catch (TimeoutException e) {
            throw errors.explain(new org.apache.kafka.common.errors.TimeoutException("publishing to " + topic.name()));
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (RuntimeException e) {
            throw errors.explain(e);
        }
    }

    @Override
    public Optional<SpecificRecord> decoded(String topic, byte[] value) {
        try (var deserializer = new SpecificAvroDeserializer<SpecificRecord>()) {
            deserializer.configure(settings(), false);
            return Optional.ofNullable(deserializer.deserialize(topic, value));
        } catch (UnreadableRecordException e) {
            return Optional.empty();
        } catch (RuntimeException e) {
            throw errors.explain(e);
        }
    }

    @Override
    public void close() {
        // Every client is closed by whoever opened it.
    }

    private Map<String, Object> settings() {
        var settings = new HashMap<String, Object>(connection.clientSettings());
        settings.put("bootstrap.servers", connection.bootstrapServers());
        settings.put("schema.registry.url", connection.registryUrl());
        settings.putIfAbsent("client.id", "rollbackctl");
        // Neither metrics nor JMX beans are of use to a program that runs for a second.
        settings.put("enable.metrics.push", false);
        settings.put("metric.reporters", "");
        return settings;
    }
}
