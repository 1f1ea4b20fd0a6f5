package io.freedom.rollback.ctl.view;

import static io.freedom.rollback.ctl.view.Samples.START;
import static io.freedom.rollback.ctl.view.Samples.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.step.Phase;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
    private final ChangeLog log = new ChangeLog(ZoneOffset.UTC, Style.PLAIN);

    @Test
    void printsOneLineForEachChangeAndNoneForQuickProgress() {
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
                        "10:15:01  +1.0 s      — 2 Preserve  RTO 29:59 min left",
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
    void tellsOfEachPlaceInTheQueueUntilItsTurnHasCome() {
        var lines = new ArrayList<String>();
        for (var place : List.of(2, 2, 1)) {
            var waits = Samples.status()
                    .setReason("place " + place + " of 2")
                    .setIncidentClass(IncidentClass.DEPLOYMENT_FAILURE)
                    .setPermit(new PermitAwaited("berlin", place, 2, 1, 1, List.of()));
            lines.addAll(log.next(waits.build(), START));
        }
        lines.addAll(log.next(Samples.status().build(), START));

        assertThat(lines.subList(1, lines.size()))
                .containsExactly(
                        "10:15:00  +0.0 s      ‖ place 2 of 2",
                        "10:15:00  +0.0 s        Start it at once: rollbackctl start freedom --class deployment-failure --reason \"…\"",
                        "10:15:00  +0.0 s        Do not start it: rollbackctl abort " + Samples.ID + " --reason \"…\"",
                        "10:15:00  +0.0 s      ‖ place 1 of 2",
                        "10:15:00  +0.0 s      ▶ its turn has come");
    }

    @Test
    void tellsEveryTenSecondsHowFarALongStepIs() {
        var dump = step("backup.database", "Dump the database", Phase.PRESERVE, StepState.RUNNING)
                .setStartedAt(START)
                .setUnit("bytes")
                .setTotal(24_600_000);
        var lines = new ArrayList<String>();
        for (int second = 0; second <= 24; second += 2) {
            var at = START.plusSeconds(second);
            // From the 20th second on it does not get any further.
            var status =
                    Samples.status(dump.setDone(Math.min(second, 20) * 600_000L).build());
            lines.addAll(log.next(status.setAt(at).build(), at));
        }
        var at = START.plusSeconds(40);
        lines.addAll(log.next(Samples.status(dump.build()).setAt(at).build(), at));

        assertThat(lines.subList(2, lines.size()))
                .containsExactly(
                        "10:15:00  +0.0 s      ▶ backup.database  Dump the database",
                        "10:15:10  +10 s       … backup.database  Dump the database (10 s): 24 %, 6.0 MB of 25 MB",
                        "10:15:20  +20 s       … backup.database  Dump the database (20 s): 48 %, 12 MB of 25 MB");
    }

    @Test
    void tellsProgressOfUnknownTotalsWithWhatTheWorkerSays() {
        var copy = step("backup.models", "Archive the models", Phase.PRESERVE, StepState.RUNNING)
                .setStartedAt(START)
                .setUnit("files");
        log.next(Samples.status(copy.build()).build(), START);

        var at = START.plusSeconds(70);
        var status = Samples.status(copy.setDone(512).setDetail("models/large").build());

        assertThat(log.next(status.setAt(at).build(), at))
                .containsExactly(
                        "10:16:10  +1:10 min   … backup.models  Archive the models (1:10 min): 512 files, models/large");
    }

    @Test
    void saysHowMuchOfTheRecoveryTimeIsLeftWhenAPhaseBeginsAndWhenItIsMissed() {
        var verify = step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.SUCCEEDED)
                .setStartedAt(START)
                .setFinishedAt(START.plusSeconds(2));
        var stop = step("container.stop-writers", "Stop the writers", Phase.SHUT_DOWN, StepState.DISPATCHED)
                .setStartedAt(START.plusSeconds(90));
        var at = START.plusSeconds(130);

        var lines = log.next(
                Samples.status(verify.build(), stop.build()).setRto(120_000).build(), START.plusSeconds(90));
        var undoing = log.next(
                Samples.status(verify.build(), stop.build())
                        .setRto(120_000)
                        .setState(RollbackState.COMPENSATING)
                        .setReason("no answer")
                        .setAt(at)
                        .build(),
                START.plusSeconds(91));

        assertThat(lines.subList(1, lines.size()))
                .containsExactly(
                        "10:15:00  +0.0 s      — 1 Assess  RTO 2:00 min left",
                        "10:15:02  +2.0 s      ✔ git.verify-target  Verify the tag (2.0 s)",
                        "10:16:30  +1:30 min   — 3 Shut down  RTO 30 s left");
        assertThat(undoing)
                .containsExactly("10:17:10  +2:10 min   ↩ undoing what was done, RTO missed by 10 s: no answer");
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

        assertThat(log.next(status, START.plusSeconds(1))).last().asString().endsWith("— 1 Assess  RTO 30:00 min left");
        assertThat(log.next(status, START.plusSeconds(12)))
                .singleElement()
                .asString()
                .contains("waiting for the git worker (no answer for 12 s)");
        assertThat(log.next(status, START.plusSeconds(13))).isEmpty();
    }
}
