package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.Worker;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTreeTest {
    @Test
    void showsPhasesStepsWhatUndoesThemAndWhereServiceIsDown() {
        assertThat(String.join("\n", PlanTree.lines(Samples.plan(), Style.PLAIN)))
                .isEqualTo("""
                freedom: full-rollback → graveyard/pre-reset
                4 steps · RTO 30 min · site default · descriptor 0123456789ab…

                1 Assess
                └─ git.verify-target  Verify the tag  (git, at most 30 s)

                2 Preserve
                └─ backup.database  Dump the database  (backup, at most 20 min, 3 attempts)
                      after git.verify-target

                3 Shut down
                │  ▼ downtime begins
                └─ container.stop-writers  Stop the writers  (container, at most 30 s)
                      after git.verify-target, backup.database
                      undo: Start the writers again  (container, at most 1:30 min, 3 attempts)

                5 Recover
                └─ container.up  Start everything  (container, at most 30 s)
                   ▲ service is back""");
    }

    @Test
    void showsWhatAGateAsksAndWhatHappensWithoutAnAnswer() {
        var gate = PlanStep.newBuilder()
                .setId("gate.loss")
                .setTitle("Approve the loss")
                .setPhase(Phase.RECOVER)
                .setWorker(Worker.ORCHESTRATOR)
                .setAction(new StepAction(new AwaitApproval(List.of("removes pgdata"), 2, GateExpiry.REJECT)))
                .setTimeout(1_800_000)
                .setDependsOn(List.of("container.up"))
                .build();
        var plan = Plan.newBuilder(Samples.plan()).setSteps(List.of(gate)).build();

        assertThat(PlanTree.lines(plan, Style.PLAIN))
                .endsWith(
                        "└─ gate.loss  Approve the loss  (gate, 2 approvals within 30 min, else rejected)",
                        "      after container.up",
                        "      asks because: removes pgdata");
    }
}
