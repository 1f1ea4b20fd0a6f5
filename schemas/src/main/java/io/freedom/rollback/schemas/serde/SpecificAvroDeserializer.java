package io.freedom.rollback.schemas.serde;

import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads records whatever version of the schema wrote them, into the generated class of this release. Thread-safe.
 *
 * <p>Throws {@link UnreadableRecordException} for bytes that will never be readable, {@link UnknownRecordException} for a
 * record that only a later release knows, and {@link RegistryUnavailableException} while the registry cannot be asked.
 * Hostile bytes cannot claim more memory than the record's length allows: Avro compares every length it reads with the
 * bytes that are left.
 */
public final class SpecificAvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {
    static {
        TrustedSchemas.trust();
    }

    /** @param strange whether the writer has records that this release lacks */
    private record Reading<T>(DatumReader<T> reader, boolean strange) {}

    private final Map<Integer, Reading<T>> readings = new ConcurrentHashMap<>();
    private @Nullable RegistryClient registry;
    private boolean ownsRegistry;
    private @Nullable Class<?> type;

    /** For {@link #configure}; reads into the class that the writer's schema names. */
    public SpecificAvroDeserializer() {}

    /** Ready to use; the caller closes the client. A record of any other type is unreadable. */
    public SpecificAvroDeserializer(RegistryClient registry, Class<T> type) {
        this.registry = registry;
        this.type = type;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        RegistrySettings settings = new RegistrySettings(configs);
        if (type == null) {
            this.type = settings.type(isKey);
        }
        if (registry == null) {
            this.registry = settings.connect();
            this.ownsRegistry = true;
        }
    }

    @Override
    public @Nullable T deserialize(String topic, byte @Nullable [] data) {
        if (data == null) {
            return null;
        }
        if (data.length < WireFormat.HEADER_BYTES || data[0] != WireFormat.MAGIC) {
            throw new UnreadableRecordException(
                    ("A record of topic %s (%d bytes) does not begin with a 0 and a schema id: its producer must use the"
                                    + " Confluent Avro wire format.")
                            .formatted(topic, data.length),
                    null);
        }
        int id = WireFormat.schemaId(data);
        @Nullable Reading<T> reading = readings.get(id);
        if (reading == null) {
            reading = readingOf(topic, id);
            readings.put(id, reading);
        }
        T datum = decoded(topic, id, reading, data);
        if (reading.strange()) {
            refuseUnknown(topic, datum);
        }
        return datum;
    }

    private void refuseUnknown(String topic, T datum) {
        UnknownBranches.firstIn(datum).ifPresent(unknown -> {
            throw new UnknownRecordException(
                    "A %s of topic %s holds a %s, which this release does not know: upgrade this program."
                            .formatted(datum.getSchema().getName(), topic, unknown),
                    unknown,
                    datum);
        });
    }

    private T decoded(String topic, int id, Reading<T> reading, byte[] data) {
        try {
            BinaryDecoder body = DecoderFactory.get()
                    .binaryDecoder(data, WireFormat.HEADER_BYTES, data.length - WireFormat.HEADER_BYTES, null);
            T datum = reading.reader().read(null, body);
            if (!body.isEnd()) {
                throw new IOException(body.remainingBytes() + " bytes are left over");
            }
            return datum;
        } catch (IOException | RuntimeException | StackOverflowError e) {
            // Avro meets broken bytes with nearly every kind of exception; none of them can be mended by trying again.
            throw new UnreadableRecordException(
                    "A record of topic %s is not what schema %d at %s says (%s): %slook at its producer."
                            .formatted(
                                    topic,
                                    id,
                                    client().address(),
                                    said(e),
                                    reading.strange() ? "upgrade this program, which is older, or " : ""),
                    e);
        }
    }

    private Reading<T> readingOf(String topic, int id) {
        Schema writer = writerSchema(topic, id);
        Schema reader = readerSchema(topic, writer);
        Schema extended;
        try {
            extended = UnknownBranches.addedTo(reader, writer);
        } catch (AvroRuntimeException e) {
            throw new UnreadableRecordException(
                    "Schema %d of a record of topic %s, from %s, cannot be read as %s (%s): look at its producer."
                            .formatted(
                                    Integer.toUnsignedLong(id),
                                    topic,
                                    client().address(),
                                    reader.getFullName(),
                                    said(e)),
                    e);
        }
        return extended == reader
                ? new Reading<>(new SpecificDatumReader<>(writer, reader), false)
                : new Reading<>(new SpecificDatumReader<>(writer, extended, UnknownBranches.model(reader)), true);
    }

    private Schema writerSchema(String topic, int id) {
        RegistryClient client = client();
        Optional<Schema> schema;
        try {
            schema = client.schema(id);
        } catch (SchemaParseException e) {
            throw new UnreadableRecordException(
                    "Schema %d of a record of topic %s, from %s, is not a readable Avro schema (%s): look at its producer."
                            .formatted(Integer.toUnsignedLong(id), topic, client.address(), said(e)),
                    e);
        }
        return schema.orElseThrow(() -> new UnreadableRecordException(
                ("A record of topic %s names schema %d, which the registry at %s does not know: its producer used another"
                                + " registry, or the registry lost its data.")
                        .formatted(topic, Integer.toUnsignedLong(id), client.address()),
                null));
    }

    private Schema readerSchema(String topic, Schema writer) {
        @Nullable Class<?> target = type == null ? generated(writer) : type;
        if (target == null || !SpecificRecord.class.isAssignableFrom(target)) {
            throw new UnreadableRecordException(
                    "A record of topic %s is a %s, for which this release has no class: upgrade this service, or look at its producer."
                            .formatted(topic, writer.getFullName()),
                    null);
        }
        Schema reader = SpecificData.get().getSchema(target);
        if (!reader.getFullName().equals(writer.getFullName())) {
            // Avro alone would take any record with the same fields, whatever its name.
            throw new UnreadableRecordException(
                    "A record of topic %s is a %s where a %s belongs: look at its producer."
                            .formatted(topic, writer.getFullName(), reader.getFullName()),
                    null);
        }
        return reader;
    }

    private static @Nullable Class<?> generated(Schema writer) {
        try {
            return writer.getType() == Schema.Type.RECORD ? SpecificData.get().getClass(writer) : null;
        } catch (SecurityException e) {
            return null;
        }
    }

    private static String said(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
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
