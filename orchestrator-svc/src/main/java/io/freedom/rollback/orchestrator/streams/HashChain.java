package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.schemas.history.HistoryEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The end of one chain of history events: each event's hash covers its content and the hash before.
 *
 * @param sequence number of the last event; 0 before the first
 * @param lastHash hash of the last event, hex; empty before the first
 */
record HashChain(long sequence, String lastHash) {
    static final HashChain EMPTY = new HashChain(0, "");

    static HashChain endingWith(HistoryEvent event) {
        return new HashChain(event.getSequence(), event.getHash());
    }

    HistoryEvent next(
            String platform, @Nullable String rollbackId, Instant at, @Nullable String cause, SpecificRecord fact) {
        var unsealed = HistoryEvent.newBuilder()
                .setPlatform(platform)
                .setRollbackId(rollbackId)
                .setSequence(sequence + 1)
                .setAt(at)
                .setCause(cause)
                .setPreviousHash(lastHash)
                .setHash("")
                .setEvent(fact)
                .build();
        return HistoryEvent.newBuilder(unsealed).setHash(hash(unsealed)).build();
    }

    /** SHA-256 over the previous hash and the Avro encoding of the event without its own hash. */
    private static String hash(HistoryEvent unsealed) {
        try {
            var bytes = new ByteArrayOutputStream(512);
            var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
            new SpecificDatumWriter<>(HistoryEvent.class).write(unsealed, encoder);
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(unsealed.getPreviousHash().getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest.digest(bytes.toByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
