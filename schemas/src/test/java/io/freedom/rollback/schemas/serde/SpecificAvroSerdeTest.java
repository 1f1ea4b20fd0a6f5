package io.freedom.rollback.schemas.serde;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.registry.RecordingRegistry;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import io.freedom.rollback.schemas.registry.SchemaRefusedException;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.StepCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SpecificAvroSerdeTest {
    private static final int ID = 0x01020304;

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
    void writesConfluentsWireFormatAndReadsItBack() {
        knows("incidents-value", Incident.getClassSchema());

        byte[] bytes = bytes("incidents", Examples.incident());

        assertThat(bytes).startsWith(0, 1, 2, 3, 4);
        assertThat(read(Incident.class, "incidents", bytes)).isEqualTo(Examples.incident());
    }

    @Test
    void readsBackTimesUnionsAndNestedRecords() {
        knows("commands-value", StepCommand.getClassSchema());
        assertThat(read(StepCommand.class, "commands", bytes("commands", Examples.command())))
                .isEqualTo(Examples.command());
        knows("status-value", RollbackStatus.getClassSchema());
        try (RegistryClient other = RegistryClient.at(registry.url())) {
            SpecificAvroSerde<RollbackStatus> serde = new SpecificAvroSerde<>(other, RollbackStatus.class);
            byte[] bytes = serde.serializer().serialize("status", Examples.status());
            RollbackStatus status = requireNonNull(serde.deserializer().deserialize("status", bytes));
            // Avro's lists cannot compare nullable times, their elements can.
            assertThat(new ArrayList<>(status.getSteps()))
                    .isEqualTo(Examples.status().getSteps());
            assertThat(status.getDownSince()).isEqualTo(Examples.status().getDownSince());
            assertThat(status).hasToString(Examples.status().toString());
        }
    }

    @Test
    void asksTheRegistryOnceForEachDirection() {
        knows("incidents-value", Incident.getClassSchema());

        for (int i = 0; i < 10; i++) {
            read(Incident.class, "incidents", bytes("incidents", Examples.incident()));
        }

        assertThat(registry.requests())
                .containsExactly("POST /subjects/incidents-value/versions", "GET /schemas/ids/" + ID);
    }

    @Test
    void aTombstoneStaysATombstone() {
        assertThat(new SpecificAvroSerializer<Incident>(client).serialize("incidents", null))
                .isNull();
        assertThat(new SpecificAvroDeserializer<>(client, Incident.class).deserialize("incidents", null))
                .isNull();
        assertThat(registry.requests()).isEmpty();
    }

    @Test
    void readsWhatAnOlderReleaseWroteWithoutAFieldAddedSince() {
        Schema older = without(Incident.getClassSchema(), "evidence");
        registry.answer("GET /schemas/ids/" + ID, 200, schemaAnswer(older));
        byte[] bytes = GenericBytes.of(ID, older, record -> {
            record.put("incidentId", "i-1");
            record.put("platform", "freedom");
            record.put("incidentClass", GenericBytes.symbol(older, "incidentClass", "SECURITY_BREACH"));
            record.put("status", GenericBytes.symbol(older, "status", "FIRING"));
            record.put("fingerprint", "f");
            record.put("beganAt", 1_000L);
            record.put("summary", "s");
            record.put("source", "test");
        });

        Incident incident = read(Incident.class, "incidents", bytes);

        assertThat(incident.getEvidence()).isEmpty();
        assertThat(incident.getBeganAt().toEpochMilli()).isEqualTo(1_000);
        assertThat(incident.getSummary()).isEqualTo("s");
    }

    @Test
    void isConfiguredWithConfluentsKeys() {
        knows("incidents-key", Incident.getClassSchema());
        Map<String, Object> configs = Map.of(
                "schema.registry.url", "http://127.0.0.1:1," + registry.url(),
                "auto.register.schemas", "true",
                "specific.avro.reader", true,
                "basic.auth.credentials.source", "USER_INFO",
                "basic.auth.user.info", "me:secret");
        try (SpecificAvroSerde<Incident> serde = new SpecificAvroSerde<>()) {
            serde.configure(configs, true);

            byte[] bytes = serde.serializer().serialize("incidents", Examples.incident());

            assertThat(serde.deserializer().deserialize("incidents", bytes)).isEqualTo(Examples.incident());
        }
        assertThat(registry.credentials()).hasSize(2).allMatch(value -> value.startsWith("Basic "));
    }

    @Test
    void doesNotRegisterWhenToldNotTo() {
        try (SpecificAvroSerializer<Incident> serializer = new SpecificAvroSerializer<>()) {
            serializer.configure(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", false), false);

            assertThatThrownBy(() -> serializer.serialize("incidents", Examples.incident()))
                    .isInstanceOf(SchemaRefusedException.class)
                    .hasMessageContaining("auto.register.schemas=true");
            registry.answer("POST /subjects/incidents-value", 200, "{\"id\":" + ID + "}");
            assertThat(serializer.serialize("incidents", Examples.incident())).startsWith(0, 1, 2, 3, 4);
        }
        assertThat(registry.requests()).doesNotContain("POST /subjects/incidents-value/versions");
    }

    @Test
    void usesTheLatestVersionOnlyWhenItIsThisProgramsSchema() {
        try (SpecificAvroSerializer<Incident> serializer = new SpecificAvroSerializer<>()) {
            serializer.configure(Map.of("schema.registry.url", registry.url(), "use.latest.version", true), false);
            latest(without(Incident.getClassSchema(), "evidence"));
            assertThatThrownBy(() -> serializer.serialize("incidents", Examples.incident()))
                    .isInstanceOf(SchemaRefusedException.class)
                    .hasMessageContaining("use.latest.version=false");

            latest(Incident.getClassSchema());
            assertThat(serializer.serialize("incidents", Examples.incident())).startsWith(0, 1, 2, 3, 4);
        }
    }

    @Test
    void tellsAMissingUrlByItsKey() {
        try (SpecificAvroSerializer<Incident> serializer = new SpecificAvroSerializer<>()) {
            assertThatThrownBy(() -> serializer.configure(Map.of(), false))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("schema.registry.url");
        }
    }

    @Test
    void anAbsentRegistryIsToWaitForAndNotTheRecordsFault() {
        knows("incidents-value", Incident.getClassSchema());
        byte[] bytes = bytes("incidents", Examples.incident());
        registry.close();

        try (RegistryClient fresh = RegistryClient.at(registry.url())) {
            assertThatThrownBy(
                            () -> new SpecificAvroDeserializer<>(fresh, Incident.class).deserialize("incidents", bytes))
                    .isInstanceOf(RegistryUnavailableException.class)
                    .isNotInstanceOf(SerializationException.class)
                    .hasMessageContaining(registry.url());
        }
    }

    private void knows(String subject, Schema schema) {
        registry.answer("POST /subjects/" + subject + "/versions", 200, "{\"id\":" + ID + "}");
        registry.answer("GET /schemas/ids/" + ID, 200, schemaAnswer(schema));
    }

    private void latest(Schema schema) {
        String answer = schemaAnswer(schema).replaceFirst("\\{", "{\"id\":" + ID + ",\"version\":3,");
        registry.answer("GET /subjects/incidents-value/versions/latest", 200, answer);
    }

    private static String schemaAnswer(Schema schema) {
        return "{\"schema\":\"" + schema.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
    }

    private static Schema without(Schema schema, String field) {
        return Schema.createRecord(
                schema.getName(),
                null,
                schema.getNamespace(),
                false,
                schema.getFields().stream()
                        .filter(candidate -> !candidate.name().equals(field))
                        .map(candidate -> new Schema.Field(candidate, candidate.schema()))
                        .toList());
    }

    private <T extends SpecificRecord> byte[] bytes(String topic, T datum) {
        return requireNonNull(new SpecificAvroSerializer<T>(client).serialize(topic, datum));
    }

    private <T extends SpecificRecord> T read(Class<T> type, String topic, byte[] bytes) {
        return requireNonNull(new SpecificAvroDeserializer<>(client, type).deserialize(topic, bytes));
    }
}
