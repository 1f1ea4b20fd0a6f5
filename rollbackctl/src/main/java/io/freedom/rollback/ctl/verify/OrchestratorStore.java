package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.state.PlatformState;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the orchestrator lives by, read from the changelogs that its stores are restored from. */
final class OrchestratorStore {
    private final Map<String, PlatformState> platforms = new HashMap<>();
    /** By rollback, then by key, which ends with the event's number. */
    private final Map<String, NavigableMap<String, HistoryEvent>> events = new HashMap<>();

    void takePlatform(String name, @Nullable PlatformState state) {
        if (state == null) {
            platforms.remove(name);
        } else {
            platforms.put(name, state);
        }
    }

    void takeEvent(String key, @Nullable HistoryEvent event) {
        var rollback = key.substring(0, Math.max(0, key.lastIndexOf('/')));
        var known = events.computeIfAbsent(rollback, _ -> new TreeMap<>());
        if (event == null) {
            known.remove(key);
        } else {
            known.put(key, event);
        }
        if (known.isEmpty()) {
            events.remove(rollback);
        }
    }

    Optional<PlatformState> platform(String name) {
        return Optional.ofNullable(platforms.get(name));
    }

    Stream<PlatformState> platforms() {
        return platforms.values().stream();
    }

    /** An event of each rollback of which it has some. */
    Stream<HistoryEvent> rollbacks() {
        return events.values().stream().map(known -> known.firstEntry().getValue());
    }

    /** What it has of a rollback is what the history has, or it has nothing and needs nothing. */
    Optional<String> difference(String platform, String rollback, HashChain told) {
        var kept = events.get(rollback);
        if (kept == null) {
            return platform(platform)
                    .filter(state -> needs(state, rollback))
                    .map(_ -> "the store has none of its events");
        }
        var chain = HashChain.EMPTY;
        for (var event : kept.values()) {
            var objection = chain.objection(event);
            if (objection.isPresent()) {
                return objection.map(what -> "in the store " + what);
            }
            chain = HashChain.endingWith(event);
        }
        if (chain.sequence() != told.sequence()) {
            return Optional.of(
                    "the store ends with event " + chain.sequence() + ", the history with event " + told.sequence());
        }
        return chain.equals(told)
                ? Optional.empty()
                : Optional.of("event " + told.sequence() + " of the store is not that of the history");
    }

    private static boolean needs(PlatformState state, String rollback) {
        return Stream.of(state.getRunning(), state.getLeftBy(), state.getUndoable())
                .anyMatch(rollback::equals);
    }
}
