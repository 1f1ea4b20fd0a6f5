package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.GateApproved;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.TimeoutChanged;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class HistoryLinesTest {
    static {
        TrustedSchemas.trust();
    }

    private final HistoryLines lines = new HistoryLines(ZoneOffset.UTC, Style.PLAIN);

    @Test
    void tellsClockOffsetEventAndDetail() {
        var started = RollbackStarted.newBuilder()
                .setPlan(Samples.plan())
                .setOperator("ada")
                .setReason("5xx")
                .build();
        var failed = AttemptFailed.newBuilder()
                .setStepId("backup.database")
                .setAttempt(2)
                .setKind(FailureKind.UNAVAILABLE)
                .setMessage("Docker does not answer")
                .setRetryAt(Samples.START.plusSeconds(9))
                .build();
        var succeeded = StepSucceeded.newBuilder()
                .setStepId("container.stop-writers")
                .setAttempt(1)
                .setCompensation(true)
                .setDetail("2 services run")
                .setResult(Samples.result())
                .build();
        var finished = new RollbackFinished(Outcome.COMPENSATED, "aborted by ada", 42_000L, 12_000L);

        assertThat(lines.line(Samples.event(1, 0, Samples.ID, "c", started)))
                .isEqualTo("2026-01-31 10:15:00  +0.0 s      rb-20260131-101500-a3f9  rollback started      "
                        + "full-rollback → graveyard/pre-reset, by ada: 5xx");
        assertThat(lines.line(Samples.event(2, 7_300, Samples.ID, null, failed)))
                .endsWith("attempt failed        backup.database (attempt 2), unavailable: Docker does not answer"
                        + " (will be tried again)")
                .contains("+7.3 s");
        assertThat(lines.line(Samples.event(3, 20_000, Samples.ID, null, succeeded)))
                .endsWith("step undone           undo of container.stop-writers: 2 services run");
        assertThat(lines.line(Samples.event(4, 42_000, Samples.ID, null, finished)))
                .endsWith("compensated           took 42 s, downtime 12 s: aborted by ada");
    }

    @Test
    void tellsTheClassOfTheIncidentThatAnOperatorAnswers() {
        var breach = Plan.newBuilder(Samples.plan())
                .setIncidentClass(IncidentClass.SECURITY_BREACH)
                .build();
        var started = RollbackStarted.newBuilder().setPlan(breach).setOperator("ada");

        assertThat(lines.line(Samples.event(1, 0, Samples.ID, "c", started.build())))
                .endsWith("full-rollback → graveyard/pre-reset, for a security breach, by ada");
    }

    @Test
    void tellsWhoDecidedWhat() {
        assertThat(lines.line(Samples.event(
                        1, 0, Samples.ID, "c", new GateApproved("gate.loss", "ada", "backup is good", 1, 2))))
                .endsWith("gate approved         gate.loss, 1 of 2, by ada: backup is good");
        assertThat(lines.line(
                        Samples.event(2, 0, Samples.ID, "c", new RollbackPaused("bob", "to look", Samples.START))))
                .endsWith("paused                by bob: to look (service is down)");
        assertThat(lines.line(Samples.event(
                        3, 0, Samples.ID, "c", new AbortRequested("bob", "wrong tag", AbortMode.AFTER_STEP, false))))
                .endsWith("abort requested       by bob: wrong tag (after the steps that run) (left as it is)");
        assertThat(lines.line(Samples.event(
                        4, 0, Samples.ID, "c", new TimeoutChanged("git.a", true, 120_000L, null, 0, "ada", null))))
                .endsWith("timeout changed       undo of git.a may take 2 min, by ada");
    }

    @Test
    void letsNoEscapeSequenceThrough() {
        var failed = AttemptFailed.newBuilder()
                .setStepId("git.a")
                .setAttempt(1)
                .setKind(FailureKind.TOOL)
                .setMessage("bad\u001b[2J\r\nnews")
                .build();

        assertThat(lines.line(Samples.event(1, 0, Samples.ID, null, failed))).endsWith("tool: bad [2J news");
    }

    @Test
    void printsPlainJsonWithTheKindOfEvent() {
        var finished = new RollbackFinished(Outcome.SUCCEEDED, "said \"done\"\n", 42_000L, 0L);

        assertThat(Json.of(Samples.event(1, 0, null, "c", finished)))
                .isEqualTo("{\"platform\":\"freedom\",\"rollbackId\":null,\"sequence\":1,"
                        + "\"at\":\"2026-01-31T10:15:00Z\",\"cause\":\"c\",\"previousHash\":\"\",\"hash\":\"h1\","
                        + "\"event\":{\"type\":\"RollbackFinished\",\"outcome\":\"SUCCEEDED\","
                        + "\"reason\":\"said \\\"done\\\"\\n\",\"took\":42000,\"downtime\":0}}");
    }
}
