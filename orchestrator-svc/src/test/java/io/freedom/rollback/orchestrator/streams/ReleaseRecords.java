package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepProgress;
import io.freedom.rollback.schemas.step.StepResult;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Writes what an orchestrator of this release leaves in Kafka when it stops amid rollbacks: see README.md beside the files.
 * Uses little of what is around it, for it is also taken to where earlier releases are.
 */
@EnabledIfSystemProperty(named = "records", matches = ".+")
class ReleaseRecords extends WholeTopology {
    private static final Schema TEXT = Schema.create(Schema.Type.STRING);
    private static final Schema RECORD = SchemaBuilder.record("Kept")
            .doc("A record as it lies in Kafka.")
            .fields()
            .requiredString("topic")
            .optionalString("key")
            .requiredBytes("value")
            .endRecord();

    private final List<GenericRecord> kept = new ArrayList<>();
    /** Of topics that are compacted: the newest record of each key. */
    private final Map<String, GenericRecord> newest = new LinkedHashMap<>();

    @Test
    void write() throws IOException {
        for (var platform : List.of("running", "undoing", "waiting", "paused", "undoable")) {
            commanded(
                    platform,
                    new RegisterPlatform(Descriptors.FREEDOM.replace("name: freedom\n", "name: " + platform + "\n")));
        }
        isRunning();
        isBeingUndoneAndAnIncidentWaits();
        waitsAtAGate();
        isPausedAndAnIncidentHasJoined();
        canBeUndone();
        save(Path.of(System.getProperty("records")));
    }

    private void isRunning() {
        incident("running", "f1");
        answered("running", 20);
        for (var command : sent("running")) {
            report(command, new StepAccepted());
            report(command, new StepProgress(3L, 7L, "files", "copying"));
        }
    }

    private void isBeingUndoneAndAnIncidentWaits() {
        incident("undoing", "f1");
        while (sent("undoing").stream().noneMatch(StepCommand::getCompensation)) {
            var command = sent("undoing").getFirst();
            commands.remove(command);
            boolean fails = command.getStepId().equals("git.check-out");
            report(command, fails ? new StepError(FailureKind.PRECONDITION, "the tag is gone") : finding(command));
        }
        answered("undoing", 2);
        incident("undoing", "f2");
    }

    private void waitsAtAGate() {
        commanded(
                "waiting",
                StartRollback.newBuilder()
                        .setRollbackId("import")
                        .setScenario("restore-point-import")
                        .build());
        report(sent("waiting").getFirst(), catalogued());
        answered("waiting", 1);
        commanded(
                "waiting",
                StartRollback.newBuilder()
                        .setRollbackId("restore")
                        .setScenario("database-restore")
                        .setRestorePoint("rb-new")
                        .build());
        answered("waiting", Integer.MAX_VALUE);
    }

    private void isPausedAndAnIncidentHasJoined() {
        commanded(
                "paused",
                StartRollback.newBuilder()
                        .setRollbackId("stopped")
                        .setScenario("full-rollback")
                        .build());
        answered("paused", 5);
        commanded("paused", new PauseRollback("stopped"));
        incident("paused", "f1");
    }

    private void canBeUndone() {
        commanded(
                "undoable",
                StartRollback.newBuilder()
                        .setRollbackId("done")
                        .setScenario("full-rollback")
                        .build());
        answered("undoable", Integer.MAX_VALUE);
    }

    private static FoundRestorePoint found() {
        var taken = Instant.parse("2026-03-01T00:00:00Z");
        return FoundRestorePoint.newBuilder()
                .setRestorePointId("rb-new")
                .setDirectory("/var/backups/waiting/rb-new")
                .setTakenAt(taken)
                .setTakenBy("restore-point")
                .setFiles(3)
                .setBytes(100)
                .setVerifiedAt(taken)
                .build();
    }

