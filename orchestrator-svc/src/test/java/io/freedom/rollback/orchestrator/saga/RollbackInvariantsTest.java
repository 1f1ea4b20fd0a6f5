package io.freedom.rollback.orchestrator.saga;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever order results, losses, duplicates and aborts come in, the saga ends and keeps its promises. */
class RollbackInvariantsTest {
    private static final int RUNS = 2_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void endsInARightStateWhateverHappens(long seed) {
        var random = new Random(seed);
        for (int run = 0; run < RUNS; run++) {
            var saga = randomPlan(random);
            for (int i = 0; i < 2_000 && !saga.rollback().finished(); i++) {
                saga.later(Duration.ofSeconds(random.nextInt(40)));
                act(saga, random);
                invariants(saga);
            }
            assertThat(saga.rollback().finished())
                    .as("seed %d run %d ends", seed, run)
                    .isTrue();
            atTheEnd(saga);
        }
    }

    @Test
    void foldingTheHistoryGivesTheLiveState() {
        var random = new Random(42);
        var saga = randomPlan(random);
        var replayed = new ArrayList<RollbackEvent>(saga.history);
        var folded = RollbackDecider.evolve(null, replayed, saga.now);
        while (!saga.rollback().finished()) {
            saga.later(Duration.ofSeconds(1));
            var events = act(saga, random);
            if (!events.isEmpty()) {
                folded = RollbackDecider.evolve(folded, events, saga.now);
            }
            assertThat(folded).isEqualTo(saga.rollback());
        }
    }

    private static Saga randomPlan(Random random) {
        int size = 1 + random.nextInt(10);
        var steps = new ArrayList<PlanStep.Builder>();
        for (int i = 0; i < size; i++) {
            var depends = new ArrayList<String>();
            for (int j = 0; j < i; j++) {
                if (random.nextInt(3) == 0) {
                    depends.add("s" + j);
                }
            }
            var phase = Phase.values()[Math.min(i * Phase.values().length / size, Phase.values().length - 1)];
            var step = Saga.step("s" + i, phase, depends.toArray(String[]::new)).setAttempts(1 + random.nextInt(3));
            if (random.nextBoolean()) {
                Saga.undoable(step);
            }
            if (random.nextInt(6) == 0) {
                Saga.dispensable(step);
            }
            steps.add(step);
        }
        return Saga.of(steps.toArray(PlanStep.Builder[]::new)).started();
    }

    private static List<RollbackEvent> act(Saga saga, Random random) {
        var waiting = saga.rollback().waiting();
        var out = saga.rollback().inFlight();
        if (random.nextInt(60) == 0) {
            return saga.when(new RollbackCommand.Abort("ada", null));
        }
        if (!waiting.isEmpty() && random.nextBoolean()) {
            return saga.when(new RollbackCommand.Retry(
                    waiting.get(random.nextInt(waiting.size())).next()));
        }
        if (out.isEmpty()) {
            return waiting.isEmpty()
                    ? List.of()
                    : saga.when(new RollbackCommand.Retry(waiting.getFirst().next()));
        }
        var picked = out.get(random.nextInt(out.size()));
        // Now and then the world speaks of an attempt that is long over, or of one that never was.
        var attempt = random.nextInt(8) == 0
                ? new AttemptId(
                        picked.step(), random.nextBoolean(), Math.max(1, picked.number() + random.nextInt(3) - 1))
                : picked;
        var kinds = FailureKind.values();
        return switch (random.nextInt(12)) {
            case 0 -> saga.when(new RollbackCommand.Fail(attempt, kinds[random.nextInt(kinds.length)], "random"));
            case 1 -> saga.when(new RollbackCommand.Lose(attempt, "silence"));
            case 2 -> saga.when(new RollbackCommand.TimeOut(attempt));
            case 3 -> saga.when(new RollbackCommand.Cancelled(attempt, "told so"));
            case 4, 5 -> saga.when(new RollbackCommand.Acknowledge(attempt, "w:1"));
            default -> saga.succeeds(attempt);
        };
    }

    private static void invariants(Saga saga) {
        var rollback = saga.rollback();
        for (var step : rollback.plan().getSteps()) {
            var track = rollback.track(step.getId(), false);
            if (track.attempt() > 0) {
                assertThat(step.getDependsOn())
                        .as("what %s depends on is satisfied", step.getId())
                        .allMatch(id -> rollback.track(id, false).satisfied());
            }
            assertThat(track.failures()).isLessThanOrEqualTo(step.getAttempts());
        }
        if (rollback.undoing() != null) {
            assertThat(rollback.inFlight()).as("forward work while undoing").allMatch(AttemptId::compensation);
            assertThat(rollback.inFlight()).as("one undo at a time").hasSizeLessThanOrEqualTo(1);
        }
    }

    private static void atTheEnd(Saga saga) {
        var rollback = saga.rollback();
        assertThat(saga.succeeds(new AttemptId("s0", false, 1)))
                .as("terminal states stay")
                .isEmpty();
        assertThat(rollback.inFlight()).isEmpty();
        if (rollback.outcome() == Outcome.SUCCEEDED) {
            assertThat(rollback.steps().values())
                    .allMatch(track -> track.status() == Status.SUCCEEDED || track.status() == Status.TOLERATED);
        }
        if (rollback.outcome() == Outcome.COMPENSATED || rollback.outcome() == Outcome.REFUSED) {
            assertThat(rollback.order())
                    .filteredOn(step -> rollback.planStep(step).getCompensation() != null)
                    .allMatch(step -> rollback.track(step, true).status() == Status.SUCCEEDED);
        }
    }
}
