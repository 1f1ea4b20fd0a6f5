package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.HistoryEvent;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is to be done after rollbacks, the most urgent first; from the history alone. */
public final class FollowUpTable {
    /** With the platform that it is about. */
    public record Planned(String platform, FollowUp followUp) {}

    private final List<Planned> planned = new ArrayList<>();
    private final Map<String, HistoryEvent> done;

    public FollowUpTable(List<HistoryEvent> history) {
        for (var event : history) {
            if (event.getEvent() instanceof FollowUpsPlanned plan) {
                plan.getFollowUps().forEach(followUp -> planned.add(new Planned(event.getPlatform(), followUp)));
            }
        }
        planned.sort(Comparator.comparing(item -> item.followUp().getDue()));
        done = history.stream()
                .filter(event -> event.getEvent() instanceof FollowUpDone)
                .collect(Collectors.toMap(
                        event -> ((FollowUpDone) event.getEvent()).getFollowUpId(), event -> event, (_, last) -> last));
    }

    public Optional<Planned> find(String id) {
        return planned.stream()
                .filter(item -> item.followUp().getFollowUpId().equals(id))
                .findFirst();
    }

    /** @param all those that are done, too */
    public List<FollowUp> followUps(boolean all) {
        return shown(all).stream().map(Planned::followUp).toList();
    }

    private List<Planned> shown(boolean all) {
        return planned.stream()
                .filter(item -> all || !done.containsKey(item.followUp().getFollowUpId()))
                .toList();
    }

    public List<String> lines(boolean all, Instant now, ZoneId zone, Style style) {
        var shown = shown(all);
        if (shown.isEmpty()) {
            return List.of("Nothing is to be done.");
        }
        var table = new Table("ID", "PLATFORM", "DUE", "OWNER", "WHAT", "STATE");
        shown.forEach(item -> {
            var followUp = item.followUp();
            var end = done.get(followUp.getFollowUpId());
            boolean late = end == null && now.isAfter(followUp.getDue());
            table.row(
                    late ? style::red : text -> text,
                    followUp.getFollowUpId(),
                    item.platform(),
                    Texts.moment(followUp.getDue(), zone),
                    followUp.getOwner(),
                    Texts.cut(followUp.getWhat(), 100),
                    end == null ? late ? "OVERDUE" : "open" : ended(end, zone));
        });
        return table.lines(style);
    }

    private static String ended(HistoryEvent event, ZoneId zone) {
        var fact = (FollowUpDone) event.getEvent();
        return "done " + Texts.moment(event.getAt(), zone) + " by " + fact.getOperator()
                + (fact.getReason() == null ? "" : ": " + Texts.cut(fact.getReason(), 100));
    }
}
