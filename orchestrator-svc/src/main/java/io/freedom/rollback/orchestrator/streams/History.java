package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Chains, stores and publishes facts. */
final class History {
    private final SagaStore store;
    private final Publisher publisher;

    History(SagaStore store, Publisher publisher) {
        this.store = store;
        this.publisher = publisher;
    }

    void add(Live live, @Nullable String cause, SpecificRecord fact, Instant now) {
        var platform = live.rollback.plan().getPlatform();
        var event = live.chain.next(platform, live.rollback.id(), now, cause, fact);
        live.chain = HashChain.endingWith(event);
        store.append(live.rollback.id(), event);
        publisher.history(event, now);
    }

    /** A fact of no rollback. Somebody asked for it. */
    void add(String platform, String cause, SpecificRecord fact, Instant now) {
        publisher.somebodyWaits();
        note(platform, cause, fact, now);
    }

    /** A fact of no rollback, which nobody waits for. */
    void note(String platform, String cause, SpecificRecord fact, Instant now) {
        var state = store.platform(platform);
        var event = new HashChain(state.getSequence(), state.getLastHash()).next(platform, null, now, cause, fact);
        store.put(Platforms.chained(state, event.getSequence(), event.getHash()));
        publisher.history(event, now);
    }
}
