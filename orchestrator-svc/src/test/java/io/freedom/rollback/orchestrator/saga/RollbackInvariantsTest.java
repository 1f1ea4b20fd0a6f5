package io.freedom.rollback.orchestrator.saga;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever plan there is, and whatever order results, failures, losses, duplicates and operators' controls come in, the
 * saga ends and keeps its promises. A failure names its seed; {@link #run} with it shows the same again.
 */
class RollbackInvariantsTest {
    private static final int SEEDS = 2_000;
    private static final String[] OPERATORS = {"ada", "bob", "cyd"};

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4})
    void endsInARightStateWhateverHappens(long part) {
        var outcomes = EnumSet.noneOf(Outcome.class);
        var kinds = new HashSet<Class<?>>();
        for (long seed = part * SEEDS; seed < (part + 1) * SEEDS; seed++) {
            try {
                var saga = run(seed);
                outcomes.add(saga.rollback().outcome());
                saga.history.forEach(event -> kinds.add(event.getClass()));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        assertThat(outcomes).as("every way to end was taken").containsExactly(Outcome.values());
        assertThat(kinds).as("everything happened").containsAll(List.of(RollbackEvent.class.getPermittedSubclasses()));
    }

    @Test
    void foldingTheHistoryGivesTheLiveState() {
        for (long seed = 0; seed < 100; seed++) {
            var random = new Random(seed);
            var saga = randomPlan(random);
            var folded = RollbackDecider.evolve(null, List.copyOf(saga.history), saga.now);
            while (!saga.rollback().finished()) {
                saga.later(Duration.ofSeconds(random.nextInt(40)));
                for (var event : act(saga, random)) {
                    folded = RollbackDecider.evolve(folded, List.of(event), saga.now);
                }
                assertThat(folded).as("seed %d", seed).isEqualTo(saga.rollback());
            }
        }
    }

    private static Saga run(long seed) {
        var random = new Random(seed);
        return play(randomPlan(random), random);
    }

    /** To its end, whatever happens and whatever operators do. */
    static Saga play(Saga saga, Random random) {
        untilItEnds(saga, random);
        if (saga.plan.getIncidentClass() == IncidentClass.SECURITY_BREACH
                && saga.plan.getDrillOf() == null // a copy that is removed is no way back
                && saga.plan.getSteps().stream().anyMatch(step -> step.getCompensation() != null)
                && saga.rollback().touchedPlatform()) {
            assertThat(saga.history.stream().anyMatch(RollbackEvent.CompensationStarted.class::isInstance)
                            && saga.history.stream().noneMatch(RollbackEvent.AbortRequested.class::isInstance))
                    .as("nobody asked to go back into the breach")
                    .isFalse();
        }
        if (saga.rollback().outcome() == Outcome.COMPENSATION_FAILED && random.nextBoolean()) {
            var failed = saga.rollback().undo().entrySet().stream()
                    .filter(entry -> entry.getValue().status() == Status.FAILED)
                    .findFirst()
                    .orElseThrow()
                    .getKey();
            boolean again = random.nextBoolean();
            var events = saga.when(
                    again
                            ? new RollbackCommand.RetryStep(failed, "ada", null)
                            : new RollbackCommand.SkipStep(failed, "ada", null));
            assertThat(events).as("undoing goes on").isNotEmpty();
            untilItEnds(saga, random);
        }
        if (saga.rollback().outcome() == Outcome.SUCCEEDED && random.nextBoolean()) {
            undo(saga);
            untilItEnds(saga, random);
            assertThat(saga.rollback().outcome()).isNotEqualTo(Outcome.SUCCEEDED);
        }
        return saga;
    }

    /** As many as have to ask for it do, and not one less is enough. */
    private static void undo(Saga saga) {
        var terms = saga.plan.getUndo();
        int needed = terms == null || !saga.rollback().gaveDataUp() ? 1 : terms.getOperators();
        for (int asked = 0; asked < needed; asked++) {
            assertThat(saga.rollback().finished())
                    .as("%d of %d asked", asked, needed)
                    .isTrue();
            twice(saga, new RollbackCommand.Undo(OPERATORS[asked], null, true));
        }
    }

    private static void untilItEnds(Saga saga, Random random) {
        for (int i = 0; i < 5_000 && !saga.rollback().finished(); i++) {
            saga.later(Duration.ofSeconds(random.nextInt(40)));
            var before = saga.rollback();
            var events = act(saga, random);
            eachEvent(before, events, saga);
            invariants(saga);
        }
        assertThat(saga.rollback().finished()).as("it ends").isTrue();
        atTheEnd(saga, random);
    }

    // ---- what may happen ------------------------------------------------------------------------

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
            steps.add(randomStep("s" + i, phase, depends, random));
        }
        return Saga.of(steps.toArray(PlanStep.Builder[]::new))
                .undoneBy(1 + random.nextInt(OPERATORS.length))
                .started();
    }

    private static PlanStep.Builder randomStep(String id, Phase phase, List<String> depends, Random random) {
        var before = depends.toArray(String[]::new);
        if (random.nextInt(6) == 0) {
            var expiry = random.nextInt(4) == 0 ? GateExpiry.APPROVE : GateExpiry.REJECT;
            return (random.nextInt(4) == 0
                            ? Saga.held(Saga.gate(id, phase, 1, before))
                            : Saga.gate(id, phase, 1, before))
                    .setTimeout(600_000)
                    .setAction(new StepAction(
                            new AwaitApproval(List.of("loss"), 1 + random.nextInt(2), expiry, random.nextBoolean())));
        }
        var step = Saga.step(id, phase, before)
                .setAttempts(1 + random.nextInt(3))
                .setExpected(random.nextInt(4) == 0 ? 0 : random.nextInt(600_000));
        step.setInputs(depends.stream().filter(_ -> random.nextInt(4) == 0).toList());
        if (random.nextBoolean()) {
            Saga.undoable(step);
        }
        if (random.nextInt(4) == 0) {
            Saga.hasFasterWay(step);
        }
        if (random.nextInt(8) == 0) {
            return Saga.restores(step);
        }
        return switch (random.nextInt(6)) {
            case 0 -> Saga.dispensable(step);
            case 1 -> Saga.held(step);
            default -> step;
        };
    }

    private static List<RollbackEvent> act(Saga saga, Random random) {
        var rollback = saga.rollback();
        var waiting = rollback.waiting();
        var out = rollback.inFlight();
        boolean stuck = out.isEmpty() && waiting.isEmpty();
        if (rollback.pause() != null && (stuck || random.nextInt(10) == 0)) {
            return twice(saga, new RollbackCommand.Resume(operator(random), null));
        }
        if (random.nextInt(20) == 0) {
            var risk = Prediction.risk(rollback, saga.now);
            if (risk.isPresent()) {
                var warned = twice(saga, risk.get());
                assertThat(Prediction.risk(saga.rollback(), saga.now))
                        .as("it is said once")
                        .isEmpty();
                return warned;
            }
        }
        if (random.nextInt(12) == 0 || stuck && random.nextInt(3) > 0) {
            return control(saga, random);
        }
        if (!rollback.openGates().isEmpty() && random.nextInt(3) == 0) {
            return twice(saga, new RollbackCommand.Expire(rollback.openGates().getFirst()));
        }
        if (!waiting.isEmpty() && (out.isEmpty() || random.nextBoolean())) {
            return twice(
                    saga,
                    new RollbackCommand.Retry(
                            waiting.get(random.nextInt(waiting.size())).next()));
        }
        return out.isEmpty() ? List.of() : report(saga, out, random);
    }

    private static List<RollbackEvent> control(Saga saga, Random random) {
        var steps = saga.plan.getSteps();
        // Now and then an operator mistypes.
        var step = random.nextInt(20) == 0
                ? "none"
                : steps.get(random.nextInt(steps.size())).getId();
        var gates = saga.rollback().openGates();
        var gate = gates.isEmpty() ? step : gates.getFirst();
        var held = saga.rollback().held();
        var which = held.isEmpty() || random.nextInt(4) == 0 ? step : held.getFirst();
        var by = operator(random);
        return switch (random.nextInt(22)) {
            case 20, 21 -> twice(saga, new RollbackCommand.TakeFasterWay(step, by, null));
            case 0 ->
                twice(
                        saga,
                        new RollbackCommand.Abort(
                                by,
                                null,
                                random.nextBoolean() ? AbortMode.NOW : AbortMode.AFTER_STEP,
                                random.nextInt(4) > 0));
            case 1, 2 -> twice(saga, new RollbackCommand.Pause(by, null));
            case 3 -> twice(saga, new RollbackCommand.Resume(by, null));
            case 4 -> twice(saga, new RollbackCommand.Reject(gate, by, null));
            case 5, 6, 7, 8 -> twice(saga, new RollbackCommand.Approve(gate, by, null));
            case 9, 10, 11, 12 -> saga.when(new RollbackCommand.RetryStep(which, by, null));
            case 13, 14, 15 -> twice(saga, new RollbackCommand.SkipStep(which, by, null));
            default ->
                twice(saga, new RollbackCommand.ChangeTimeout(step, Duration.ofSeconds(random.nextInt(300)), by, null));
        };
    }

    private static List<RollbackEvent> report(Saga saga, List<AttemptId> out, Random random) {
        var picked = out.get(random.nextInt(out.size()));
        // Now and then the world speaks of an attempt that is long over, or of one that never was.
        var attempt = random.nextInt(8) == 0
                ? new AttemptId(
                        picked.step(), random.nextBoolean(), Math.max(1, picked.number() + random.nextInt(3) - 1))
                : picked;
        var kinds = FailureKind.values();
        return switch (random.nextInt(12)) {
            case 0 -> twice(saga, new RollbackCommand.Fail(attempt, kinds[random.nextInt(kinds.length)], "random"));
            case 1 -> twice(saga, new RollbackCommand.Lose(attempt, "silence"));
            case 2 -> saga.when(new RollbackCommand.TimeOut(attempt));
            case 3 -> twice(saga, new RollbackCommand.Cancelled(attempt, "told so"));
            case 4, 5 -> twice(saga, new RollbackCommand.Acknowledge(attempt, "w:1"));
            default -> saga.succeeds(attempt);
        };
    }

    private static List<RollbackEvent> twice(Saga saga, RollbackCommand command) {
        var events = saga.when(command);
        assertThat(RollbackDecider.decide(command, saga.state, saga.now))
                .as("%s comes twice", command)
                .isEmpty();
        return events;
    }

    private static String operator(Random random) {
        return OPERATORS[random.nextInt(OPERATORS.length)];
    }

    // ---- what must hold -------------------------------------------------------------------------

    private static void eachEvent(Rollback start, List<RollbackEvent> events, Saga saga) {
        var before = start;
        RollbackEvent previous = null;
        for (var event : events) {
            boolean begins = event instanceof RollbackEvent.Dispatched
                    || event instanceof RollbackEvent.GateOpened
                    || event instanceof RollbackEvent.CompensationStarted;
            boolean asked = previous instanceof RollbackEvent.RetryRequested
                    || previous instanceof RollbackEvent.FasterWayChosen;
            if (begins) {
                assertThat(before.pause()).as("%s while paused", event).isNull();
                assertThat(before.stop() == null && !before.held().isEmpty() && !asked)
                        .as("%s while held", event)
                        .isFalse();
            }
            if (event instanceof RollbackEvent.Dispatched(var attempt, var _)) {
                dispatch(before, attempt, asked);
            }
            if (event instanceof RollbackEvent.Succeeded(var attempt, var _, var _, var _)
                    && Gates.isGate(before.planStep(attempt.step()))) {
                var needed = Gates.of(before.planStep(attempt.step())).getApprovals();
                var operators = before.track(attempt).approvals();
                assertThat(operators).doesNotHaveDuplicates();
                assertThat(previous instanceof RollbackEvent.GateExpired(var _, var decision)
                                        && decision == GateExpiry.APPROVE
                                || operators.size() >= needed)
                        .as("%s with %s of %d approvals", event, operators, needed)
                        .isTrue();
            }
            before = RollbackDecider.evolve(before, List.of(event), saga.now);
            previous = event;
        }
    }

    private static void dispatch(Rollback before, AttemptId attempt, boolean asked) {
        assertThat(Gates.isGate(before.planStep(attempt.step())))
                .as("%s is a gate", attempt)
                .isFalse();
        var track = before.track(attempt);
        assertThat(attempt.number()).as("number of %s", attempt).isEqualTo(track.attempt() + 1);
        assertThat(track.inFlight() && !asked).as("%s runs twice", attempt).isFalse();
        assertThat(before.track(attempt.step(), !attempt.compensation()).inFlight())
                .as("%s beside its contrary", attempt)
                .isFalse();
        if (attempt.compensation()) {
            assertThat(before.undoing()).contains(attempt.step());
        } else {
            assertThat(before.stop()).as("%s while stopping", attempt).isNull();
            assertThat(before.planStep(attempt.step()).getDependsOn())
                    .as("what %s depends on", attempt)
                    .allMatch(id -> before.track(id, false).satisfied());
        }
    }

    private static void invariants(Saga saga) {
        var rollback = saga.rollback();
        for (var step : rollback.plan().getSteps()) {
            var track = rollback.track(step.getId(), false);
            assertThat(track.failures()).isLessThanOrEqualTo(step.getAttempts());
        }
        if (rollback.undoing() != null) {
            assertThat(rollback.inFlight()).as("forward work while undoing").allMatch(AttemptId::compensation);
            assertThat(rollback.inFlight()).as("one undo at a time").hasSizeLessThanOrEqualTo(1);
        }
    }

    private static void atTheEnd(Saga saga, Random random) {
        var rollback = saga.rollback();
        assertThat(rollback.inFlight()).isEmpty();
        assertThat(rollback.openGates()).isEmpty();
        assertThat(rollback.held()).isEmpty();
        var mutations = rollback.order().stream()
                .filter(step -> rollback.planStep(step).getCompensation() != null)
                .toList();
        switch (rollback.outcome()) {
            case SUCCEEDED ->
                assertThat(rollback.steps().values())
                        .allMatch(track -> track.status() == Status.SUCCEEDED
                                || track.status() == Status.TOLERATED
                                || track.status() == Status.SKIPPED);
            case COMPENSATED, REFUSED ->
                assertThat(mutations)
                        .allMatch(step -> rollback.track(step, true).status() == Status.SUCCEEDED
                                || rollback.track(step, true).status() == Status.SKIPPED);
            case COMPENSATION_FAILED ->
                assertThat(mutations)
                        .anyMatch(step -> rollback.track(step, true).status() == Status.FAILED);
            case ABORTED -> {
                assertThat(rollback.undo()).isEmpty();
                assertThat(saga.history)
                        .anyMatch(event -> event instanceof RollbackEvent.AbortRequested abort && !abort.undo());
            }
        }
        assertThat(rollback.outcome() == Outcome.ABORTED || rollback.stop() == null || rollback.undoing() != null)
                .as("what was stopped is undone, unless it is left as it is")
                .isTrue();
        for (int i = 0; i < 5; i++) {
            assertThat(RollbackDecider.decide(
                            new RollbackCommand.Abort("ada", null, AbortMode.NOW, true), saga.state, saga.now))
                    .as("terminal states stay")
                    .isEmpty();
            if (rollback.outcome() != Outcome.COMPENSATION_FAILED) { // that one can be gone on with
                assertThat(control(saga, random)).as("terminal states stay").isEmpty();
            }
        }
        for (var step : rollback.plan().getSteps()) {
            assertThat(saga.succeeds(new AttemptId(step.getId(), false, 1)))
                    .as("terminal states stay")
                    .isEmpty();
        }
    }
}
