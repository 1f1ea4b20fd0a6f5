package io.freedom.rollback.ctl.view;

import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the history is whole: in each chain the numbers follow each other, each event names the one before, and its
 * content is what was sealed.
 */
public final class Chains {
    private final Map<String, HashChain> last = new HashMap<>();

    /** What is wrong with this event, given those before it. The first event seen of a chain may be any. */
    public Optional<String> check(HistoryEvent event) {
        var chain = event.getRollbackId() == null ? event.getPlatform() : event.getRollbackId();
        var before = last.put(event.getPlatform() + "/" + chain, HashChain.endingWith(event));
        var objection = before == null ? HashChain.seal(event) : before.objection(event);
        return objection.map(what -> "the history of " + chain + " is broken: " + what);
    }
}
