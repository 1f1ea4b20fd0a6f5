package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepCommand;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What steps do to the platforms: each has an effect that comes in two halves and goes in two when it is undone. Whatever changes
 * it has to be what should change it now, by the history that everybody can read.
 */
final class World {
    static final int WHOLE = 2;

    private static final class Effect {
        /** Halves that are there. */
        int halves;
        /** The newest attempt that has begun to change it; an undo is newer than every step. */
        long newest;

        String by = "";
    }

    private final Trace trace;
    private final Ledger ledger;
    private final Verdict verdict;
    private final Map<String, Effect> effects = new HashMap<>();
    private long changes;

    World(Trace trace, Ledger ledger, Verdict verdict) {
        this.trace = trace;
        this.ledger = ledger;
        this.verdict = verdict;
    }

    long changes() {
        return changes;
    }

    private Effect effect(String rollback, String step) {
        return effects.computeIfAbsent(rollback + "/" + step, _ -> new Effect());
    }

    boolean isDone(StepCommand command) {
        return effect(command.getRollbackId(), command.getStepId()).halves == (command.getCompensation() ? 0 : WHOLE);
    }

    private static long generation(StepCommand command) {
        return (command.getCompensation() ? 1_000_000 : 0) + command.getAttempt();
    }

    /** An attempt is about to look and to act. */
    void begun(StepCommand command, String who) {
        trace.say(who, () -> "begins " + Words.attempt(command));
        var effect = effect(command.getRollbackId(), command.getStepId());
        if (generation(command) > effect.newest) {
            effect.newest = generation(command);
            effect.by = who;
        }
    }

    /** A worker changes the platform, right now. */
    void change(StepCommand command, String who) {
        changes++;
        var rollback = ledger.rollback(command.getRollbackId());
        var step = rollback == null ? null : step(rollback, command.getStepId());
        if (rollback == null || step == null) {
            return; // it is only looked, for no rollback
        }
        trace.say(who, () -> "CHANGES the platform for " + Words.attempt(command));
        var effect = effect(command.getRollbackId(), command.getStepId());
        boolean mutates = step.getCompensation() != null;
        if (mutates) {
            mayChange(command, rollback, step, effect, who);
        }
        int wanted = effect.halves + (command.getCompensation() ? -1 : 1);
        verdict.require(
                !mutates || wanted >= 0 && wanted <= WHOLE,
                "each effect comes once and goes once",
                () -> who + ": " + Words.attempt(command));
        effect.halves = Math.clamp(wanted, 0, WHOLE);
    }

    private void mayChange(StepCommand command, Rollback rollback, PlanStep step, Effect effect, String who) {
        verdict.require(
                generation(command) >= effect.newest,
                "an older attempt changes nothing once a newer has begun",
                () -> who + " for " + Words.attempt(command) + " after " + effect.by + " has begun a newer");
        verdict.require(
                !rollback.finished(), "nothing is changed after the end", () -> who + " for " + Words.attempt(command));
        verdict.require(
                command.getCompensation() || rollback.undoing() == null,
                "a step changes nothing once undoing has begun",
                () -> who + " for " + Words.attempt(command));
        verdict.require(
                rollback.id().equals(ledger.running(command.getPlatform())),
                "one rollback changes a platform",
                () -> Words.attempt(command) + " while " + ledger.running(command.getPlatform()) + " runs");
        if (command.getCompensation()) {
            undoesTheNewest(rollback, step);
        } else {
            comesAfterItsDependencies(rollback, step);
        }
    }

    private void comesAfterItsDependencies(Rollback rollback, PlanStep step) {
        for (var id : step.getDependsOn()) {
            boolean there = rollback.track(id, false).status() != Status.SUCCEEDED
                    || rollback.planStep(id).getCompensation() == null
                    || effect(rollback.id(), id).halves == WHOLE;
            verdict.require(
                    there, "what a step depends on is there", () -> step.getId() + " without the effect of " + id);
        }
    }

    private void undoesTheNewest(Rollback rollback, PlanStep step) {
        for (var id : rollback.order().reversed()) {
            if (id.equals(step.getId())) {
                return;
            }
            boolean gone = rollback.planStep(id).getCompensation() == null
                    || effect(rollback.id(), id).halves == 0
                    || rollback.track(id, true).status() != Status.SUCCEEDED;
            verdict.require(
                    gone,
                    "what came later is undone before",
                    () -> step.getId() + " while the effect of " + id + " is there");
        }
    }

    /** Whether the platform is as the outcome says. */
    void atTheEnd(Rollback rollback) {
        var outcome = rollback.outcome();
        for (var step : rollback.plan().getSteps()) {
            if (step.getCompensation() == null) {
                continue;
            }
            int halves = effect(rollback.id(), step.getId()).halves;
            boolean right = outcome == Outcome.SUCCEEDED
                    ? rollback.track(step.getId(), false).status() != Status.SUCCEEDED || halves == WHOLE
                    : rollback.track(step.getId(), true).status() != Status.SUCCEEDED || halves == 0;
            verdict.require(
                    right,
                    "the platform is as the outcome says",
                    () -> rollback.id() + " is " + outcome + ", but of " + step.getId() + " " + halves
                            + " of 2 halves are there");
            if (outcome == Outcome.REFUSED || outcome == Outcome.COMPENSATED) {
                boolean asBefore =
                        halves == 0 || rollback.track(step.getId(), true).status() == Status.SKIPPED;
                verdict.require(
                        asBefore,
                        "what was rolled back is as before",
                        () -> rollback.id() + " is " + outcome + ", but " + step.getId() + " is still there");
            }
        }
    }

    private static @Nullable PlanStep step(Rollback rollback, String id) {
        return rollback.plan().getSteps().stream()
                .filter(step -> step.getId().equals(id))
                .findFirst()
                .orElse(null);
    }
}
