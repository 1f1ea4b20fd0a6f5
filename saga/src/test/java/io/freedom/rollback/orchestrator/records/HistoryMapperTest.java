package io.freedom.rollback.orchestrator.records;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.action.Approved;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class HistoryMapperTest {
    private static final Instant AT = Instant.parse("2026-03-01T03:00:00Z");
    private static final AttemptId FIRST = new AttemptId("s", false, 1);
    private static final AttemptId UNDO = new AttemptId("s", true, 2);

    private static List<RollbackEvent> oneOfEach() {
        var plan = Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(1)
                .setDescriptorHash("")
                .setSteps(List.of())
                .build();
        return List.of(
                new RollbackEvent.Started("rb-1", plan, null, "ada", "why"),
                new RollbackEvent.Dispatched(UNDO, AT),
                new RollbackEvent.Acknowledged(UNDO, "w:1"),
                new RollbackEvent.Succeeded(FIRST, new StepResult(new Approved(List.of("ada"))), "done", true),
                new RollbackEvent.AttemptFailed(UNDO, FailureKind.TOOL, "broken", true, AT),
                new RollbackEvent.Failed("s", true, FailureKind.TOOL, "broken", true),
                new RollbackEvent.Skipped("s", true, "skipped by ada", "ada"),
                new RollbackEvent.Skipped("s", false, "stopped", null),
                new RollbackEvent.Held("s", FailureKind.TOOL, "broken"),
                new RollbackEvent.RetryRequested("s", true, "ada", "mended"),
                new RollbackEvent.TimeoutChanged(UNDO, Duration.ofSeconds(5), AT, "ada", "slow"),
                new RollbackEvent.TimeoutChanged(FIRST, Duration.ofSeconds(5), null, "ada", null),
                new RollbackEvent.GateOpened("s", AT),
                new RollbackEvent.GateApproved("s", "ada", "fine", 1, 2),
                new RollbackEvent.GateRejected("s", "ada", "no"),
                new RollbackEvent.GateExpired("s", GateExpiry.APPROVE),
                new RollbackEvent.Paused("ada", "to look", AT),
                new RollbackEvent.Resumed("ada", null),
                new RollbackEvent.CancelRequested(FIRST),
                new RollbackEvent.CancelRequested(UNDO),
                new RollbackEvent.AbortRequested("ada", "wrong tag", AbortMode.AFTER_STEP, false),
                new RollbackEvent.UndoRequested("ada", "the old version is worse"),
                new RollbackEvent.UndoApproved("ada", "the old version is worse", 1, 2, AT),
                new RollbackEvent.FasterWayChosen("s", "ada", "no time"),
                new RollbackEvent.RtoAtRisk(AT, AT, "s", List.of("b"), List.of("c")),
                new RollbackEvent.RtoAtRisk(null, AT, "", List.of(), List.of()),
                new RollbackEvent.CompensationStarted("why", List.of("s")),
                new RollbackEvent.Finished(Outcome.ABORTED, "why", Duration.ofSeconds(3), Duration.ofSeconds(1)));
    }

    @Test
    void readsEveryEventAsItWasWritten() {
        for (var event : oneOfEach()) {
            assertThat(HistoryMapper.fromAvro("rb-1", HistoryMapper.toAvro(event)))
                    .contains(event);
        }
    }

    @Test
    void forgetsNoKindOfEvent() {
        assertThat(oneOfEach().stream().map(Object::getClass).collect(Collectors.toSet()))
                .containsAll(Arrays.asList(RollbackEvent.class.getPermittedSubclasses()));
    }
}
