package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Records that cannot be read, or whose like nobody expects. */
class HostileRecordsTest extends WholeTopology {
    @Test
    void writesAnIncidentOfAnUnknownPlatformToTheDeadLettersWithItsBytes() {
        var body = alert("elsewhere", "f1", "firing");
        report(body);
        assertThat(deadIncidents()).singleElement().satisfies(letter -> {
            assertThat(letter.getReason())
                    .contains("platform elsewhere is not registered", "rollbackctl platform register");
            assertThat(letter.getValue().array()).isEqualTo(body);
            assertThat(letter.getTopic()).isEqualTo(TOPICS.incidents().name());
        });
    }

    @Test
    void writesWhatCannotBeReadToTheDeadLetters() {
        report("{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\"}]}".getBytes(StandardCharsets.UTF_8));
        report(new byte[] {0, 1, 2});
        report("not json".getBytes(StandardCharsets.UTF_8));
        var reasons = deadIncidents().stream().map(DeadLetter::getReason).toList();
        assertThat(reasons).hasSize(3);
        assertThat(reasons.get(0)).contains("alerts[0]", "\"startsAt\" is missing");
        assertThat(reasons.get(2)).contains("neither Avro in Confluent wire format nor JSON");
    }

    private List<DeadLetter> deadLettersOf(io.freedom.rollback.schemas.topics.Topic topic) {
        return driver.createOutputTopic(
                        TOPICS.deadLetters(topic).name(),
                        new ByteArrayDeserializer(),
                        this.<DeadLetter>serde().deserializer())
                .readValuesToList();
    }

    @Test
    void makesOneLetterOfTensOfThousandsOfAlertsThatAreNone() {
        report(("{\"version\":\"4\",\"alerts\":[" + "0,".repeat(60_000) + "0]}").getBytes(StandardCharsets.UTF_8));

        assertThat(deadIncidents()).singleElement().satisfies(letter -> {
            assertThat(letter.getReason())
                    .contains("alerts[0]", "and 59981 more")
                    .hasSizeLessThan(5000);
            assertThat(letter.getValue().remaining()).isGreaterThan(120_000);
        });
    }

    @Test
    void remembersOnlyTheBeginningOfAKey() {
        var key = "k".repeat(600_000);
        for (var topic : List.of(TOPICS.operatorCommands(), TOPICS.stepEvents(), TOPICS.incidents())) {
            driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                    .pipeInput(key, "x".getBytes(StandardCharsets.UTF_8));
            var records = driver.createOutputTopic(
                            TOPICS.deadLetters(topic).name(),
                            new ByteArrayDeserializer(),
                            this.<DeadLetter>serde().deserializer())
                    .readRecordsToList();
            assertThat(records).singleElement().satisfies(record -> {
                assertThat(record.value().getKey().remaining()).isEqualTo(1024);
                assertThat(record.key() == null ? 0 : record.key().length).isLessThan(1025);
            });
        }
    }

