package io.freedom.rollback.schemas.serde;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.ReturnToPrevious;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.registry.RecordingRegistry;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a later release writes, read by this one. The later action has the very fields of ReturnToPrevious. */
class UnknownRecordTest {
    private static final String LATER_ACTION = """
            {"type":"record","name":"%s",
             "fields":[{"name":"workTree","type":"string"}]},""";
    private static final String ACTIONS = "\"name\":\"action\",\"type\":[";

    private RecordingRegistry registry;
    private RegistryClient client;

    @BeforeEach
    void start() throws IOException {
        registry = new RecordingRegistry();
        client = RegistryClient.at(registry.url());
    }

    @AfterEach
    void stop() {
        client.close();
        registry.close();
    }

    @Test
    void avroAloneTakesAnUnknownActionForAnotherOne() throws IOException {
        Schema later = withAction("io.freedom.rollback.schemas.action.WipeWorkTree");
        byte[] bytes = command(later, "WipeWorkTree");

        StepCommand misread = new SpecificDatumReader<StepCommand>(later, StepCommand.getClassSchema())
                .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));

        assertThat(action(misread)).isInstanceOf(ReturnToPrevious.class);
    }

    @Test
    void namesTheUnknownActionAndSaysWhoseStepItIs() {
        byte[] bytes = command(withAction("io.freedom.rollback.schemas.action.WipeWorkTree"), "WipeWorkTree");

        assertThatThrownBy(() -> read(StepCommand.class, bytes))
                .isInstanceOfSatisfying(UnknownRecordException.class, e -> {
                    assertThat(e).hasMessageContaining("WipeWorkTree").hasMessageContaining("upgrade this program");
                    assertThat(e.unknown()).isEqualTo("WipeWorkTree");
                    assertThat(e.known()).isInstanceOfSatisfying(StepCommand.class, command -> {
                        assertThat(command.getStepId()).isEqualTo("git.wipe");
                        assertThat(command.getAt()).isEqualTo(Instant.ofEpochMilli(1_000));
                        assertThat(action(command)).isNotInstanceOf(SpecificRecord.class);
                    });
                });
    }

    @Test
    void anUnknownActionWithTheNameOfAKnownRecordOfAnotherPlaceIsUnknownToo() {
        // There is a class for it, but it is a command of operators.
        Schema later = withAction("io.freedom.rollback.schemas.operator.AbortRollback");
        assertThatThrownBy(() -> read(StepCommand.class, command(later, "AbortRollback")))
                .isInstanceOfSatisfying(
                        UnknownRecordException.class,
                        e -> assertThat(e.unknown()).isEqualTo("AbortRollback"));
    }

    @Test
    void readsTheKnownActionsOfALaterRelease() {
        Schema later = withAction("io.freedom.rollback.schemas.action.WipeWorkTree");

        StepCommand command = read(StepCommand.class, command(later, "ReturnToPrevious"));

        assertThat(action(command)).isEqualTo(new ReturnToPrevious("/srv/freedom"));
        assertThat(read(StepCommand.class, command(later, "ReturnToPrevious"))).isEqualTo(command);
        assertThat(command.getSchema()).isSameAs(StepCommand.getClassSchema());
        assertThat(registry.requests())
                .as("asked once in all, with two readers")
                .hasSize(1);
    }

    @Test
    void anUnknownEventOfTheHistoryIsNotTakenForAnother() {
        // It has the very fields of CommandRejected.
        Schema later = changed(HistoryEvent.getClassSchema(), "\"name\":\"event\",\"type\":[", """
                {"type":"record","name":"RollbackPostponed","fields":[{"name":"reason","type":"string"}]},""");
        knows(later);
        Schema event = branch(later.getField("event").schema(), "RollbackPostponed");
        byte[] bytes = GenericBytes.of(1, later, record -> {
            record.put("platform", "freedom");
            record.put("sequence", 1L);
            record.put("at", 1_000L);
            record.put("previousHash", "");
            record.put("hash", "");
            record.put("event", record(event, Map.of("reason", "asked for by ada")));
        });

        assertThatThrownBy(() -> read(HistoryEvent.class, bytes))
                .isInstanceOf(UnknownRecordException.class)
                .hasMessageContaining("HistoryEvent of topic any holds a RollbackPostponed");
    }

    private Schema withAction(String name) {
        Schema later = changed(StepCommand.getClassSchema(), ACTIONS, LATER_ACTION.formatted(name));
        knows(later);
        return later;
    }

    private void knows(Schema schema) {
        String text = schema.toString().replace("\\", "\\\\").replace("\"", "\\\"");
        registry.answer("GET /schemas/ids/1", 200, "{\"schema\":\"" + text + "\"}");
    }

    private static Schema changed(Schema schema, String before, String added) {
        String json = schema.toString();
        assertThat(json).containsOnlyOnce(before);
        return new Schema.Parser().parse(json.replace(before, before + added));
    }

    private static byte[] command(Schema schema, String action) {
        Schema execute = branch(schema.getField("command").schema(), "ExecuteStep");
        Schema stepAction = execute.getField("action").schema();
        Schema chosen = branch(stepAction.getField("action").schema(), action);
        return GenericBytes.of(1, schema, record -> {
            record.put("platform", "freedom");
            record.put("site", "local");
            record.put("rollbackId", "rb-1");
            record.put("stepId", "git.wipe");
            record.put("attempt", 1);
            record.put("compensation", false);
            record.put("at", 1_000L);
            GenericRecord does =
                    record(stepAction, Map.of("action", record(chosen, Map.of("workTree", "/srv/freedom"))));
            record.put("command", record(execute, Map.of("action", does, "inputs", List.of(), "deadline", 2_000L)));
        });
    }

    private static GenericRecord record(Schema schema, Map<String, Object> fields) {
        GenericRecord record = new GenericData.Record(schema);
        fields.forEach(record::put);
        return record;
    }

    private static Schema branch(Schema union, String name) {
        return union.getTypes().stream()
                .filter(type -> type.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Object action(StepCommand command) {
        return ((ExecuteStep) command.getCommand()).getAction().getAction();
    }

    private <T extends SpecificRecord> T read(Class<T> type, byte[] bytes) {
        return requireNonNull(new SpecificAvroDeserializer<>(client, type).deserialize("any", bytes));
    }
}