    private static SpecificRecord catalogued() {
        return CataloguedRestorePoint.newBuilder()
                .setPlatform("waiting")
                .setRestorePoint(found())
                .setAt(Instant.parse("2026-03-01T00:00:00Z"))
                .setManifestSha256("00")
                .setManifestSize(2)
                .setManifest(ByteBuffer.wrap(new byte[] {1, 2}))
                .build();
    }

    private static SpecificRecord finding(StepCommand command) {
        SpecificRecord result = switch (command.getStepId()) {
            case "git.verify-target" ->
                new TargetVerified("4f2a91c", 1, List.of(), List.of("services/api/main.py"), List.of(), List.of());
            case "backup.find-restore-points" ->
                RestorePointsFound.newBuilder()
                        .setRestorePoints(List.of(found()))
                        .setPassedOver(List.of())
                        .build();
            default -> null;
        };
        return result == null ? done() : new StepDone(new StepResult(result), "found", false);
    }

    private List<StepCommand> sent(String platform) {
        return commands.stream()
                .filter(command -> command.getPlatform().equals(platform))
                .toList();
    }

    /** Workers answer so many steps, or all. */
    private void answered(String platform, int steps) {
        for (int i = 0; i < steps && !sent(platform).isEmpty(); i++) {
            var command = sent(platform).getFirst();
            commands.remove(command);
            if (command.getCommand() instanceof ExecuteStep) {
                report(command, finding(command));
            }
        }
    }

    private void incident(String platform, String fingerprint) {
        pipe(TOPICS.incidents().name(), null, alert(platform, fingerprint, "firing"));
    }

    private void commanded(String platform, SpecificRecord command) {
        pipe(
                TOPICS.operatorCommands().name(),
                platform,
                OperatorCommand.newBuilder()
                        .setCommandId("c" + ++ids)
                        .setPlatform(platform)
                        .setOperator("ada")
                        .setAt(Instant.EPOCH)
                        .setCommand(command)
                        .build());
    }

    private void report(StepCommand command, SpecificRecord event) {
        pipe(TOPICS.stepEvents().name(), command.getPlatform(), WholeTopology.said(command, event, Instant.EPOCH));
    }

    private void pipe(String topic, String key, SpecificRecord value) {
        pipe(topic, key, serde().serializer().serialize(topic, value));
    }

    private void pipe(String topic, String key, byte[] value) {
        driver.createInputTopic(topic, new StringSerializer(), new ByteArraySerializer())
                .pipeInput(key, value);
        keep(topic, key, value);
        gather();
        // So that what is said of the time is said.
        driver.advanceWallClockTime(Duration.ofSeconds(1));
        gather();
    }

    private void gather() {
        for (var topic : new TreeSet<>(driver.producedTopicNames())) {
            driver.createOutputTopic(topic, new StringDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList()
                    .forEach(record -> {
                        keep(topic, record.key(), record.value());
                        if (topic.contains("commands.")) {
                            commands.add(
                                    this.<StepCommand>serde().deserializer().deserialize(topic, record.value()));
                        }
                    });
        }
    }

    private void keep(String topic, String key, byte[] value) {
        boolean compacted =
                topic.endsWith("-changelog") || topic.equals(TOPICS.status().name());
        if (value == null) {
            newest.remove(topic + " " + key);
            return;
        }
        var record = new GenericData.Record(RECORD);
        record.put("topic", topic);
        record.put("key", key);
        record.put("value", ByteBuffer.wrap(value));
        if (compacted) {
            newest.put(topic + " " + key, record);
        } else {
            kept.add(record);
        }
    }

    private void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        kept.addAll(newest.values());
        save(folder.resolve("records.avro").toFile(), RECORD, kept);
        save(folder.resolve("schemas.avro").toFile(), TEXT, registry.schemas());
    }

    private static <T> void save(File file, Schema schema, Collection<T> data) throws IOException {
        try (var writer = new DataFileWriter<T>(new GenericDatumWriter<>(schema))) {
            writer.setCodec(CodecFactory.deflateCodec(9))
                    .setSyncInterval(1 << 24)
                    .create(schema, file);
            for (var each : data) {
                writer.append(each);
            }
        }
    }
}
