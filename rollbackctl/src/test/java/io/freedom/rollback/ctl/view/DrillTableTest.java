package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class DrillTableTest {
    private final List<HistoryEvent> history = new ArrayList<>();

    private void add(String id, long seconds, SpecificRecord event) {
        history.add(Samples.event(history.size() + 1, seconds * 1000, id, null, event));
    }

    private static PlanStep step(String id, Phase phase) {
        return PlanStep.newBuilder(Samples.plan().getSteps().getFirst())
                .setId(id)
                .setPhase(phase)
                .build();
    }

    private void step(String id, String step, long from, long to) {
        add(id, from, new StepDispatched(step, 1, false, Samples.START));
        add(id, to, new StepSucceeded(step, 1, false, "", false, new StepResult(new WritersStopped(List.of()))));
    }

    /** 100 s to make the copy, the scenario, 50 s to tidy up and remove. */
    private void drill(String id, long took, Outcome outcome) {
        var plan = Plan.newBuilder(Samples.plan())
                .setDrillOf("freedom")
                .setSteps(List.of(
                        step("container.drill-up", Phase.ASSESS),
                        step("container.up", Phase.RECOVER),
                        step("container.prune-images", Phase.FINISH),
                        step("container.drill-remove", Phase.FINISH)))
                .build();
        add(id, 0, RollbackStarted.newBuilder().setPlan(plan).setOperator("ada").build());
        step(id, "container.drill-up", 0, 100);
        step(id, "container.up", 100, 100 + took);
        step(id, "container.prune-images", 100 + took, 120 + took);
        step(id, "container.drill-remove", 120 + took, 150 + took);
        add(id, 150 + took, new RollbackFinished(outcome, outcome == Outcome.SUCCEEDED ? "" : "no disk", 0L, 0L));
    }

    @Test
    void countsTheScenarioWithoutTheCopy() {
        drill("drill-1", 10, Outcome.SUCCEEDED);
        drill("drill-2", 30, Outcome.SUCCEEDED);
        drill("drill-3", 20, Outcome.SUCCEEDED);
        drill("drill-4", 5, Outcome.COMPENSATED);

        assertThat(new DrillTable(history).rows()).singleElement().satisfies(row -> {
            assertThat(row.platform()).isEqualTo("freedom");
            assertThat(row.runs()).isEqualTo(4);
            assertThat(row.succeeded()).isEqualTo(3);
            assertThat(row.median()).isEqualTo(Duration.ofSeconds(20));
            assertThat(row.latest()).isEqualTo(Duration.ofSeconds(20));
            assertThat(row.last()).isEqualTo("failed: no disk");
        });
        assertThat(new DrillTable(history).lines(ZoneOffset.UTC, Style.PLAIN).getLast())
                .contains("freedom", "full-rollback", "3 (75 %)", "20 s", "30 min", "failed: no disk");
    }

    @Test
    void countsNoRollbackAndNoDrillThatRuns() {
        add(
                "rb-1",
                0,
                RollbackStarted.newBuilder()
                        .setPlan(Samples.plan())
                        .setOperator("ada")
                        .build());
        drill("drill-1", 10, Outcome.SUCCEEDED);
        history.removeLast();

        assertThat(new DrillTable(history).rows()).isEmpty();
        assertThat(new DrillTable(history).lines(ZoneOffset.UTC, Style.PLAIN))
                .containsExactly("No drill has ended yet. Start one with: rollbackctl drill SCENARIO PLATFORM");
    }
}
