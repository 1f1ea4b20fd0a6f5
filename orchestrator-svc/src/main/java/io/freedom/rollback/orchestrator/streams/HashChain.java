package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Instant;
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
        return HistoryEvent.newBuilder(unsealed).setHash(EventHash.of(unsealed)).build();
    }
}
