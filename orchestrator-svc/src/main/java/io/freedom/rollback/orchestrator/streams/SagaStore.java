package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.Repeats;
import io.freedom.rollback.orchestrator.aftercare.Care;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReplacedDatabases;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The durable truth of a task: platforms, and the events of running rollbacks, of which their state is the fold. What is
 * kept in memory beside it is lost with the task, never ahead of it.
 */
final class SagaStore {
    static final String PLATFORMS = TopicCatalogue.PLATFORM_STORE;
    static final String EVENTS = TopicCatalogue.EVENT_STORE;

    /** A running rollback with the end of its history chain and the signs of life of its attempts. */
    static final class Live {
        final Signs signs = new Signs();
        Rollback rollback;
        HashChain chain;
        /** Progress came in since the last snapshot was published. */
        boolean unpublished;
        /** Somebody had it go on after it had ended. */
        boolean reopened;

        Live(Rollback rollback, HashChain chain) {
            this.rollback = rollback;
            this.chain = chain;
        }
    }

    private final KeyValueStore<String, PlatformState> platforms;
    private final KeyValueStore<String, HistoryEvent> events;
    private final Consumer<PlatformState> changed;
    /** By platform: one runs at a time. */
    private final Map<String, Live> live = new HashMap<>();
    /** Names of platforms that are looked at after a rollback. */
    private final Set<String> watched = new TreeSet<>();
    /** Names of platforms of which something is looked after. */
    private final Map<Care<?, ?>, Set<String>> lookedAfter = new HashMap<>();
    /** When a restore point is due, by platform. */
    private final Map<String, Instant> backups = new TreeMap<>();
    /** When a restore point is to be proven, by platform. */
    private final Map<String, Instant> proofs = new TreeMap<>();
    /** When what rollbacks have replaced is to be dropped, by platform. */
    private final Map<String, Instant> replaced = new TreeMap<>();
    /** When a WAL archive is to be proven, by platform. */
    private final Map<String, Instant> walProofs = new TreeMap<>();
    /** When people are told that the newest restore point grows too old, by platform. */
    private final Map<String, Instant> risks = new TreeMap<>();
    /** When people are told that another part of it is kept no longer as it should, by platform. */
    private final Map<String, Instant> partRisks = new TreeMap<>();
    /** When what was counted of its incidents is to be said, by platform. */
    private final Map<String, Instant> repeats = new TreeMap<>();
    /** Names of platforms that have a permit of their site, or wait for one. */
    private final Set<String> permits = new TreeSet<>();
    /** Names of platforms of which incidents wait for nothing. */
    private final Set<String> forgotten = new TreeSet<>();
    /** When people are reminded next, by platform. */
    private final Map<String, Instant> reminders = new TreeMap<>();

    /** @param changed told of each platform that is known, now and whenever it changes */
    SagaStore(
            KeyValueStore<String, PlatformState> platforms,
            KeyValueStore<String, HistoryEvent> events,
            Consumer<PlatformState> changed) {
        this.platforms = platforms;
        this.events = events;
        this.changed = changed;
        restore();
    }

    private void restore() {
        var running = new ArrayList<PlatformState>();
        try (var all = platforms.all()) {
            all.forEachRemaining(entry -> {
                note(entry.value);
                if (entry.value.getRunning() != null) {
                    running.add(entry.value);
                }
            });
        }
        running.forEach(state -> live.put(state.getPlatform(), replay(String.valueOf(state.getRunning()))));
    }

    private Live replay(String rollbackId) {
        Rollback rollback = null;
        boolean reopened = false;
        var chain = HashChain.EMPTY;
        for (var event : eventsOf(rollbackId)) {
            chain = HashChain.endingWith(event);
            var fact = HistoryMapper.fromAvro(rollbackId, event.getEvent());
            if (fact.isPresent()) {
                reopened |= rollback != null && rollback.finished();
                rollback = RollbackDecider.evolve(rollback, List.of(fact.get()), event.getAt());
            }
        }
        if (rollback == null) {
            throw new IllegalStateException("rollback " + rollbackId + " is marked as running but has no events");
        }
        var replayed = new Live(rollback, chain);
        replayed.reopened = reopened;
        replayed.unpublished = true; // what was to be published with the next tick may not have been
        return replayed;
    }

    private List<HistoryEvent> eventsOf(String rollbackId) {
        var found = new ArrayList<HistoryEvent>();
        try (var range = events.prefixScan(rollbackId + "/", new StringSerializer())) {
            range.forEachRemaining(entry -> found.add(entry.value));
        }
        return found;
    }

    PlatformState platform(String name) {
        var known = platforms.get(name);
        return known == null ? Platforms.unknown(name) : known;
    }

