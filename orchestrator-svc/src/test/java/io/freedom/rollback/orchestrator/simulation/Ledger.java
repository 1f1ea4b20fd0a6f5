package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.records.StatusComparison;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.Transitions;
import io.freedom.rollback.orchestrator.streams.SimulatedTask;
import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the history as anybody may, folds it, and looks at every event whether it may come now. */
final class Ledger {
    private record Chain(long sequence, String hash) {}

    private final Trace trace;
    private final Verdict verdict;
    /** Seals and snapshots are costly to compute, so it is done in some worlds only; the links between events are looked at in all. */
    private final boolean seals;

    private final Map<String, Chain> chains = new HashMap<>();
    private final Map<String, Rollback> rollbacks = new LinkedHashMap<>();
    private final Map<String, RollbackEvent> last = new HashMap<>();
    private final Map<String, String> running = new HashMap<>();
    private final Map<String, Instant> answers = new HashMap<>();
    private final List<HistoryEvent> events = new ArrayList<>();
    /** Alerts that are over or too old, by fingerprint. */
    private final Set<String> silent = new HashSet<>();

    Ledger(Trace trace, Verdict verdict, boolean seals) {
        this.trace = trace;
        this.verdict = verdict;
        this.seals = seals;
    }

    @Nullable
    Rollback rollback(String id) {
        return rollbacks.get(id);
    }

    Collection<Rollback> rollbacks() {
        return rollbacks.values();
    }

    List<HistoryEvent> events() {
        return events;
    }

    boolean answered(String commandId) {
        return answers.containsKey(commandId);
    }

    /** Id of what runs on a platform. */
    @Nullable
    String running(String platform) {
        return running.get(platform);
    }

    void startsNothing(String fingerprint) {
        silent.add(fingerprint);
    }

    void published(HistoryEvent event) {
        events.add(event);
        if (event.getEvent() instanceof RollbackStarted started && started.getIncident() != null) {
            verdict.require(
                    !silent.contains(started.getIncident().getFingerprint()),
                    "alerts that are over or too old start nothing",
                    () -> event.getRollbackId() + " for " + started.getIncident());
        }
        var id = event.getRollbackId();
        trace.say(
                "history",
                () -> (id == null ? event.getPlatform() : id) + " " + event.getSequence() + " "
                        + Words.of(event.getEvent()) + (event.getCause() == null ? "" : "  <- " + event.getCause()));
        chained(id == null ? "platform " + event.getPlatform() : id, event);
        answered(event);
        if (id != null) {
            SimulatedTask.fact(event).ifPresent(fact -> happened(id, event, fact));
        }
    }

    private void chained(String name, HistoryEvent event) {
        var before = chains.getOrDefault(name, new Chain(0, ""));
        verdict.require(
                event.getSequence() == before.sequence() + 1,
                "history has no gap and no duplicate",
                () -> name + " has event " + event.getSequence() + " after " + before.sequence());
        verdict.require(
                event.getPreviousHash().equals(before.hash()),
                "each event is chained to the one before",
                () -> name + ", event " + event.getSequence());
        verdict.require(
                !seals || EventHash.of(event).equals(event.getHash()),
                "each event's seal is whole",
                () -> name + ", event " + event.getSequence());
        chains.put(name, new Chain(event.getSequence(), event.getHash()));
    }

    private void answered(HistoryEvent event) {
        var cause = event.getCause();
        if (cause != null && cause.startsWith(Operators.COMMAND)) {
            var before = answers.putIfAbsent(cause, event.getAt());
            verdict.require(
                    before == null || before.equals(event.getAt()),
                    "a command is carried out once",
                    () -> cause + " at " + before + " and at " + event.getAt());
        }
    }

    private void happened(String id, HistoryEvent event, RollbackEvent fact) {
        var before = rollbacks.get(id);
        if (before != null) {
            Transitions.objection(before, fact, last.get(id))
                    .ifPresent(objection -> verdict.broken(objection.promise(), id + ": " + objection.found()));
        }
        Rollback after;
        try {
            after = RollbackDecider.evolve(before, List.of(fact), event.getAt());
        } catch (RuntimeException e) {
            verdict.broken("every event may come where it comes", id + ": " + e.getMessage());
            return;
        }
        rollbacks.put(id, after);
        last.put(id, fact);
        var platform = after.plan().getPlatform();
        if (after.finished()) {
            running.remove(platform, id);
        } else if (!fact.getClass().equals(RollbackEvent.UndoApproved.class)) {
            var other = running.put(platform, id);
            verdict.require(
                    other == null || other.equals(id),
                    "one rollback runs on a platform",
                    () -> id + " while " + other + " runs");
        }
        holds(after, fact);
    }

    /** What operators see is what follows from the history, as it is when they see it. */
    void shown(RollbackStatus status) {
        if (!seals || status.getPermit() != null) {
            return; // of one that has not begun the history does not know
        }
        var rollback = rollbacks.get(status.getRollbackId());
        if (rollback == null) {
            verdict.broken("nothing is shown that the history does not know", status.getRollbackId());
        } else {
            StatusComparison.difference(rollback, status)
                    .ifPresent(what -> verdict.broken("the status equals history", rollback.id() + ": " + what));
        }
    }

    private void holds(Rollback after, RollbackEvent fact) {
        if (after.undoing() != null && !after.inFlight().isEmpty()) {
            verdict.require(
                    after.inFlight().size() == 1 && after.inFlight().getFirst().compensation(),
                    "while undoing, one undo at a time is out and nothing else",
                    () -> after.id() + ": " + after.inFlight() + " after " + fact);
        }
    }

    /** What the orchestrator has in memory and in its store is what anybody can read from the history. */
    void compare(SimulatedTask task, Collection<String> platforms) {
        for (var platform : platforms) {
            var id = running.get(platform);
            var live = task.live(platform);
            var read = id == null ? null : rollbacks.get(id);
            verdict.require(
                    Objects.equals(live, read),
                    "memory equals history",
                    () -> platform + ": " + Words.difference(live, read));
            verdict.require(
                    Objects.equals(id, task.platform(platform).getRunning()),
                    "the store knows what runs",
                    () -> platform + ": " + task.platform(platform).getRunning() + ", not " + id);
        }
    }

    /** What was stored is what anybody can read from the history. */
    void compareStored(SimulatedTask task, String rollbackId) {
        task.stored(rollbackId)
                .ifPresent(stored -> verdict.require(
                        stored.equals(rollbacks.get(rollbackId)),
                        "the store equals history",
                        () -> rollbackId + ": " + Words.difference(stored, rollbacks.get(rollbackId))));
    }
}
