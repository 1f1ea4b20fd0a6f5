package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.UndoRequested;
import io.freedom.rollback.schemas.incident.Incident;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What went wrong, what answered it and how that ended; one line each, from the history alone. */
public final class IncidentLog {
    private static final class Entry {
        final Instant at;
        final String platform;
        final String what;
        final String answer;
        String outcome = "";

        Entry(HistoryEvent event, String what, String answer) {
            at = event.getAt();
            platform = event.getPlatform();
            this.what = what;
            this.answer = answer;
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    /** By rollback. */
    private final Map<String, Entry> running = new HashMap<>();

    private IncidentLog(List<HistoryEvent> history) {
        history.forEach(this::add);
    }

    /** The events that the log is made of. */
    public static List<HistoryEvent> entries(List<HistoryEvent> history) {
        return history.stream().filter(event -> isLogged(event.getEvent())).toList();
    }

    private static boolean isLogged(Object event) {
        return switch (event) {
            case RollbackStarted e -> isAnswer(e);
            case UndoRequested _,
                    RollbackFinished _,
                    IncidentMerged _,
                    IncidentQueued _,
                    IncidentHeld _,
                    IncidentPostponed _,
                    IncidentIgnored _,
                    PlatformRelapsed _ -> true;
            default -> false;
        };
    }

    /** Neither a look nor a drill. */
    private static boolean isAnswer(RollbackStarted started) {
        return !Scenarios.onlyShows(started.getPlan().getScenario())
                && started.getPlan().getDrillOf() == null;
    }

    /** @param history the oldest first */
    public static List<String> lines(List<HistoryEvent> history, ZoneId zone, Style style) {
        var log = new IncidentLog(history);
        if (log.entries.isEmpty()) {
            return List.of("No incident.");
        }
        var table = new Table("AT", "PLATFORM", "WHAT", "ANSWER", "OUTCOME");
        log.entries.forEach(entry -> table.row(
                Texts.moment(entry.at, zone),
                entry.platform,
                Texts.cut(entry.what, 90),
                Texts.cut(entry.answer, 120),
                Texts.cut(entry.outcome, 200)));
        return table.lines(style);
    }

    private void add(HistoryEvent event) {
        var rollback = String.valueOf(event.getRollbackId());
        switch (event.getEvent()) {
            case RollbackStarted e
            when isAnswer(e) -> {
                var what = e.getIncident() == null ? asked(e.getOperator(), e.getReason()) : told(e.getIncident());
                var entry = new Entry(event, what, e.getPlan().getScenario() + " " + rollback);
                entry.outcome = "running";
                entries.add(entry);
                running.put(rollback, entry);
            }
            case UndoRequested e -> {
                var entry = new Entry(event, asked(e.getOperator(), e.getReason()), "undo " + rollback);
                entry.outcome = "running";
                entries.add(entry);
                running.put(rollback, entry);
            }
            case RollbackFinished e -> {
                var entry = running.get(rollback);
                if (entry != null) {
                    entry.outcome = Texts.lower(e.getOutcome()) + " after "
                            + Texts.span(Duration.ofMillis(e.getTook())) + ", downtime "
                            + Texts.span(Duration.ofMillis(e.getDowntime()))
                            + (e.getReason().isEmpty() ? "" : ": " + e.getReason());
                }
            }
            case IncidentMerged e -> entries.add(new Entry(event, told(e.getIncident()), "joined " + rollback));
            case IncidentQueued e -> entries.add(new Entry(event, told(e.getIncident()), "waits"));
            case IncidentPostponed e ->
                entries.add(new Entry(
                        event,
                        told(e.getIncident()),
                        "waits for its turn at site " + e.getPermit().getSite() + ", as " + e.getStartId()));
            case IncidentHeld e -> entries.add(new Entry(event, told(e.getIncident()), "held: " + e.getReason()));
            case IncidentIgnored e -> entries.add(new Entry(event, told(e.getIncident()), "nothing: " + e.getReason()));
            case PlatformRelapsed e ->
                entries.add(new Entry(
                        event,
                        "relapse after " + e.getWatchedRollback() + ": " + String.join("; ", e.getAnomalies()),
                        "left to operators"));
            default -> {}
        }
    }

    private static String told(Incident incident) {
        return Texts.lower(incident.getIncidentClass()) + " from " + incident.getSource() + ": "
                + incident.getSummary();
    }

    private static String asked(@Nullable String operator, @Nullable String reason) {
        return "asked for by " + operator + (reason == null || reason.isEmpty() ? "" : ": " + reason);
    }
}
