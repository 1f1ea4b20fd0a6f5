package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.FasterWay;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.UndoTerms;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.util.ArrayList;
import java.util.List;

/** Small plans of any shape: more of them fit into a second than of the runbook's, and they are stranger. */
final class GeneratedPlans {
    private static final int MOST_STEPS = 7;
    private static final List<Worker> WORKERS = TopicCatalogue.workers();

    private GeneratedPlans() {}

    static RollbackCommand.Start start(String platform, Chance chance) {
        int size = chance.between(1, MOST_STEPS);
        var steps = new ArrayList<PlanStep>();
        for (int i = 0; i < size; i++) {
            var before = new ArrayList<String>();
            for (int j = 0; j < i; j++) {
                if (chance.oneIn(3)) {
                    before.add("s" + j);
                }
            }
            var phase = Phase.values()[Math.min(i * Phase.values().length / size, Phase.values().length - 1)];
            // What begins and ends with the same word of one operator is no plan.
            steps.add(step("s" + i, phase, before, i > 0 && chance.oneIn(7), chance));
        }
        var plan = Plan.newBuilder()
                .setPlatform(platform)
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(300_000)
                .setDescriptorHash("")
                .setUndo(new UndoTerms(86_400_000L, chance.between(1, 2), 3_600_000L))
                .setSteps(steps)
                .build();
        return new RollbackCommand.Start("rb-" + platform, plan, null, "ada", null);
    }

    private static PlanStep step(String id, Phase phase, List<String> before, boolean gate, Chance chance) {
        var step = PlanStep.newBuilder()
                .setId(id)
                .setTitle(id)
                .setPhase(phase)
                .setWorker(chance.of(WORKERS))
                .setAction(new StepAction(chance.oneIn(8) ? givesDataUp() : does(id)))
                .setDependsOn(before)
                .setInputs(before.stream().filter(_ -> chance.oneIn(4)).toList())
                .setAttempts(chance.between(1, 3))
                .setBackoff(chance.of(0L, 500L, 5_000L))
                .setExpected(chance.of(0L, 3_000L, 60_000L))
                .setTimeout(chance.between(5, 60) * 1000L)
                .setAvailability(chance.of(Availability.values()))
                .setOnFailure(chance.of(
                        FailurePolicy.COMPENSATE,
                        FailurePolicy.COMPENSATE,
                        FailurePolicy.HOLD,
                        FailurePolicy.CONTINUE));
        if (gate) {
            var asks = new AwaitApproval(
                    List.of("loss"),
                    chance.between(1, 2),
                    chance.oneIn(4) ? GateExpiry.APPROVE : GateExpiry.REJECT,
                    chance.oneIn(2));
            return step.setWorker(Worker.ORCHESTRATOR)
                    .setAction(new StepAction(asks))
                    .setOnFailure(chance.oneIn(3) ? FailurePolicy.HOLD : FailurePolicy.COMPENSATE)
                    .setAvailability(Availability.UNCHANGED)
                    .build();
        }
        if (chance.oneIn(5)) {
            step.setFaster(new FasterWay("sooner " + id, new StepAction(does("sooner"))));
        }
        if (chance.below(4) > 0) {
            step.setCompensation(Compensation.newBuilder()
                    .setTitle("undo " + id)
                    .setWorker(step.getWorker())
                    .setAction(new StepAction(does("undo")))
                    .setTimeout(chance.between(5, 60) * 1000L)
                    .setAttempts(chance.between(1, 3))
                    .build());
        }
        return step.build();
    }

    private static RemoveVolumes givesDataUp() {
        return new RemoveVolumes(ComposeProject.newBuilder()
                .setProject("p")
                .setDirectory("/srv/p")
                .setFiles(List.of())
                .build());
    }

    private static RemoveWorktree does(String what) {
        return new RemoveWorktree("/srv/freedom", "/tmp/" + what);
    }
}
