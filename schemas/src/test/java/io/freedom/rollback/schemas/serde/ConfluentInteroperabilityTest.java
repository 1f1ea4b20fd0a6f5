package io.freedom.rollback.schemas.serde;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.registry.ApicurioServer;
import io.freedom.rollback.schemas.registry.CompatibilityLevel;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.SchemaRefusedException;
import io.freedom.rollback.schemas.step.StepCommand;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.apache.avro.SchemaBuilder;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericData;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.formats.avro.registry.confluent.ConfluentSchemaRegistryCoder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Confluent's own registry client (inside Flink's, relocated) and a real Apicurio Registry between us and them. */
class ConfluentInteroperabilityTest {
    private static ApicurioServer server;
    private static RegistryClient ours;
    private static CachedSchemaRegistryClient theirs;

    @BeforeAll
    static void start() throws IOException {
        server = ApicurioServer.start();
        ours = RegistryClient.at(server.url());
        theirs = new CachedSchemaRegistryClient(server.url(), 100);
    }

    @AfterAll
    static void stop() throws IOException {
        theirs.close();
        ours.close();
        server.close();
    }

    @Test
    void theyReadWhatWeWrite() throws IOException {
        byte[] incident =
                requireNonNull(new SpecificAvroSerializer<Incident>(ours).serialize("theirs", Examples.incident()));
        byte[] command =
                requireNonNull(new SpecificAvroSerializer<StepCommand>(ours).serialize("commands", Examples.command()));

        GenericRecord theirIncident = readByThem(incident);
        GenericRecord theirCommand = readByThem(command);

        assertThat(theirIncident.get("summary")).hasToString("rows doubled — überall");
        assertThat(theirIncident.get("incidentClass")).hasToString("DATA_CORRUPTION");
        assertThat(theirIncident.get("beganAt"))
                .isEqualTo(Examples.incident().getBeganAt().toEpochMilli());
        assertThat(theirIncident.get("evidence")).hasToString("{severity=critical}");
        GenericRecord execute = (GenericRecord) theirCommand.get("command");
        assertThat(((GenericRecord) execute.get("action")).get("action").toString())
                .contains("docker-compose.yml");
    }

    @Test
    void weReadWhatTheyWrite() throws IOException {
        Schema schema = new Schema.Parser().parse(Incident.getClassSchema().toString());
        GenericRecord record = new GenericData.Record(schema);
        record.put("incidentId", "i-2");
        record.put("platform", "freedom");
        record.put(
                "incidentClass",
                new GenericData.EnumSymbol(schema.getField("incidentClass").schema(), "DEPLOYMENT_FAILURE"));
        record.put(
                "status", new GenericData.EnumSymbol(schema.getField("status").schema(), "FIRING"));
        record.put("fingerprint", "f");
        record.put("beganAt", 1_767_355_200_123L);
        record.put("summary", "does not start");
        record.put("evidence", Map.of("a", "b"));
        record.put("source", "flink");

        Incident read = requireNonNull(new SpecificAvroDeserializer<>(ours, Incident.class)
                .deserialize("ours", writtenByThem("ours-value", record)));

        assertThat(read.getIncidentClass()).isEqualTo(IncidentClass.DEPLOYMENT_FAILURE);
        assertThat(read.getBeganAt()).isEqualTo(Instant.parse("2026-01-02T12:00:00.123Z"));
        assertThat(read.getEvidence()).containsEntry("a", "b");
        assertThat(read.getSource()).isEqualTo("flink");
    }

    @Test
    void bothClientsSeeTheSameIdsAndVersions() throws Exception {
        int id = ours.register("same-value", Incident.getClassSchema());

        assertThat(theirs.getLatestSchemaMetadata("same-value").getId()).isEqualTo(id);
        assertThat(ours.latest("same-value")).hasValueSatisfying(latest -> {
            assertThat(latest.id()).isEqualTo(id);
            assertThat(latest.version()).isEqualTo(1);
            assertThat(latest.schema()).isEqualTo(Incident.getClassSchema());
        });
        assertThat(ours.idOf("same-value", Incident.getClassSchema())).isEqualTo(id);
        assertThat(ours.subjects()).contains("same-value");
        assertThat(ours.latest("absent-value")).isEmpty();
    }

    @Test
    void anUnknownIdIsUnreadable() {
        assertThatThrownBy(() -> new SpecificAvroDeserializer<>(ours, Incident.class)
                        .deserialize("incidents", new byte[] {0, 0x7f, 0, 0, 0, 0}))
                .isInstanceOf(UnreadableRecordException.class)
                .hasMessageContaining(server.url());
    }

    @Test
    void theRegistryRefusesAnIncompatibleVersion() {
        org.apache.avro.Schema number =
                SchemaBuilder.record("A").fields().requiredInt("a").endRecord();
        org.apache.avro.Schema text =
                SchemaBuilder.record("A").fields().requiredString("a").endRecord();
        ours.register("strict-value", number);
        ours.requireCompatibility("strict-value", CompatibilityLevel.FULL);

        assertThat(ours.isCompatible("strict-value", number)).isTrue();
        assertThat(ours.isCompatible("strict-value", text)).isFalse();
        assertThatThrownBy(() -> ours.register("strict-value", text))
                .isInstanceOf(SchemaRefusedException.class)
                .hasMessageContaining("strict-value");
        assertThatThrownBy(() -> ours.idOf("strict-value", text)).isInstanceOf(SchemaRefusedException.class);
    }

    private static GenericRecord readByThem(byte[] bytes) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        Schema writer = new ConfluentSchemaRegistryCoder(theirs).readSchema(in);
        return new GenericDatumReader<GenericRecord>(writer)
                .read(null, DecoderFactory.get().directBinaryDecoder(in, null));
    }

    private static byte[] writtenByThem(String subject, GenericRecord record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new ConfluentSchemaRegistryCoder(subject, theirs).writeSchema(record.getSchema(), out);
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }
}
