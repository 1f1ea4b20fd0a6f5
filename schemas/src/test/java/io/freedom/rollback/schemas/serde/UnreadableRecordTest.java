package io.freedom.rollback.schemas.serde;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.registry.RecordingRegistry;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.step.StepCommand;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UnreadableRecordTest {
    private static final byte[] LONG_MAX_VALUE = {-2, -1, -1, -1, -1, -1, -1, -1, -1, 1};
    private static final byte[] TWO_BILLION = {-2, -1, -1, -1, 15};

    private RecordingRegistry registry;
    private RegistryClient client;

    @BeforeEach
    void start() throws IOException {
        registry = new RecordingRegistry();
        client = RegistryClient.at(registry.url());
        schema(1, Incident.getClassSchema());
        schema(2, StepCommand.getClassSchema());
    }

    @AfterEach
    void stop() {
        client.close();
        registry.close();
    }

    @Test
    void tooShortOrWithoutMagicByte() {
        for (byte[] bytes : new byte[][] {{}, {0, 0, 0, 1}, "{\"receiver\":\"x\"}".getBytes(StandardCharsets.UTF_8)}) {
            assertUnreadable(bytes, "does not begin with a 0 and a schema id");
        }
        assertThat(registry.requests()).isEmpty();
    }

    @Test
    void namesASchemaThatTheRegistryDoesNotKnow() {
        assertUnreadable(new byte[] {0, 0, 0, 0, 99, 1}, "schema 99");
        assertUnreadable(new byte[] {0, -1, -1, -1, -1, 1}, "schema 4294967295");
    }

    @Test
    void namesAnotherTypeThanBelongsInTheTopic() {
        schema(3, OperatorCommand.getClassSchema());
        assertUnreadable(new byte[] {0, 0, 0, 0, 3, 0}, "OperatorCommand where a");
    }

    @Test
    void namesASchemaThatCannotBeParsedOrIsNotAvro() {
        registry.answer("GET /schemas/ids/4", 200, "{\"schema\":\"{\\\"type\\\":\\\"nonsense\\\"}\"}");
        registry.answer("GET /schemas/ids/5", 200, "{\"schemaType\":\"JSON\",\"schema\":\"{}\"}");
        assertUnreadable(new byte[] {0, 0, 0, 0, 4, 0}, "not a readable Avro schema");
        assertUnreadable(new byte[] {0, 0, 0, 0, 5, 0}, "not a readable Avro schema");
    }

    @Test
    void isCutOffOrTooLong() {
        byte[] good =
                requireNonNull(new SpecificAvroSerializer<Incident>(client).serialize("Incident", Examples.incident()));
        for (int length = 5; length < good.length; length++) {
            assertUnreadable(Arrays.copyOf(good, length), "look at its producer");
        }
        assertUnreadable(Arrays.copyOf(good, good.length + 1), "1 bytes are left over");
    }

    @Test
    void namesAClassThatIsNoneOfOursWithoutLoadingIt() {
        registry.answer(
                "GET /schemas/ids/6",
                200,
                "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"ProcessBuilder\\\",\\\"namespace\\\":\\\"java.lang\\\",\\\"fields\\\":[]}\"}");
        try (SpecificAvroDeserializer<Incident> anyType = new SpecificAvroDeserializer<>()) {
            anyType.configure(Map.of("schema.registry.url", registry.url()), false);
            assertThatThrownBy(() -> anyType.deserialize("incidents", new byte[] {0, 0, 0, 0, 6}))
                    .isInstanceOf(UnreadableRecordException.class)
                    .hasMessageContaining("java.lang.ProcessBuilder");
        }
    }

    @Test
    void hostileLengthsClaimNoMemoryThatTheRecordDoesNotHave() {
        byte[] text = concat(new byte[] {0, 0, 0, 0, 1}, TWO_BILLION);
        byte[] hugeText = concat(new byte[] {0, 0, 0, 0, 1}, LONG_MAX_VALUE);
        // incidentId, platform, class, status, fingerprint, beganAt, summary, then the map's entries.
        byte[] map = concat(new byte[] {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, TWO_BILLION);

        for (byte[] bytes : new byte[][] {text, hugeText, map}) {
            long before = allocated();
            assertUnreadable(bytes, "look at its producer");
            assertThat(allocated() - before).isLessThan(2L << 20);
        }
    }

    @Test
    void arbitraryDamageIsUnreadableOrReadableButNeverAnythingElse() {
        SpecificAvroDeserializer<StepCommand> deserializer = new SpecificAvroDeserializer<>(client, StepCommand.class);
        byte[] good = requireNonNull(
                new SpecificAvroSerializer<StepCommand>(client).serialize("StepCommand", Examples.command()));
        Random random = new Random(42);
        long before = allocated();
        int unreadable = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = good.clone();
            for (int flips = 0; flips <= i % 4; flips++) {
                damaged[5 + random.nextInt(damaged.length - 5)] = (byte) random.nextInt();
            }
            try {
                deserializer.deserialize("commands", damaged);
            } catch (UnreadableRecordException e) {
                unreadable++;
            }
        }
        assertThat(unreadable).isGreaterThan(1_000);
        assertThat((allocated() - before) / 20_000).isLessThan(64L << 10);
    }

    private void assertUnreadable(byte[] bytes, String message) {
        assertThatThrownBy(() -> new SpecificAvroDeserializer<>(client, Incident.class).deserialize("incidents", bytes))
                .isInstanceOf(UnreadableRecordException.class)
                .hasMessageContaining("incidents")
                .hasMessageContaining(message);
    }

    private void schema(int id, Schema schema) {
        String text = schema.toString().replace("\\", "\\\\").replace("\"", "\\\"");
        registry.answer("GET /schemas/ids/" + id, 200, "{\"schema\":\"" + text + "\"}");
        registry.answer("POST /subjects/" + schema.getName() + "-value/versions", 200, "{\"id\":" + id + "}");
    }

    private static byte[] concat(byte[] head, byte[] tail) {
        byte[] both = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, both, head.length, tail.length);
        return both;
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
