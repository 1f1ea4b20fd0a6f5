package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.Transitions;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One rollback as its history tells it: its chain, and the fold of its events. Nothing counts after what is broken. */
final class RollbackStory {
    private final String platform;
    private final String id;
    private final String topic;
    /** Kafka has removed the beginning, as it was told to. */
    private final boolean truncated;

    private HashChain chain;
    private @Nullable Rollback state;
    private @Nullable RollbackEvent previous;
    private @Nullable Finding broken;

    /** @param mayBeTruncated the partition does not begin at its beginning any more */
    RollbackStory(HistoryEvent first, String topic, boolean mayBeTruncated) {
        platform = first.getPlatform();
        id = String.valueOf(first.getRollbackId());
        this.topic = topic;
        truncated = mayBeTruncated && first.getSequence() > 1;
        chain = truncated ? new HashChain(first.getSequence() - 1, first.getPreviousHash()) : HashChain.EMPTY;
    }

    void take(HistoryEvent event) {
        if (broken != null) {
            return;
        }
        var objection = event.getPlatform().equals(platform)
                ? chain.objection(event)
                : Optional.of("event " + event.getSequence() + " is of platform " + event.getPlatform() + ", not of "
                        + platform);
        if (objection.isPresent()) {
            broken = Finding.broken(platform, id, objection.get(), topic);
            return;
        }
        chain = HashChain.endingWith(event);
        if (!truncated) {
            HistoryMapper.fromAvro(id, event.getEvent())
                    .ifPresentOrElse(fact -> fold(fact, event), () -> changesNothing(event));
        }
    }

    private void fold(RollbackEvent fact, HistoryEvent event) {
        var objection =
                state == null ? Optional.<Transitions.Objection>empty() : Transitions.objection(state, fact, previous);
        if (objection.isPresent()) {
            var why = objection.get();
            impossible(event, why.promise() + " (" + why.found() + ")");
            return;
        }
        try {
            state = RollbackDecider.evolve(state, List.of(fact), event.getAt());
            previous = fact;
        } catch (RuntimeException e) { // what was written by others may be anything
            impossible(event, String.valueOf(e.getMessage()));
        }
    }

    private void changesNothing(HistoryEvent event) {
        if (state == null) {
            impossible(event, "a rollback begins with RollbackStarted");
        }
    }

    private void impossible(HistoryEvent event, String why) {
        var kind = event.getEvent().getClass().getSimpleName();
        broken = Finding.impossible(
                platform, id, "event " + event.getSequence() + ", " + kind + ", cannot come there: " + why);
    }

    String platform() {
        return platform;
    }

    String id() {
        return id;
    }

    boolean truncated() {
        return truncated;
    }

    HashChain chain() {
        return chain;
    }

    Optional<Finding> broken() {
        return Optional.ofNullable(broken);
    }

    /** Empty where the beginning is not kept, and before anything that changes it. */
    Optional<Rollback> state() {
        return Optional.ofNullable(state);
    }

    boolean runs() {
        return state != null && !state.finished();
    }
}
