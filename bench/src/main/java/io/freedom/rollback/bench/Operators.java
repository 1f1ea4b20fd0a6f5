package io.freedom.rollback.bench;

import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.serde.SpecificAvroSerializer;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Commands things, as operators do. For one thread. */
final class Operators implements AutoCloseable {
    private final String topic = TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX)
            .operatorCommands()
            .name();
    private final KafkaProducer<byte[], byte[]> producer;
    private final SpecificAvroSerializer<OperatorCommand> commands = new SpecificAvroSerializer<>();

    Operators(String servers, String registry) {
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer());
        commands.configure(Map.of("schema.registry.url", registry), false);
    }

    /** @param descriptor of each of them, with {@code @name@} for its name */
    void register(Collection<String> platforms, String descriptor) {
        platforms.forEach(platform -> send(platform, new RegisterPlatform(descriptor.replace("@name@", platform))));
    }

    void send(String platform, SpecificRecord what) {
        var command = OperatorCommand.newBuilder()
                .setCommandId(UUID.randomUUID().toString())
                .setPlatform(platform)
                .setOperator("bench")
                .setAt(Instant.now())
                .setCommand(what)
                .build();
        producer.send(new ProducerRecord<>(
                topic, platform.getBytes(StandardCharsets.UTF_8), commands.serialize(topic, command)));
    }

    @Override
    public void close() {
        producer.close();
        commands.close();
    }
}
