package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.step.FasterWay;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.UndoTerms;
import io.freedom.rollback.schemas.step.Worker;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlanTreeTest {
    @Test
    void showsPhasesStepsWhatUndoesThemAndWhereServiceIsDown() {
        assertThat(String.join("\n", PlanTree.lines(Samples.plan(), Style.PLAIN)))
                .isEqualTo("""
                freedom: full-rollback → graveyard/pre-reset
                4 steps · RTO 30 min · site default · descriptor 0123456789ab…
                expected time: not known, no full-rollback has succeeded here yet

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

    private static Plan timed(long... expected) {
        var steps = new ArrayList<PlanStep>();
        for (int i = 0; i < expected.length; i++) {
            steps.add(PlanStep.newBuilder(Samples.plan().getSteps().get(i))
                    .setExpected(expected[i])
                    .build());
        }
        // service is back with the last one, which follows the third
        steps.set(
                3,
                PlanStep.newBuilder(steps.get(3))
                        .setDependsOn(List.of(steps.get(2).getId()))
                        .build());
        return Plan.newBuilder(Samples.plan()).setSteps(steps).build();
    }

    @Test
    void saysHowLongItWillTakeByPastRollbacks() {
        assertThat(PlanTree.lines(timed(1_000, 20_000, 500, 3_500), Style.PLAIN))
                .contains("expected time: about 25 s, downtime about 4.0 s")
                .contains("└─ git.verify-target  Verify the tag  (git, about 1.0 s, at most 30 s)");
        assertThat(PlanTree.lines(timed(1_000, 0, 500, 3_500), Style.PLAIN))
                .contains("expected time: at least 5.0 s, downtime at least 4.0 s; of 1 step it is not known");
    }

    private static String head(
            List<String> kept, @Nullable String restorePoint, @Nullable IncidentClass incidentClass) {
        var compose = new ComposeProject("freedom", "/srv/freedom", List.of("docker-compose.yml"), null, null, null);
        var plan = Samples.plan();
        var stop = PlanStep.newBuilder(plan.getSteps().get(2))
                .setAction(new StepAction(new StopWriters(compose, List.of("postgres"), 10)));
        var down = PlanStep.newBuilder(plan.getSteps().get(3))
                .setAction(new StepAction(new ComposeDown(compose, 10, kept, List.of())));
        var lines = PlanTree.lines(
                Plan.newBuilder(plan)
                        .setRestorePoint(restorePoint)
                        .setIncidentClass(incidentClass)
                        .setSteps(List.of(stop.build(), down.build()))
                        .build(),
                Style.PLAIN);
        return String.join("\n", lines.subList(0, lines.indexOf("")));
    }

    @Test
    void saysWhetherTheDatabaseServerRunsOnAndWhy() {
        assertThat(head(List.of("postgres"), null, null))
                .endsWith("postgres keeps running if definition, image and mounted files are the same in both versions:"
                        + " its data stay, and no security breach was named");
        assertThat(head(List.of("postgres"), null, IncidentClass.DEPLOYMENT_FAILURE))
                .startsWith("freedom: full-rollback → graveyard/pre-reset, for a deployment failure\n")
                .endsWith("its data stay, and a deployment failure is no security breach");
        assertThat(head(List.of(), null, IncidentClass.SECURITY_BREACH))
                .startsWith("freedom: full-rollback → graveyard/pre-reset, for a security breach\n")
                .endsWith("\npostgres is restarted: what ran during a security breach is not trusted");
        assertThat(head(List.of(), "/var/backups/freedom/rb-0", null))
                .endsWith("\npostgres is restarted: its data are restored");
        assertThat(head(List.of(), "/var/backups/freedom/rb-0", IncidentClass.SECURITY_BREACH))
                .endsWith("its data are restored, and what ran during a security breach is not trusted");
    }

    @Test
    void saysWhereTheWayBackEndsAndWhatCouldBeDoneFaster() {
        var build = PlanStep.newBuilder(Samples.plan().getSteps().getFirst())
                .setFaster(new FasterWay(
                        "Take what is here",
                        Samples.plan().getSteps().getFirst().getAction()))
                .build();
        var plan = Plan.newBuilder(Samples.plan())
                .setPointOfNoReturn("container.restart")
                .setSteps(List.of(build))
                .build();
        assertThat(PlanTree.lines(plan, Style.PLAIN))
                .contains("point of no return: container.restart")
                .endsWith("      faster: Take what is here  (rollbackctl faster, while it runs)");
        var undoable = Plan.newBuilder(plan)
                .setPointOfNoReturn(null)
                .setUndo(new UndoTerms(2_592_000_000L, 2, 900_000L))
                .build();
        assertThat(PlanTree.lines(undoable, Style.PLAIN))
                .contains(
                        "no point of no return; `rollbackctl undo` for 30 days after it, until another rollback changes the"
                                + " platform, by 2 operators where data are given up");
    }

    @Test
    void showsWhatAGateAsksAndWhatHappensWithoutAnAnswer() {
        var gate = PlanStep.newBuilder()
                .setId("gate.loss")
                .setTitle("Approve the loss")
                .setPhase(Phase.RECOVER)
                .setWorker(Worker.ORCHESTRATOR)
                .setAction(new StepAction(new AwaitApproval(List.of("removes pgdata"), 2, GateExpiry.REJECT, false)))
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
