package io.freedom.rollback.bench;

import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.CaptureLogs;
import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.action.ImagesPruned;
import io.freedom.rollback.schemas.action.LogsCaptured;
import io.freedom.rollback.schemas.action.LogsScanned;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.ProbesPassed;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.action.ServicesHealthy;
import io.freedom.rollback.schemas.action.ServicesRestarted;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.SpecificAvroSerializer;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** All workers at once, and they do nothing: each step of a restart is accepted and done the moment it comes. */
final class Idle implements Runnable {
    private final String servers;
    private final String registry;
    private final Consumer<StepCommand> taken;
    private final Consumer<StepCommand> done;
    private final Tail commands;
    private final TopicCatalogue topics = TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX);

    /**
     * @param taken told of each command that comes
     * @param done told of each whose result is about to be sent
     */
    Idle(String servers, String registry, Consumer<StepCommand> taken, Consumer<StepCommand> done) {
        this.servers = servers;
        this.registry = registry;
        this.taken = taken;
        this.done = done;
        commands = new Tail(
                servers,
                TopicCatalogue.workers().stream()
                        .map(topics::commands)
                        .map(Topic::name)
                        .toList());
    }

    @Override
    public void run() {
        var topic = topics.stepEvents().name();
        // As the workers have it.
        Map<String, Object> producing = Map.of("bootstrap.servers", servers, "acks", "all", "linger.ms", 0);
        try (commands;
                var producer = new KafkaProducer<>(producing, new ByteArraySerializer(), new ByteArraySerializer());
                var reader = new SpecificAvroDeserializer<StepCommand>();
                var writer = new SpecificAvroSerializer<StepEvent>()) {
            reader.configure(Map.of("schema.registry.url", registry), false);
            writer.configure(Map.of("schema.registry.url", registry), false);
            while (!Thread.currentThread().isInterrupted()) {
                commands.read(Duration.ofMillis(500), message -> {
                    var command = reader.deserialize(message.topic(), message.value());
                    if (command != null && command.getCommand() instanceof ExecuteStep execute) {
                        taken.accept(command);
                        var key = command.getPlatform().getBytes(StandardCharsets.UTF_8);
                        var accepted = event(command, new StepAccepted());
                        var result = event(
                                command,
                                new StepDone(
                                        new StepResult(
                                                result(execute.getAction().getAction())),
                                        "nothing to do",
                                        false));
                        producer.send(new ProducerRecord<>(topic, key, writer.serialize(topic, accepted)));
                        done.accept(command);
                        producer.send(new ProducerRecord<>(topic, key, writer.serialize(topic, result)));
                    }
                });
            }
        }
    }

    private static StepEvent event(StepCommand command, SpecificRecord event) {
        return StepEvent.newBuilder()
                .setPlatform(command.getPlatform())
                .setRollbackId(command.getRollbackId())
                .setStepId(command.getStepId())
                .setAttempt(command.getAttempt())
                .setCompensation(command.getCompensation())
                .setWorkerId("bench:" + ProcessHandle.current().pid())
                .setAt(Instant.now())
                .setEvent(event)
                .build();
    }

    private static SpecificRecord result(Object action) {
        return switch (action) {
            case RecordContainers _ -> new ContainersRecorded(List.of(), Instant.now(), "0", "0");
            case CaptureLogs _ -> new LogsCaptured(0, 0L);
            case RestartServices _ -> new ServicesRestarted(List.of());
            case AwaitHealthy _ -> new ServicesHealthy(List.of());
            case CheckFiles _ -> new FilesChecked(0, 0);
            case ProbeHttp _ -> new ProbesPassed(List.of());
            case ScanLogs _ -> new LogsScanned(0L);
            case PruneImages _ -> new ImagesPruned(0, 0L);
            default ->
                throw new IllegalStateException("no step of a restart as it was when this was written: "
                        + action.getClass().getSimpleName());
        };
    }
}
