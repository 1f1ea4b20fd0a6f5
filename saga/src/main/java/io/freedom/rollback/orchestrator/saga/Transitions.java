package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.action.GateExpiry;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which event may come when, said once more than in the decider: for those who read a history, and did not write it. */
public final class Transitions {
    /**
     * Why an event may not come now.
     *
     * @param promise that is broken
     * @param found what is there instead
     */
    public record Objection(String promise, String found) {}

    private final Rollback before;
    private final RollbackEvent fact;
    /** An operator has just asked for what would not begin by itself. */
    private final boolean asked;

    private final boolean expired;

    private Transitions(Rollback before, RollbackEvent fact, @Nullable RollbackEvent previous) {
        this.before = before;
        this.fact = fact;
        asked = previous instanceof RollbackEvent.RetryRequested || previous instanceof RollbackEvent.FasterWayChosen;
        expired = previous instanceof RollbackEvent.GateExpired(var _, var decision) && decision == GateExpiry.APPROVE;
    }

    /**
     * The first of them, if there is one.
     *
     * @param before state that the event is to change
     * @param previous the event before; null where it is not known
     */
    public static Optional<Objection> objection(Rollback before, RollbackEvent fact, @Nullable RollbackEvent previous) {
        var transition = new Transitions(before, fact, previous);
        return Stream.of(transition.beginning(), transition.itself())
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<Objection> beginning() {
        boolean begins = fact instanceof RollbackEvent.Dispatched
                || fact instanceof RollbackEvent.GateOpened
                || fact instanceof RollbackEvent.CompensationStarted;
        if (!begins) {
            return Optional.empty();
        }
        if (before.finished()) {
            return broken("nothing begins after the end");
        }
        if (before.pause() != null) {
            return broken("nothing begins while paused");
        }
        boolean held = before.stop() == null && !before.held().isEmpty() && !asked;
        return held ? broken("nothing begins while something is held") : Optional.empty();
    }

    private Optional<Objection> itself() {
        return switch (fact) {
            case RollbackEvent.Dispatched(var attempt, var _) -> dispatched(attempt);
            case RollbackEvent.Acknowledged(var attempt, var _) -> newest(attempt, "is taken");
            case RollbackEvent.Succeeded(var attempt, var _, var _, var _) -> succeeded(attempt);
            case RollbackEvent.AttemptFailed e -> newest(e.attempt(), "fails");
            case RollbackEvent.CompensationStarted e -> undoingBegins(e);
            case RollbackEvent.Finished _ -> ends();
            default -> Optional.empty();
        };
    }

    private Optional<Objection> dispatched(AttemptId attempt) {
        if (before.find(attempt.step()).isEmpty()) {
            return broken("only steps of the plan begin");
        }
        var track = before.track(attempt);
        if (attempt.number() != track.attempt() + 1) {
            return broken("attempts are counted without gap", "attempt " + track.attempt() + " was the last");
        }
        if (track.inFlight() && !asked) {
            return broken("an attempt ends before the next");
        }
        return attempt.compensation() ? undone(attempt) : begun(attempt);
    }

    private Optional<Objection> undone(AttemptId attempt) {
        var undoing = before.undoing();
        if (undoing == null || !undoing.contains(attempt.step())) {
            return broken("that a step is undone is recorded before");
        }
        var earlier = undoing.subList(0, undoing.indexOf(attempt.step()));
        if (!earlier.stream().allMatch(id -> before.track(id, true).over())) {
            return broken("steps are undone in reverse order");
        }
        return before.track(attempt).over() && !asked ? broken("a step is undone at most once") : Optional.empty();
    }

    private Optional<Objection> begun(AttemptId attempt) {
        if (before.stop() != null) {
            return broken("no step begins when the rollback is being stopped");
        }
        boolean ready = before.planStep(attempt.step()).getDependsOn().stream()
                .allMatch(id -> before.track(id, false).satisfied());
        return ready ? Optional.empty() : broken("a step begins after what it depends on");
    }

    private Optional<Objection> succeeded(AttemptId attempt) {
        var step = before.find(attempt.step());
        if (step.isEmpty() || !Gates.isGate(step.get())) {
            return newest(attempt, "succeeds");
        }
        var operators = before.track(attempt).approvals();
        boolean enough =
                operators.stream().distinct().count() >= Gates.of(step.get()).getApprovals();
        return enough || expired
                ? Optional.empty()
                : broken("a gate opens only when enough have approved", "approved by " + operators);
    }

    private Optional<Objection> newest(AttemptId attempt, String verb) {
        return before.isCurrent(attempt)
                ? Optional.empty()
                : broken(
                        "only the newest attempt " + verb,
                        "the step is " + before.track(attempt).status());
    }

    private Optional<Objection> undoingBegins(RollbackEvent.CompensationStarted started) {
        if (before.undoing() != null && !before.finished()) {
            return broken("undoing begins once");
        }
        if (!before.inFlight().isEmpty()) {
            return broken("nothing is out when undoing begins", before.inFlight() + " is");
        }
        var expected = before.order().reversed().stream()
                .filter(step -> before.planStep(step).getCompensation() != null)
                .toList();
        return expected.equals(started.steps())
                ? Optional.empty()
                : broken("steps are undone in reverse order", "they began in the order " + before.order());
    }

    private Optional<Objection> ends() {
        if (before.finished()) {
            return broken("a rollback ends once");
        }
        return before.inFlight().isEmpty() && before.openGates().isEmpty()
                ? Optional.empty()
                : broken("nothing is out at the end", before.inFlight() + " and " + before.openGates() + " are");
    }

    private static Optional<Objection> broken(String promise, String found) {
        return Optional.of(new Objection(promise, found));
    }

    private Optional<Objection> broken(String promise) {
        return broken(promise, fact.toString());
    }
}
