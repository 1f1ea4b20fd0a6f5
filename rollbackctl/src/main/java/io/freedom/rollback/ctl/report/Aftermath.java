package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Afterwards;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether the platform stayed well, and what people had to do and did; facts of the platform, not of the rollback. */
final class Aftermath {
    private final Chronicle chronicle;
    private final Words words;
    private final List<Afterwards> lines = new ArrayList<>();
    private final Map<String, FollowUpDone> done = new HashMap<>();

    private Aftermath(Chronicle chronicle, Words words) {
        this.chronicle = chronicle;
        this.words = words;
    }

    /** @param history of all rollbacks, in order */
    static List<Afterwards> of(Chronicle chronicle, List<HistoryEvent> history, Words words) {
        var aftermath = new Aftermath(chronicle, words);
        var own = history.stream()
                .filter(event -> event.getPlatform().equals(chronicle.plan().getPlatform()))
                .toList();
        own.forEach(aftermath::note);
        own.forEach(aftermath::tell);
        return List.copyOf(aftermath.lines);
    }

    private void note(HistoryEvent event) {
        if (event.getEvent() instanceof FollowUpDone followUp) {
            done.put(followUp.getFollowUpId(), followUp);
        }
    }

    private void tell(HistoryEvent event) {
        var id = chronicle.id();
        switch (event.getEvent()) {
            case StabilityWatchStarted e
            when id.equals(e.getWatchedRollback()) ->
                add(event, Mark.NONE, "Watched for a relapse until " + words.moment(e.getUntil()));
            case PlatformRelapsed e
            when id.equals(e.getWatchedRollback()) ->
                add(
                        event,
                        Mark.BAD,
                        "Relapsed, found at " + Words.count(e.getLooks(), "looks") + " in a row: "
                                + String.join("; ", e.getAnomalies()));
            case StabilityWatchEnded e
            when id.equals(e.getWatchedRollback()) ->
                add(
                        event,
                        e.getWithAnomalies() == 0 ? Mark.GOOD : Mark.BAD,
                        "Watch ended, " + e.getReason() + ": " + e.getWithAnomalies() + " of "
                                + Words.count(e.getLooks(), "looks") + " found something");
            case FollowUpsPlanned e
            when id.equals(e.getOfRollback()) -> e.getFollowUps().forEach(followUp -> tell(event, followUp));
            default -> {}
        }
    }

    private void tell(HistoryEvent event, FollowUp followUp) {
        var what = followUp.getWhat() + " (" + followUp.getOwner() + ", due " + words.moment(followUp.getDue()) + "): ";
        var finished = done.get(followUp.getFollowUpId());
        if (finished == null) {
            boolean overdue = followUp.getDue().isBefore(chronicle.now());
            add(event, overdue ? Mark.BAD : Mark.PENDING, "To do: " + what + (overdue ? "overdue" : "open"));
        } else {
            add(
                    event,
                    Mark.GOOD,
                    "To do: " + what + Words.because("done, says " + finished.getOperator(), finished.getReason()));
        }
    }

    private void add(HistoryEvent event, Mark mark, String what) {
        lines.add(new Afterwards(event.getAt(), mark, what));
    }
}
