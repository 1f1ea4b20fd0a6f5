package io.freedom.rollback.standalone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands that a worker cannot carry out, over a real broker and a real registry. */
@Timeout(180)
class WorkerDeadLetterTest {
    private static final String COMMANDS = "rollback.commands.git";
    private static final byte[] KEY = "freedom".getBytes(UTF_8);

    @TempDir
    Path directory;

    private Standalone system;
    private RegistryClient registry;
    private KafkaProducer<byte[], byte[]> producer;
    private String servers;

    @BeforeEach
    void start() throws Exception {
        var ports = Ports.free();
        var console = new Console(new PrintStream(new ByteArrayOutputStream(), true, UTF_8));
        system = Standalone.start(new Settings(directory, Settings.registryOfDistribution(), ports), console, () -> {});
        registry = RegistryClient.at("http://127.0.0.1:" + ports.registry() + "/apis/ccompat/v7");
        servers = "127.0.0.1:" + ports.broker();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers, "max.request.size", 8 << 20, "compression.type", "gzip"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterEach
    void stop() {
        producer.close();
        registry.close();
        system.close();
    }

    @Test
    void keepsEveryUnreadableCommandAndFailsTheStepOfAnUnknownActionAtOnce() throws Exception {
        var junk = "{\"do\": \"something\"}".getBytes(UTF_8);
        var place = producer.send(new ProducerRecord<>(COMMANDS, KEY, junk)).get();
        send(new byte[5 << 20]); // a few kilobytes when compressed
        send(framed(StepError.getClassSchema(), strayed()));
        var later = later();
        send(framed(later, wipeWorkTree(later)));

        // Commands of a partition are taken in order: what came before the last one is a dead letter by now, or soon.
        var failed = await(
                        "rollback.step-events",
                        StepEvent.class,
                        events -> events.stream().anyMatch(event -> event.getEvent() instanceof StepError))
                .getLast();
        assertThat(failed.getStepId()).isEqualTo("git.wipe");
        assertThat(((StepError) failed.getEvent()).getMessage())
                .contains("does not know the action WipeWorkTree", "upgrade it");

        var letters = await(COMMANDS + ".dlt", DeadLetter.class, found -> found.size() >= 3);
        assertThat(letters).hasSize(3).allSatisfy(letter -> {
            assertThat(letter.getTopic()).isEqualTo(COMMANDS);
            assertThat(letter.getPartition()).isEqualTo(place.partition());
            assertThat(letter.getKey().array()).isEqualTo(KEY);
        });
        assertThat(letters).anySatisfy(letter -> {
            assertThat(letter.getOffset()).isEqualTo(place.offset());
            assertThat(letter.getValue().array()).isEqualTo(junk);
            assertThat(letter.getReason()).contains("its producer must use the Confluent Avro wire format");
        });
        assertThat(letters).anySatisfy(letter -> assertThat(letter.getReason()).contains("StepError where a"));
    }

    private void send(byte[] value) throws Exception {
        producer.send(new ProducerRecord<>(COMMANDS, KEY, value)).get();
    }

    private static GenericRecord strayed() {
        var schema = StepError.getClassSchema();
        return new GenericRecordBuilder(schema)
                .set("kind", new GenericData.EnumSymbol(schema.getField("kind").schema(), "TOOL"))
                .set("message", "a record of ours, but in the wrong place")
                .build();
    }

    /** The release after this one has an action with the very fields of ReturnToPrevious. */
    private static Schema later() {
        var actions = "\"name\":\"action\",\"type\":[";
        return new Schema.Parser().parse(StepCommand.getClassSchema().toString().replace(actions, actions + """
                {"type":"record","name":"io.freedom.rollback.schemas.action.WipeWorkTree",
                 "fields":[{"name":"workTree","type":"string"}]},"""));
    }

    private static GenericRecord wipeWorkTree(Schema schema) {
        var execute = schema.getField("command").schema().getTypes().getFirst();
        var stepAction = execute.getField("action").schema();
        var wipe = stepAction.getField("action").schema().getTypes().getFirst();
        var action = new GenericRecordBuilder(stepAction)
                .set(
                        "action",
                        new GenericRecordBuilder(wipe)
                                .set("workTree", "/srv/freedom")
                                .build())
                .build();
        return new GenericRecordBuilder(schema)
                .set("platform", "freedom")
                .set("site", "default")
                .set("rollbackId", "rb-1")
                .set("stepId", "git.wipe")
                .set("attempt", 1)
                .set("at", 0L)
                .set(
                        "command",
                        new GenericRecordBuilder(execute)
                                .set("action", action)
                                .set("deadline", System.currentTimeMillis() + 60_000)
                                .build())
                .build();
    }

    private byte[] framed(Schema schema, GenericRecord record) throws Exception {
        var out = new ByteArrayOutputStream();
        out.write(0);
        out.writeBytes(ByteBuffer.allocate(4)
                .putInt(registry.register(COMMANDS + "-value", schema))
                .array());
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    /** Reads the topic from its beginning until it holds what is awaited. */
    private <T extends SpecificRecord> List<T> await(String topic, Class<T> type, Predicate<List<T>> awaited) {
        var deserializer = new SpecificAvroDeserializer<>(registry, type);
        try (var consumer = new KafkaConsumer<>(
                Map.<String, Object>of("bootstrap.servers", servers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var found = new ArrayList<T>();
            while (!awaited.test(found)) {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(record -> found.add(deserializer.deserialize(topic, record.value())));
            }
            return found;
        }
    }
}
