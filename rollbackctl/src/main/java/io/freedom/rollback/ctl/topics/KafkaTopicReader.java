package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.topics.KafkaReach;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** A consumer without group: it commits nothing and disturbs nobody. */
final class KafkaTopicReader implements TopicReader {
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Duration CLOSE = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final SpecificAvroDeserializer<SpecificRecord> deserializer;
    private final List<TopicPartition> partitions;
    private final ClientErrors errors;
    private final Consumer<String> warnings;
    private final Map<String, Object> settings;
    private @Nullable KafkaReach reach;

    private KafkaTopicReader(
            KafkaConsumer<byte[], byte[]> consumer,
            SpecificAvroDeserializer<SpecificRecord> deserializer,
            List<TopicPartition> partitions,
            ClientErrors errors,
            Consumer<String> warnings,
            Map<String, Object> settings) {
        this.settings = settings;
        this.consumer = consumer;
        this.deserializer = deserializer;
        this.partitions = partitions;
        this.errors = errors;
        this.warnings = warnings;
    }

    static TopicReader open(
            List<String> topics,
            Connection connection,
            Map<String, Object> common,
            ClientErrors errors,
            Consumer<String> warnings) {
        var settings = new HashMap<>(common);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
        settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5000);
        var deserializer = new SpecificAvroDeserializer<SpecificRecord>();
        deserializer.configure(settings, false);
        var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        try {
            var partitions = partitions(consumer, topics);
            if (partitions.isEmpty()) {
                throw Failure.unreachable("Kafka at " + connection.bootstrapServers() + " has no topic "
                        + String.join(", ", topics) + ". Has the orchestrator been started, and is --prefix ("
                        + connection.prefix() + ") the one it uses?");
            }
            consumer.assign(partitions);
            return new KafkaTopicReader(consumer, deserializer, partitions, errors, warnings, common);
        } catch (RuntimeException e) {
            consumer.close();
            deserializer.close();
            throw e;
        }
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, List<String> topics) {
        return topics.stream()
                .flatMap(topic -> consumer.partitionsFor(topic, ANSWER).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
    }

    @Override
    public void seekToBeginning() {
        consumer.seekToBeginning(partitions);
    }

    @Override
    public void seekToEnd() {
        explained(() -> consumer.endOffsets(partitions)).forEach(consumer::seek);
    }

    @Override
    public void seekTo(Instant time) {
        var times = partitions.stream().collect(Collectors.toMap(p -> p, p -> time.toEpochMilli()));
        var found = explained(() -> consumer.offsetsForTimes(times));
        var ends = explained(() -> consumer.endOffsets(partitions));
        partitions.forEach(p -> {
            var offset = found.get(p);
            consumer.seek(p, offset == null ? ends.getOrDefault(p, 0L) : offset.offset());
        });
    }

    @Override
    public List<Received> poll(Duration wait) {
        var received = new ArrayList<Received>();
        explained(() -> consumer.poll(wait)).forEach(record -> read(record).ifPresent(received::add));
        return received;
    }

    @Override
    public void readToEnd(Consumer<Received> taker) {
        var ends = explained(() -> consumer.endOffsets(partitions));
        var lastProgress = Instant.now();
        while (ends.entrySet().stream()
                .anyMatch(end -> explained(() -> consumer.position(end.getKey())) < end.getValue())) {
            var polled = poll(Duration.ofMillis(100));
            polled.forEach(taker);
            lastProgress = polled.isEmpty() ? lastProgress : Instant.now();
            if (Duration.between(lastProgress, Instant.now()).compareTo(ANSWER.multipliedBy(2)) > 0) {
                throw Failure.unreachable("Kafka stopped answering while topics were read: are all brokers up?");
            }
        }
    }

    @Override
    public Map<TopicPartition, Long> beginnings() {
        return explained(() -> consumer.beginningOffsets(partitions));
    }

    private Optional<Received> read(ConsumerRecord<byte[], byte[]> record) {
        try {
            var value = explained(() -> Optional.ofNullable(deserializer.deserialize(record.topic(), record.value())));
            return Optional.of(new Received(
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    Instant.ofEpochMilli(record.timestamp()),
                    record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8),
                    value.orElse(null)));
        } catch (UnreadableRecordException e) {
            warnings.accept("left out: " + e.getMessage() + " (" + record.topic() + "-" + record.partition()
                    + ", offset " + record.offset() + ")");
            return Optional.empty();
        }
    }

    private interface Call<T> {
        T now();
    }

    private <T> T explained(Call<T> call) {
        try {
            return call.now();
        } catch (UnreadableRecordException e) {
            throw e;
        } catch (RuntimeException e) {
            throw errors.explain(e);
        }
    }

    @Override
    public Duration silence() {
        var asking = reach;
        if (asking == null) {
            asking = KafkaReach.begin(settings);
            reach = asking;
        }
        return asking.answers() ? Duration.ZERO : asking.silence();
    }

    @Override
    public void close() {
        if (reach != null) {
            reach.close();
        }
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE));
        deserializer.close();
    }
}
