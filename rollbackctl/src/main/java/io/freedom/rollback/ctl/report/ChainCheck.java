package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Proof;
import io.freedom.rollback.orchestrator.records.HashChain;
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
        HashChain.seal(first).ifPresent(problems::add);
        for (int i = 1; i < events.size(); i++) {
            HashChain.endingWith(events.get(i - 1)).objection(events.get(i)).ifPresent(problems::add);
        }
        return new Proof(events.size(), events.getLast().getHash(), problems);
    }
}
