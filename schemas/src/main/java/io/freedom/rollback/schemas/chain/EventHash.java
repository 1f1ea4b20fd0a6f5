package io.freedom.rollback.schemas.chain;

import io.freedom.rollback.schemas.history.HistoryEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/**
 * The hash that seals an event: SHA-256 over the previous hash and the event's content without its own. The content is
 * what a reader has, not how a writer wrote it: maps have no order, and a field that has its default counts as absent, so
 * events of an earlier release keep their hash when the schema gains fields.
 */
public final class EventHash {
    private EventHash() {}

    /** What the hash of this event must be, hex; the one that it carries does not matter. */
    public static String of(HistoryEvent event) {
        try {
            var bytes = new ByteArrayOutputStream(512);
            var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
            new ContentWriter().write(HistoryEvent.newBuilder(event).setHash("").build(), encoder);
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(event.getPreviousHash().getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest.digest(bytes.toByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** Avro's encoding, but with each field's name before it and an empty name behind the last. */
    private static final class ContentWriter extends SpecificDatumWriter<HistoryEvent> {
        ContentWriter() {
            super(HistoryEvent.class);
        }

        @Override
        protected void writeRecord(Schema schema, Object datum, Encoder out) throws IOException {
            for (var field : schema.getFields()) {
                if (!hasDefault(datum, field)) {
                    out.writeString(field.name());
                    writeField(datum, field, out, null);
                }
            }
            out.writeString("");
        }

        private boolean hasDefault(Object datum, Schema.Field field) {
            return field.hasDefaultValue()
                    && Objects.equals(
                            getData().getField(datum, field.name(), field.pos()),
                            getData().getDefaultValue(field));
        }

        @Override
        protected Iterable<Map.Entry<Object, Object>> getMapEntries(Object map) {
            return ((Map<?, ?>) map)
                    .entrySet().stream()
                            .sorted(Comparator.comparing(entry -> entry.getKey().toString()))
                            .map(entry -> Map.<Object, Object>entry(entry.getKey(), entry.getValue()))
                            .toList();
        }
    }
}
