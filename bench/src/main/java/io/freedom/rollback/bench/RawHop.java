package io.freedom.rollback.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The peer of {@link StepOverhead}: Kafka's own part of it. A record is sent; a plain loop takes it and, in one
 * transaction with its offset, answers with one record for each topic that a step concerns (command, history, status,
 * changelog); a consumer that reads only what is committed takes the answer. No deciding, no Avro, no state.
 *
 * <p>Usage: {@code RawHop BOOTSTRAP_SERVERS}; prints {@code {"hops": n, "median": ms, "p90": ms}}.
 */
public final class RawHop {
    private static final int WARM_UP = 300;
    private static final int MEASURED = 200;
    private static final Duration WAIT = Duration.ofMillis(500);

    private final String servers;
    private final String input = "bench-raw-" + UUID.randomUUID();
    private final List<String> outputs =
            List.of(input + "-command", input + "-history", input + "-status", input + "-log");

    private RawHop(String servers) {
        this.servers = servers;
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 1) {
            System.err.println("usage: RawHop BOOTSTRAP_SERVERS");
            System.exit(2);
        }
        new RawHop(args[0]).run();
    }

    private void run() throws Exception {
        var topics = new ArrayList<>(outputs);
        topics.add(input);
        try (var admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(topics.stream()
                            .map(name -> new NewTopic(name, 1, (short) 1))
                            .toList())
                    .all()
                    .get();
            var loop = Thread.ofPlatform().daemon().start(this::answer);
            var millis = measure();
            loop.interrupt();
            admin.deleteTopics(topics).all().get();
            System.out.printf(
                    Locale.ROOT,
                    "{\"hops\": %d, \"median\": %.1f, \"p90\": %.1f}%n",
                    millis.size(),
                    millis.get(millis.size() / 2),
                    millis.get(millis.size() * 9 / 10));
        }
    }

    private List<Double> measure() {
        var millis = new ArrayList<Double>();
        try (var producer = producer(Map.of());
                var consumer = consumer(UUID.randomUUID().toString())) {
            consumer.assign(List.of(new TopicPartition(outputs.getFirst(), 0)));
            consumer.seekToBeginning(consumer.assignment());
            for (int i = 0; i < WARM_UP + MEASURED; i++) {
                long began = System.nanoTime();
                producer.send(new ProducerRecord<>(input, new byte[200]));
                while (consumer.poll(WAIT).isEmpty()) {
                    // not there yet
                }
                if (i >= WARM_UP) {
                    millis.add((System.nanoTime() - began) / 1e6);
                }
            }
        }
        millis.sort(Double::compare);
        return millis;
    }

    private void answer() {
        try (var producer = producer(Map.of("transactional.id", input));
                var consumer = consumer(input)) {
            producer.initTransactions();
            consumer.assign(List.of(new TopicPartition(input, 0)));
            consumer.seekToBeginning(consumer.assignment());
            while (!Thread.currentThread().isInterrupted()) {
                for (var record : consumer.poll(WAIT)) {
                    producer.beginTransaction();
                    outputs.forEach(topic -> producer.send(new ProducerRecord<>(topic, new byte[500])));
                    producer.sendOffsetsToTransaction(
                            Map.of(new TopicPartition(input, 0), new OffsetAndMetadata(record.offset() + 1)),
                            consumer.groupMetadata());
                    producer.commitTransaction();
                }
            }
        } catch (InterruptException e) {
            Thread.currentThread().interrupt(); // measured
        }
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        var settings = new HashMap<String, Object>(more);
        settings.put("bootstrap.servers", servers);
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private KafkaConsumer<byte[], byte[]> consumer(String group) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                servers,
                "group.id",
                group,
                "isolation.level",
                "read_committed",
                "enable.auto.commit",
                false);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
