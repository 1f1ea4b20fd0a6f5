package io.freedom.rollback.ctl.view;

import static io.freedom.rollback.ctl.view.Samples.START;
import static io.freedom.rollback.ctl.view.Samples.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.step.Phase;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
    private final ChangeLog log = new ChangeLog(ZoneOffset.UTC, Style.PLAIN);

    @Test
    void printsOneLineForEachChangeAndNoneForProgress() {
        var dump = step("backup.database", "Dump the database", Phase.PRESERVE, StepState.RUNNING)
                .setAttempt(1)
                .setStartedAt(START.plusSeconds(1));

        var begun = log.next(
                Samples.status(dump.build()).setAt(START.plusSeconds(1)).build(), START.plusSeconds(1));
        var progress = log.next(
                Samples.status(dump.setDone(5).setUnit("files").build())
                        .setAt(START.plusSeconds(3))
                        .build(),
                START.plusSeconds(3));
        var ended = log.next(
                Samples.status(dump.setState(StepState.SUCCEEDED)
                                .setFinishedAt(START.plusSeconds(5))
                                .setDetail("42 files, 3.1 MB")
                                .build())
                        .setDownSince(START.plusSeconds(6))
                        .setUpSince(START.plusSeconds(16))
                        .setState(RollbackState.SUCCEEDED)
                        .setFinishedAt(START.plusSeconds(20))
                        .setReason("all steps done")
                        .build(),
                START.plusSeconds(20));

        assertThat(begun)
                .containsExactly(
                        "10:15:00  +0.0 s      rb-20260131-101500-a3f9  freedom  full-rollback → graveyard/pre-reset"
                                + "  RTO 30 min  because of alertmanager: DEPLOYMENT_FAILURE, 5xx above 10 %",
                        "10:15:01  +1.0 s      ▶ backup.database  Dump the database");
        assertThat(progress).isEmpty();
        assertThat(ended)
                .containsExactly(
                        "10:15:05  +5.0 s      ✔ backup.database  Dump the database (4.0 s): 42 files, 3.1 MB",
                        "10:15:06  +6.0 s      ▼ service goes down",
                        "10:15:16  +16 s       ▲ service is back, downtime 10 s",
                        "10:15:20  +20 s       rb-20260131-101500-a3f9 succeeded after 20 s: all steps done");
    }

    @Test
    void tellsThatAGateWaitsWhoAnsweredAndThatItGoesOn() {
        var gate = step("gate.loss", "Approve the loss", Phase.RECOVER, StepState.AWAITING_APPROVAL)
                .setAttempt(1)
                .setDetail("0 of 2 approvals: removes pgdata");
        var open = Samples.status(gate.build())
                .setState(RollbackState.AWAITING_APPROVAL)
                .setReason("gate.loss waits for approval");

        assertThat(log.next(open.build(), START))
                .contains(
                        "10:15:00  +0.0 s      ? gate.loss  Approve the loss: 0 of 2 approvals: removes pgdata",
                        "10:15:00  +0.0 s      ‖ waits for approval: gate.loss waits for approval",
                        "10:15:00  +0.0 s        Approve: rollbackctl approve " + Samples.ID + " gate.loss");
        open.setSteps(
                List.of(gate.setDetail("1 of 2 approvals (ada): removes pgdata").build()));
        assertThat(log.next(open.build(), START))
                .containsExactly(
                        "10:15:00  +0.0 s      ? gate.loss  Approve the loss: 1 of 2 approvals (ada): removes pgdata");
        var through = Samples.status(gate.setState(StepState.SUCCEEDED)
                .setFinishedAt(START)
                .setDetail("approved by ada, bob")
                .build());
        assertThat(log.next(through.build(), START)).last().isEqualTo("10:15:00  +0.0 s      ▶ goes on");
    }

    @Test
    void saysOnceThatAWorkerDoesNotAnswer() {
        var status = Samples.status(step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.DISPATCHED)
                        .setStartedAt(START)
                        .build())
                .build();

        assertThat(log.next(status, START.plusSeconds(1))).hasSize(1);
        assertThat(log.next(status, START.plusSeconds(12)))
                .singleElement()
                .asString()
                .contains("waiting for the git worker (no answer for 12 s)");
        assertThat(log.next(status, START.plusSeconds(13))).isEmpty();
    }
}
