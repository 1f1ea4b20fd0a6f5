package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Proof;
import io.freedom.rollback.ctl.view.Chains;
import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.ArrayList;
import java.util.List;

/** Whether the events that the report was made from are all there, and as they were written. */
final class ChainCheck {
    private ChainCheck() {}

    static Proof of(List<HistoryEvent> events) {
        var problems = new ArrayList<String>();
        var first = events.getFirst();
        if (first.getSequence() != 1 || !first.getPreviousHash().isEmpty()) {
            problems.add("the history does not begin with its first event, but with event " + first.getSequence());
        }
        var chains = new Chains();
        for (var event : events) {
            chains.check(event).ifPresent(problems::add);
            if (!EventHash.of(event).equals(event.getHash())) {
                problems.add(
                        "event " + event.getSequence() + " does not match its hash: it was altered, or written by a"
                                + " release whose events this one cannot read in full");
            }
        }
        return new Proof(events.size(), events.getLast().getHash(), problems);
    }
}
