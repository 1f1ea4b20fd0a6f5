package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.FasterWay;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.UndoTerms;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Drives a rollback by hand: given a plan, when commands, then events. */
final class Saga {
    static final Instant START = Instant.parse("2026-03-01T03:00:00Z");

    final Plan plan;
    final List<RollbackEvent> history = new ArrayList<>();
    Instant now = START;

    @Nullable
    Rollback state;

    private Saga(Plan plan) {
        this.plan = plan;
    }

    static {
        TrustedSchemas.trust();
    }

    static Saga of(PlanStep.Builder... steps) {
        return new Saga(Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(1_800_000)
                .setDescriptorHash("")
                .setSteps(Arrays.stream(steps).map(PlanStep.Builder::build).toList())
                .build());
    }

    /** With as many operators who have to ask for an undo that gives data up, within an hour. */
    Saga undoneBy(int operators) {
        var terms = new UndoTerms(
                Duration.ofDays(30).toMillis(), operators, Duration.ofHours(1).toMillis());
        return new Saga(Plan.newBuilder(plan).setUndo(terms).build());
    }

    static PlanStep.Builder restores(PlanStep.Builder step) {
        return undoable(step).setAction(new StepAction(new RestoreDatabase()));
    }

    static PlanStep.Builder hasFasterWay(PlanStep.Builder step) {
        return step.setFaster(new FasterWay(
                "sooner " + step.getId(), new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/sooner"))));
    }

    static Saga of(Plan plan) {
        return new Saga(plan);
    }

    static PlanStep.Builder step(String id, Phase phase, String... dependsOn) {
        return PlanStep.newBuilder()
                .setId(id)
                .setTitle(id)
                .setPhase(phase)
                .setWorker(Worker.GIT)
                .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/" + id)))
                .setDependsOn(List.of(dependsOn))
                .setAttempts(1)
                .setOnFailure(FailurePolicy.COMPENSATE)
                .setAvailability(Availability.UNCHANGED)
                .setTimeout(60_000);
    }

    static PlanStep.Builder undoable(PlanStep.Builder step) {
        return step.setCompensation(Compensation.newBuilder()
                .setTitle("undo " + step.getId())
                .setWorker(Worker.GIT)
                .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/undo-" + step.getId())))
                .setTimeout(60_000)
                .setAttempts(2)
                .build());
    }

    static PlanStep.Builder dispensable(PlanStep.Builder step) {
        return step.setOnFailure(FailurePolicy.CONTINUE);
    }

    static PlanStep.Builder held(PlanStep.Builder step) {
        return step.setOnFailure(FailurePolicy.HOLD);
    }

    static PlanStep.Builder gate(String id, Phase phase, int approvals, String... dependsOn) {
        return step(id, phase, dependsOn)
                .setWorker(Worker.ORCHESTRATOR)
                .setAction(new StepAction(
                        new AwaitApproval(List.of("removes the volume pgdata"), approvals, GateExpiry.REJECT, false)));
    }

    static PlanStep.Builder goesDown(PlanStep.Builder step) {
        return step.setAvailability(Availability.GOES_DOWN);
    }

    static PlanStep.Builder comesBack(PlanStep.Builder step) {
        return step.setAvailability(Availability.COMES_BACK);
    }

    List<RollbackEvent> when(RollbackCommand command) {
        var events = RollbackDecider.decide(command, state, now);
        if (!events.isEmpty()) {
            state = RollbackDecider.evolve(state, events, now);
            history.addAll(events);
        }
        return events;
    }

    Saga started() {
        when(new RollbackCommand.Start("rb-1", plan, null, "ada", "test"));
        return this;
    }

    Saga later(Duration time) {
        now = now.plus(time);
        return this;
    }

    List<RollbackEvent> succeeds(String step) {
        return succeeds(current(step, false));
    }

    List<RollbackEvent> undone(String step) {
        return succeeds(current(step, true));
    }

    List<RollbackEvent> succeeds(AttemptId attempt) {
        return when(new RollbackCommand.Complete(attempt, new StepResult(new FilesChecked(1, 0)), "done", false));
    }

    List<RollbackEvent> fails(String step, FailureKind kind) {
        return when(new RollbackCommand.Fail(current(step, false), kind, "broken"));
    }

    List<RollbackEvent> undoFails(String step, FailureKind kind) {
        return when(new RollbackCommand.Fail(current(step, true), kind, "broken"));
    }

    List<RollbackEvent> abort(@Nullable String reason) {
        return when(new RollbackCommand.Abort("ada", reason, AbortMode.NOW, true));
    }

    List<RollbackEvent> approve(String gate, String operator) {
        return when(new RollbackCommand.Approve(gate, operator, null));
    }

    List<RollbackEvent> pause() {
        return when(new RollbackCommand.Pause("ada", "to look"));
    }

    List<RollbackEvent> resume() {
        return when(new RollbackCommand.Resume("bob", null));
    }

    /** Why a control would not be followed; empty when it would. */
    String refusal(RollbackCommand.Control control) {
        return Refusals.of(control, rollback(), now).orElse("");
    }

    StepTrack.Status status(String step) {
        return rollback().track(step, false).status();
    }

    AttemptId current(String step, boolean compensation) {
        return new AttemptId(
                step, compensation, rollback().track(step, compensation).attempt());
    }

    Rollback rollback() {
        if (state == null) {
            throw new IllegalStateException("not started");
        }
        return state;
    }

    List<String> running() {
        return rollback().inFlight().stream().map(AttemptId::toString).toList();
    }
}
