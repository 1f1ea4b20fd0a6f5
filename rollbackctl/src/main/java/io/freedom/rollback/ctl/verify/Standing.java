package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Phase;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the rollbacks of a platform leave it in, one after the other: which one can be undone, and which one left it to an operator. Said
 * once more than in the orchestrator, for those who read a history, and did not write it.
 */
final class Standing {
    private static final Set<Phase> CHANGING = EnumSet.range(Phase.SHUT_DOWN, Phase.RECOVER);

    /** A rollback, none, or nobody knows which. */
    private record Which(boolean known, @Nullable String rollback) {
        static final Which UNKNOWN = new Which(false, null);
        static final Which NONE = new Which(true, null);

        static Which of(String rollback) {
            return new Which(true, rollback);
        }

        Which without(String other) {
            return other.equals(rollback) ? NONE : this;
        }

        /** None, or still this one: that follows from the scenario, which the history has the name of only. */
        Which noneOrThis() {
            return known && rollback == null ? NONE : UNKNOWN;
        }

        Optional<String> difference(@Nullable String stored, String what) {
            return !known || Objects.equals(stored, rollback)
                    ? Optional.empty()
                    : Optional.of("by the store " + named(stored) + " " + what + ", by the history " + named(rollback));
        }

        private static String named(@Nullable String id) {
            return id == null ? "nothing" : id;
        }
    }

    private Which undoable;
    private Which leftBy;
    private @Nullable String running;

    /** @param fromTheBeginning of the platform's history */
    Standing(boolean fromTheBeginning) {
        undoable = fromTheBeginning ? Which.NONE : Which.UNKNOWN;
        leftBy = undoable;
    }

    /**
     * A rollback begins, or goes on after its end.
     *
     * @param rollback the same, where its events make one
     * @return the one that runs already: a platform has one at a time
     */
    Optional<String> begun(String id, Optional<Rollback> rollback) {
        // What drops the databases that another has replaced takes its way back, whatever becomes of it.
        rollback.stream()
                .flatMap(begun -> begun.plan().getSteps().stream())
                .map(step -> step.getAction().getAction())
                .filter(DropReplacedDatabases.class::isInstance)
                .forEach(drop -> undoable = undoable.without(((DropReplacedDatabases) drop).getRollbackId()));
        var other = Optional.ofNullable(running).filter(runs -> !runs.equals(id));
        running = id;
        leftBy = leftBy.without(id);
        return other;
    }

    void ended(Rollback rollback) {
        var id = rollback.id();
        boolean changes = rollback.plan().getSteps().stream()
                .anyMatch(step -> step.getCompensation() != null && CHANGING.contains(step.getPhase()));
        running = null;
        switch (Objects.requireNonNull(rollback.outcome())) {
            case SUCCEEDED -> {
                if (changes && rollback.plan().getDrillOf() == null) {
                    undoable = Which.of(id);
                }
                leftBy = changes ? Which.NONE : leftBy.noneOrThis();
            }
            case REFUSED -> {}
            case COMPENSATED -> undoable = undoable.without(id);
            case COMPENSATION_FAILED, ABORTED -> {
                undoable = changes ? Which.NONE : undoable.noneOrThis();
                leftBy = changes ? Which.of(id) : Which.UNKNOWN;
            }
        }
    }

    /** What came of a rollback. */
    void nobodyKnows() {
        undoable = Which.UNKNOWN;
        leftBy = Which.UNKNOWN;
        running = null;
    }

    Optional<String> difference(PlatformState stored) {
        return Stream.of(
                        undoable.difference(stored.getUndoable(), "can be undone"),
                        leftBy.difference(stored.getLeftBy(), "has left it to an operator"))
                .flatMap(Optional::stream)
                .findFirst();
    }
}
