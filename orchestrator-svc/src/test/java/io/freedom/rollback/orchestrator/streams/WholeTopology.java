package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The whole topology of the orchestrator on a broker in memory, with workers that answer as a test says. */
abstract class WholeTopology {
    static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("rollback.");

    @TempDir
    Path state;

    InMemoryRegistry registry;

    TopologyTestDriver driver;

    final List<HistoryEvent> history = new ArrayList<>();

    final List<StepCommand> commands = new ArrayList<>();

    int ids;
    boolean brokersAnswer = true;

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        var builder = new StreamsBuilder();
        new SagaTopology(
                        TOPICS,
                        Map.of("schema.registry.url", registry.url()),
                        new Mishaps(),
                        new RecoveryPoints(InstantSource.system()),
                        limits(),
                        () -> brokersAnswer)
                .addTo(builder);
        var settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        driver = new TopologyTestDriver(builder.build(), settings, Instant.parse("2026-03-01T03:00:00Z"));
    }

    /** Of sites, if a test wants any. */
    SiteLimits limits() {
        return SiteLimits.NONE;
    }

    @AfterEach
    void stop() {
        driver.close();
        registry.close();
    }

    <T extends SpecificRecord> SpecificAvroSerde<T> serde() {
        var serde = new SpecificAvroSerde<T>();
        serde.configure(Map.of("schema.registry.url", registry.url()), false);
        return serde;
    }

    TestInputTopic<String, byte[]> incidents() {
        return driver.createInputTopic(TOPICS.incidents().name(), new StringSerializer(), new ByteArraySerializer());
    }

    void operator(SpecificRecord command) {
        operator("ada", command);
    }

    void operator(String who, SpecificRecord command) {
        driver.<String, OperatorCommand>createInputTopic(
                        TOPICS.operatorCommands().name(),
                        new StringSerializer(),
                        this.<OperatorCommand>serde().serializer())
                .pipeInput(
                        "freedom",
                        OperatorCommand.newBuilder()
                                .setCommandId("c" + ++ids)
                                .setPlatform("freedom")
                                .setOperator(who)
                                .setAt(Instant.EPOCH)
                                .setCommand(command)
                                .build());
        collect();
    }

    void registered() {
        operator(new RegisterPlatform(Descriptors.FREEDOM));
    }

    static byte[] alert(String platform, String fingerprint, String status) {
        return alert(platform, fingerprint, status, "service-degradation");
    }

    static byte[] alert(String platform, String fingerprint, String status, String incidentClass) {
        return """
            {"version":"4","status":"%3$s","alerts":[{"status":"%3$s","fingerprint":"%2$s",
             "startsAt":"2026-03-01T02:58:00Z","labels":{"alertname":"GatewayDown","platform":"%1$s",
             "incident_class":"%4$s"},"annotations":{"summary":"gateway answers 500"}}]}
            """.formatted(platform, fingerprint, status, incidentClass).getBytes(StandardCharsets.UTF_8);
    }

    void report(byte[] body) {
        incidents().pipeInput("any", body);
        collect();
    }

    void worker(StepCommand command, SpecificRecord event) {
        driver.<String, StepEvent>createInputTopic(
                        TOPICS.stepEvents().name(),
                        new StringSerializer(),
                        this.<StepEvent>serde().serializer())
                .pipeInput(command.getPlatform(), said(command, event, Instant.EPOCH));
        collect();
    }

    /** By a worker, of the attempt that a command is about. */
    static StepEvent said(StepCommand command, SpecificRecord event, Instant at) {
        return StepEvent.newBuilder()
                .setPlatform(command.getPlatform())
                .setRollbackId(command.getRollbackId())
                .setStepId(command.getStepId())
                .setAttempt(command.getAttempt())
                .setCompensation(command.getCompensation())
                .setWorkerId("w:1")
                .setAt(at)
                .setEvent(event)
                .build();
    }

    /** What people were told since it was last asked. */
    List<Notification> notifications() {
        return driver.createOutputTopic(
                        TOPICS.notifications().name(),
                        new StringDeserializer(),
                        this.<Notification>serde().deserializer())
                .readValuesToList();
    }

    static SpecificRecord done() {
        return new StepDone(new StepResult(new FilesChecked(1, 1)), "done", false);
    }

    void collect() {
        history.addAll(driver.createOutputTopic(
                        TOPICS.history().name(),
                        new StringDeserializer(),
                        this.<HistoryEvent>serde().deserializer())
                .readValuesToList());
        for (var worker : TopicCatalogue.workers()) {
            commands.addAll(driver.createOutputTopic(
                            TOPICS.commands(worker).name(),
                            new StringDeserializer(),
                            this.<StepCommand>serde().deserializer())
                    .readValuesToList());
        }
    }

    List<DeadLetter> deadIncidents() {
        return driver.createOutputTopic(
                        TOPICS.deadLetters(TOPICS.incidents()).name(),
                        new ByteArrayDeserializer(),
                        this.<DeadLetter>serde().deserializer())
                .readValuesToList();
    }

    List<RollbackStatus> statuses() {
        return driver.createOutputTopic(
                        TOPICS.status().name(),
                        new StringDeserializer(),
                        this.<RollbackStatus>serde().deserializer())
                .readValuesToList();
    }

    static RollbackEvent fact(HistoryEvent event) {
        return HistoryMapper.fromAvro(event.getRollbackId(), event.getEvent()).orElseThrow();
    }

    List<Object> facts() {
        return history.stream().map(HistoryEvent::getEvent).toList();
    }

    /** Answers every command as it comes, until none is left. */
    void workersSucceed() {
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof ExecuteStep) {
                worker(command, done());
            }
        }
    }
}
