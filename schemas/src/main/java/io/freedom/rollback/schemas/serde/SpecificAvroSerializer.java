package io.freedom.rollback.schemas.serde;

import io.freedom.rollback.schemas.registry.RegisteredSchema;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.SchemaRefusedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** Writes generated records; registers their schema under {@code <topic>-value} or {@code <topic>-key}. Thread-safe. */
public final class SpecificAvroSerializer<T extends SpecificRecord> implements Serializer<T> {
    private static final int MAX_INITIAL_BYTES = 1 << 16;

    static {
        TrustedSchemas.trust();
    }

    private record Destination(String topic, Schema schema) {}

    private record Writing<T>(int id, SpecificDatumWriter<T> writer) {}

    private final Map<Destination, Writing<T>> writings = new ConcurrentHashMap<>();
    private @Nullable RegistryClient registry;
    private boolean ownsRegistry;
    private boolean isKey;
    private boolean autoRegister = true;
    private boolean useLatest;
    private int lastLength = 512;

    /** For {@link #configure}. */
    public SpecificAvroSerializer() {}

    /** For values, ready to use; the caller closes the client. */
    public SpecificAvroSerializer(RegistryClient registry) {
        this.registry = registry;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        RegistrySettings settings = new RegistrySettings(configs);
        this.isKey = isKey;
        this.autoRegister = settings.flag(RegistrySettings.AUTO_REGISTER, true);
        this.useLatest = settings.flag(RegistrySettings.USE_LATEST, false);
        if (registry == null) {
            this.registry = settings.connect();
            this.ownsRegistry = true;
        }
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable T data) {
        if (data == null) {
            return null;
        }
        Destination destination = new Destination(topic, data.getSchema());
        @Nullable Writing<T> writing = writings.get(destination);
        if (writing == null) {
            writing = new Writing<>(schemaId(destination), new SpecificDatumWriter<>(destination.schema()));
            writings.put(destination, writing);
        }
        return encoded(destination, writing, data);
    }

    private byte[] encoded(Destination destination, Writing<T> writing, T data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.min(lastLength + 64, MAX_INITIAL_BYTES));
        int id = writing.id();
        out.write(WireFormat.MAGIC);
        out.write(id >>> 24);
        out.write(id >>> 16);
        out.write(id >>> 8);
        out.write(id);
        try {
            BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
            writing.writer().write(data, encoder);
            encoder.flush();
        } catch (IOException | AvroRuntimeException | NullPointerException | ClassCastException e) {
            // Avro reports a missing field as NullPointerException and a wrong one as ClassCastException.
            throw new SerializationException(
                    "A %s for topic %s cannot be written: %s. Fill its fields as the schema says."
                            .formatted(destination.schema().getFullName(), destination.topic(), e.getMessage()),
                    e);
        }
        lastLength = out.size();
        return out.toByteArray();
    }

    private int schemaId(Destination destination) {
        RegistryClient client = client();
        String subject = WireFormat.subject(destination.topic(), isKey);
        if (useLatest) {
            return latestId(client, subject, destination.schema());
        }
        return autoRegister
                ? client.register(subject, destination.schema())
                : client.idOf(subject, destination.schema());
    }

    private static int latestId(RegistryClient client, String subject, Schema schema) {
        // Bytes written with one schema and labelled with another would be read as something else.
        return client.latest(subject)
                .filter(latest -> latest.schema().equals(schema))
                .map(RegisteredSchema::id)
                .orElseThrow(() -> new SchemaRefusedException(
                        ("The latest version of subject %s at %s is not this program's %s: register the schema of this"
                                        + " release, or set use.latest.version=false.")
                                .formatted(subject, client.address(), schema.getFullName())));
    }

    private RegistryClient client() {
        if (registry == null) {
            throw new IllegalStateException("Call configure with schema.registry.url before the first record");
        }
        return registry;
    }

    @Override
    public void close() {
        if (ownsRegistry && registry != null) {
            registry.close();
        }
    }
}
