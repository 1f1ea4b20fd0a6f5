package io.freedom.rollback.orchestrator.records;

import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The end of one chain of history events: each event's hash covers its content and the hash before.
 *
 * @param sequence number of the last event; 0 before the first
 * @param lastHash hash of the last event, hex; empty before the first
 */
public record HashChain(long sequence, String lastHash) {
    public static final HashChain EMPTY = new HashChain(0, "");

    public static HashChain endingWith(HistoryEvent event) {
        return new HashChain(event.getSequence(), event.getHash());
    }

    /** Why the event, as it is read, is not the one that was written next; empty where it is. */
    public Optional<String> objection(HistoryEvent event) {
        if (event.getSequence() <= sequence) {
            return Optional.of(
                    "event " + event.getSequence() + " comes after event " + sequence + ", twice or out of order");
        }
        if (event.getSequence() != sequence + 1) {
            return Optional.of(missing(event.getSequence() - 1)
                    + (sequence == 0
                            ? ": it begins with event " + event.getSequence()
                            : ": event " + event.getSequence() + " follows event " + sequence));
        }
        return event.getPreviousHash().equals(lastHash)
                ? seal(event)
                : Optional.of("event " + event.getSequence()
                        + " does not carry the hash of the event before: one of the two was altered");
    }

    private String missing(long last) {
        return last == sequence + 1
                ? "event " + last + " is missing"
                : "events " + (sequence + 1) + " to " + last + " are missing";
    }

    /** What speaks against the content of the event alone, wherever it stands. */
    public static Optional<String> seal(HistoryEvent event) {
        return EventHash.of(event).equals(event.getHash())
                ? Optional.empty()
                : Optional.of(
                        "event " + event.getSequence() + " does not match its hash: it was altered, or written by a"
                                + " release whose events this one cannot read in full");
    }

    public HistoryEvent next(
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