    void put(PlatformState state) {
        note(state);
        platforms.put(state.getPlatform(), state);
    }

    private void note(PlatformState state) {
        changed.accept(state);
        note(watched, state.getPlatform(), state.getWatch() != null);
        note(permits, state.getPlatform(), state.getPermit() != null);
        note(forgotten, state.getPlatform(), Platforms.isForgotten(state));
        for (var care : Caretaker.CARES) {
            var names = lookedAfter.computeIfAbsent(care, _ -> new TreeSet<>());
            note(names, state.getPlatform(), care.of(state) != null);
        }
        note(backups, state.getPlatform(), state.getNextRestorePoint());
        note(proofs, state.getPlatform(), state.getNextProof());
        note(
                replaced,
                state.getPlatform(),
                Platforms.expiring(state).map(ReplacedDatabases::getUntil).orElse(null));
        note(
                walProofs,
                state.getPlatform(),
                state.getWalProofs() == null ? null : state.getWalProofs().getNext());
        note(risks, state.getPlatform(), state.getRpoAtRisk());
        note(partRisks, state.getPlatform(), PartObjectives.next(state).orElse(null));
        note(repeats, state.getPlatform(), Repeats.next(state).orElse(null));
        state.getToRemind().stream()
                .map(FollowUp::getDue)
                .min(Comparator.naturalOrder())
                .ifPresentOrElse(
                        due -> reminders.put(state.getPlatform(), due), () -> reminders.remove(state.getPlatform()));
    }

    private static void note(Set<String> names, String platform, boolean isOne) {
        if (isOne) {
            names.add(platform);
        } else {
            names.remove(platform);
        }
    }

    private static void note(Map<String, Instant> times, String platform, @Nullable Instant next) {
        if (next == null) {
            times.remove(platform);
        } else {
            times.put(platform, next);
        }
    }

    /** Platforms of which people are to be reminded of something. */
    List<String> toRemind(Instant now) {
        return due(reminders, now);
    }

    /** Platforms of which something counted is to be said. */
    List<String> toSumUp(Instant now) {
        return due(repeats, now);
    }

    /** Platforms of which a restore point is due. */
    List<String> toBackUp(Instant now) {
        return due(backups, now);
    }

    /** Platforms of which a restore point is to be proven. */
    List<String> toProve(Instant now) {
        return due(proofs, now);
    }

    /** Platforms of which something that was replaced is to be dropped. */
    List<String> toDrop(Instant now) {
        return due(replaced, now);
    }

    /** Platforms of which the WAL archive is to be proven. */
    List<String> toProveWal(Instant now) {
        return due(walProofs, now);
    }

    /** Platforms of which the newest restore point grows too old. */
    List<String> atRisk(Instant now) {
        return due(risks, now);
    }

    /** Platforms of which something other than the database is kept no longer as it should. */
    List<String> partsAtRisk(Instant now) {
        return due(partRisks, now);
    }

    private static List<String> due(Map<String, Instant> times, Instant now) {
        return times.entrySet().stream()
                .filter(entry -> entry.getValue().isBefore(now))
                .map(Map.Entry::getKey)
                .toList();
    }

    List<String> lookedAfter(Care<?, ?> care) {
        return List.copyOf(lookedAfter.getOrDefault(care, Set.of()));
    }

    /** Platforms that have a permit of their site, or wait for one. */
    List<String> permits() {
        return List.copyOf(permits);
    }

    /** Platforms of which incidents wait for nothing. */
    List<String> forgotten() {
        return List.copyOf(forgotten);
    }

    boolean hasPermits() {
        return !permits.isEmpty();
    }

    List<String> watched() {
        return List.copyOf(watched);
    }

    void append(String rollbackId, HistoryEvent event) {
        events.put("%s/%08d".formatted(rollbackId, event.getSequence()), event);
    }

    /** It does not run any more. */
    void end(String platform) {
        live.remove(platform);
    }

    /** A rollback that is over and may run again: it succeeded and can be undone, or its undoing failed. */
    Optional<Live> finished(String rollbackId) {
        return eventsOf(rollbackId).isEmpty() ? Optional.empty() : Optional.of(replay(rollbackId));
    }

    /** The history topic keeps a finished rollback; the store need not. */
    void forget(String rollbackId) {
        for (var event : eventsOf(rollbackId)) {
            events.delete("%s/%08d".formatted(rollbackId, event.getSequence()));
        }
    }

    void begin(String platform, Live started) {
        live.put(platform, started);
    }

    @Nullable
    Live live(String platform) {
        return live.get(platform);
    }

    boolean anythingRuns() {
        return !live.isEmpty();
    }

    List<Live> live() {
        return List.copyOf(live.values());
    }
}
