package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Whether the history is whole: in each chain the numbers follow each other and each event names the one before. */
public final class Chains {
    private record Link(long sequence, String hash) {}

    private final Map<String, Link> last = new HashMap<>();

    /** What is wrong with this event, given those before it. The first event seen of a chain may be any. */
    public Optional<String> check(HistoryEvent event) {
        var chain = event.getRollbackId() == null ? event.getPlatform() : event.getRollbackId();
        var before = last.put(event.getPlatform() + "/" + chain, new Link(event.getSequence(), event.getHash()));
        if (before == null) {
            return Optional.empty();
        }
        if (event.getSequence() != before.sequence() + 1) {
            return Optional.of("the history of " + chain + " is broken: event " + event.getSequence()
                    + " follows event " + before.sequence());
        }
        return event.getPreviousHash().equals(before.hash())
                ? Optional.empty()
                : Optional.of("the history of " + chain + " was altered: event " + event.getSequence()
                        + " does not carry the hash of the event before");
    }
}
