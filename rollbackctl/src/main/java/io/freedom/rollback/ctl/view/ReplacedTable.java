package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepSucceeded;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Databases that rollbacks have taken out of use and that are kept, from the history alone. Those of drills went with their copy. */
public final class ReplacedTable {
    /**
     * @param rollback that has replaced them
     * @param databases names under which they are kept; those that were not there before are not among them
     * @param undone whether it was undone: what is kept then is what it had restored, and its steps say under which names
     * @param since when they were replaced
     * @param until when they are dropped unless the rollback is accepted before; null where the history does not tell
     */
    public record Kept(
            String rollback,
            String platform,
            List<String> databases,
            boolean undone,
            Instant since,
            @Nullable Instant until) {
        public Kept {
            databases = List.copyOf(databases);
        }

        private Kept wasUndone(Instant at) {
            return new Kept(rollback, platform, databases, true, at, until);
        }
    }

    private final Map<String, Kept> kept = new LinkedHashMap<>();
    /** By rollback, but for drills. */
    private final Map<String, String> platforms = new HashMap<>();

    /** @param history in order */
    public ReplacedTable(List<HistoryEvent> history) {
        var holds = new RestorePoints(history);
        for (var event : history) {
            var id = event.getRollbackId();
            if (id != null
                    && event.getEvent() instanceof RollbackStarted started
                    && started.getPlan().getDrillOf() == null) {
                platforms.put(id, event.getPlatform());
            }
            if (id != null && event.getEvent() instanceof StepSucceeded done && platforms.containsKey(id)) {
                read(id, event, done.getResult().getResult(), holds);
            }
        }
    }

    private void read(String id, HistoryEvent event, Object result, RestorePoints holds) {
        switch (result) {
            case DatabaseRestored restored ->
                kept.put(
                        id,
                        new Kept(
                                id,
                                event.getPlatform(),
                                names(restored),
                                false,
                                event.getAt(),
                                holds.heldUntil(id).orElse(null)));
            case DatabaseSwappedBack _ -> kept.computeIfPresent(id, (_, known) -> known.wasUndone(event.getAt()));
            case ReplacedDatabasesDropped dropped -> kept.remove(dropped.getRollbackId());
            default -> {} // nothing about databases that were replaced
        }
    }

    private static List<String> names(DatabaseRestored restored) {
        return Stream.concat(
                        Stream.of(restored.getKeptAs()),
                        restored.getOthers().stream()
                                .map(OtherDatabase::getKeptAs)
                                .filter(Objects::nonNull))
                .toList();
    }

    /** Also of one that is not known to have replaced anything; empty where there was none of that id. */
    public Optional<String> platformOf(String rollback) {
        return Optional.ofNullable(platforms.get(rollback));
    }

    /** The newest first. */
    public List<Kept> kept() {
        return List.copyOf(kept.values()).reversed();
    }

    public List<String> lines(Instant now, ZoneId zone, Style style) {
        if (kept.isEmpty()) {
            return List.of("No rollback has replaced a database that is kept.");
        }
        var table = new Table("ROLLBACK", "PLATFORM", "KEPT", "SINCE", "DROPPED");
        for (var item : kept()) {
            var until = item.until();
            table.row(
                    item.rollback(),
                    item.platform(),
                    item.undone() ? "what it had restored, until it was undone" : String.join(", ", item.databases()),
                    Texts.moment(item.since(), zone),
                    until == null
                            ? "after `backups.hold`, or once accepted"
                            : until.isBefore(now) ? "next, or once accepted" : Texts.moment(until, zone));
        }
        var lines = new ArrayList<>(table.lines(style));
        lines.add("");
        lines.add("Drop them now, with the way back: rollbackctl replaced accept ROLLBACK --reason \"…\" --watch");
        return lines;
    }
}
