package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import org.jspecify.annotations.Nullable;

/** Records in the few words that a trace has room for. */
final class Words {
    private static final int ROOM = 180;

    private Words() {}

    static String of(Object record) {
        var words = switch (record) {
            case RollbackStarted started ->
                started.getPlan().getScenario() + " with "
                        + started.getPlan().getSteps().size() + " steps";
            case StepCommand command -> attempt(command) + " " + of(command.getCommand());
            case StepEvent event -> attempt(event) + " " + of(event.getEvent());
            default -> record.toString();
        };
        var line = record.getClass().getSimpleName() + " " + words;
        return line.length() > ROOM ? line.substring(0, ROOM) + "…" : line;
    }

    static String attempt(StepCommand command) {
        return attempt(command.getRollbackId(), command.getStepId(), command.getAttempt(), command.getCompensation());
    }

    static String attempt(StepEvent event) {
        return attempt(event.getRollbackId(), event.getStepId(), event.getAttempt(), event.getCompensation());
    }

    private static String attempt(String rollback, String step, int attempt, boolean compensation) {
        return (compensation ? "undo of " : "") + step + "#" + attempt + " of " + rollback;
    }

    static String difference(@Nullable Rollback one, @Nullable Rollback other) {
        if (one == null || other == null) {
            return (one == null ? "nothing" : one.id()) + " against " + (other == null ? "nothing" : other.id());
        }
        return "steps " + one.steps() + " undo " + one.undo() + " outcome " + one.outcome() + " against " + "steps "
                + other.steps() + " undo " + other.undo() + " outcome " + other.outcome();
    }
}
