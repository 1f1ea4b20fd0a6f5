package io.freedom.rollback.schemas.serde;

import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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
 * <p>Throws {@link UnreadableRecordException} for bytes that will never be readable and
 * {@link RegistryUnavailableException} while the registry cannot be asked. Hostile bytes cannot claim more memory than
 * the record's length allows: Avro compares every length it reads with the bytes that are left.
 */
public final class SpecificAvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {
    static {
        TrustedSchemas.trust();
    }

    private final Map<Integer, DatumReader<T>> readers = new ConcurrentHashMap<>();
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
        @Nullable DatumReader<T> reader = readers.get(id);
        if (reader == null) {
            reader = readerOf(topic, id);
            readers.put(id, reader);
        }
        return decoded(topic, id, reader, data);
    }

    private T decoded(String topic, int id, DatumReader<T> reader, byte[] data) {
        try {
            BinaryDecoder body = DecoderFactory.get()
                    .binaryDecoder(data, WireFormat.HEADER_BYTES, data.length - WireFormat.HEADER_BYTES, null);
            T datum = reader.read(null, body);
            if (!body.isEnd()) {
                throw new IOException(body.remainingBytes() + " bytes are left over");
            }
            return datum;
        } catch (IOException | RuntimeException | StackOverflowError e) {
            // Avro meets broken bytes with nearly every kind of exception; none of them can be mended by trying again.
            throw new UnreadableRecordException(
                    "A record of topic %s is not what schema %d at %s says (%s): look at its producer."
                            .formatted(topic, id, client().address(), said(e)),
                    e);
        }
    }

    private DatumReader<T> readerOf(String topic, int id) {
        Schema writer = writerSchema(topic, id);
        return new SpecificDatumReader<>(writer, readerSchema(topic, writer));
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