    @Test
    void remembersALongFingerprintByItsHashAndCutsWhatIsOnlyRead() {
        registered();
        report(new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("gateway answers 500", "x".repeat(50_000))
                .replace("\"f1\"", "\"" + "f".repeat(201) + "\"")
                .getBytes(StandardCharsets.UTF_8));
        var started = facts().stream()
                .filter(RollbackStarted.class::isInstance)
                .map(RollbackStarted.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(started.getIncident().getFingerprint()).matches("sha256:[0-9a-f]{64}");
        assertThat(started.getIncident().getSummary()).hasSize(500).endsWith("…");
        assertThat(started.getIncident().getEvidence())
                .containsEntry("alertname", "GatewayDown")
                .containsEntry("platform", "freedom")
                .hasEntrySatisfying("summary", text -> assertThat(text).hasSize(500));
    }

    @Test
    void aHundredWaitingIncidentsFitIntoAPlatformsState() {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        for (int n = 0; n < 101; n++) {
            report(new String(
                            alert("freedom", "f" + n + "f".repeat(190), "firing", "data-corruption"),
                            StandardCharsets.UTF_8)
                    .replace(
                            "\"summary\":",
                            "\"a\":\"" + "€".repeat(20_000) + "\",\"b\":\"" + "y".repeat(20_000) + "\",\"summary\":")
                    .getBytes(StandardCharsets.UTF_8));
        }

        assertThat(deadIncidents()).isEmpty();
        assertThat(facts()).filteredOn(IncidentQueued.class::isInstance).hasSizeGreaterThan(99);
    }

    @Test
    void surviveRecordsWithoutAValue() {
        for (var topic : List.of(TOPICS.operatorCommands(), TOPICS.stepEvents())) {
            driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                    .pipeInput("freedom", (byte[]) null);
            assertThat(deadLettersOf(topic))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.getReason()).contains("no value"));
        }
    }

    @Test
    void surviveRecordsOfAnotherTypeAndOnesTooLargeForALetter() {
        for (var topic : List.of(TOPICS.operatorCommands(), TOPICS.stepEvents())) {
            driver.<String, SpecificRecord>createInputTopic(
                            topic.name(),
                            new StringSerializer(),
                            this.<SpecificRecord>serde().serializer())
                    .pipeInput("freedom", new StepError(FailureKind.TOOL, "a record of ours, but in the wrong place"));
            driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                    .pipeInput("freedom", "x".repeat(2 << 20).getBytes(StandardCharsets.UTF_8));
            var letters = deadLettersOf(topic);
            assertThat(letters).hasSize(2);
            assertThat(letters.getFirst().getReason()).contains("StepError where a");
            assertThat(letters.getLast().getValue().remaining()).isLessThan(1 << 20);
        }
    }

    @Test
    void failsAStepWhoseResultOnlyALaterReleaseKnows() throws IOException {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        var command = commands.removeFirst();

        // The very fields of FilesChecked.
        var later = new Schema.Parser()
                .parse(StepEvent.getClassSchema().toString().replace("\"name\":\"result\",\"type\":[", """
                                "name":"result","type":[{"type":"record","name":"FilesSigned",
                                 "fields":[{"name":"paths","type":"int"},{"name":"envKeys","type":"int"}]},"""));
        driver.createInputTopic(TOPICS.stepEvents().name(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput("freedom", written(later, command));
        collect();

        assertThat(facts()).filteredOn(StepSucceeded.class::isInstance).isEmpty();
        assertThat(facts())
                .filteredOn(StepFailed.class::isInstance)
                .anySatisfy(failed -> assertThat(((StepFailed) failed).getMessage())
                        .contains("FilesSigned", "upgrade the orchestrator"));
        assertThat(deadLettersOf(TOPICS.stepEvents()))
                .singleElement()
                .satisfies(letter -> assertThat(letter.getReason()).contains("FilesSigned"));
    }

    private byte[] written(Schema later, StepCommand command) throws IOException {
        var done = later.getField("event").schema().getTypes().stream()
                .filter(type -> type.getName().equals("StepDone"))
                .findFirst()
                .orElseThrow();
        var stepResult = done.getField("result").schema();
        var signed = stepResult.getField("result").schema().getTypes().getFirst();
        var event = new GenericRecordBuilder(later)
                .set("platform", command.getPlatform())
                .set("rollbackId", command.getRollbackId())
                .set("stepId", command.getStepId())
                .set("attempt", command.getAttempt())
                .set("workerId", "w:1")
                .set("at", 0L)
                .set(
                        "event",
                        new GenericRecordBuilder(done)
                                .set(
                                        "result",
                                        new GenericRecordBuilder(stepResult)
                                                .set(
                                                        "result",
                                                        new GenericRecordBuilder(signed)
                                                                .set("paths", 1)
                                                                .set("envKeys", 1)
                                                                .build())
                                                .build())
                                .set("detail", "done")
                                .build())
                .build();
        var out = new ByteArrayOutputStream();
        try (var client = RegistryClient.at(registry.url())) {
            out.write(0);
            out.writeBytes(ByteBuffer.allocate(4)
                    .putInt(client.register("step-events-value", later))
                    .array());
        }
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(later).write(event, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    @Test
    void refusesATimeThatFitsNoTopicAndARecordThatIsTooLarge() {
        var late = new String(alert("freedom", "f1", "firing"), StandardCharsets.UTF_8)
                .replace("2026-03-01T02:58:00Z", "+999999999-01-01T00:00:00Z");
        report(late.getBytes(StandardCharsets.UTF_8));
        report(new byte[1 << 20]);
        var reasons = deadIncidents().stream().map(DeadLetter::getReason).toList();
        assertThat(reasons.get(0)).contains("is no RFC 3339 time");
        assertThat(reasons.get(1)).contains("report fewer alerts at once");
    }
}
