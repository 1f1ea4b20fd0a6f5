package io.freedom.rollback.ctl.view;

import static io.freedom.rollback.ctl.view.Samples.START;
import static io.freedom.rollback.ctl.view.Samples.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WatchFrameTest {
    private static final Instant NOW = START.plusSeconds(102);

    private static RollbackStatus halfway() {
        return Samples.status(
                        step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.SUCCEEDED)
                                .setAttempt(1)
                                .setStartedAt(START)
                                .setFinishedAt(START.plusMillis(3200))
                                .setDetail("commit 4f2a91c, 7 commits since")
                                .build(),
                        step("backup.database", "Dump the database", Phase.PRESERVE, StepState.RUNNING)
                                .setAttempt(2)
                                .setStartedAt(START.plusSeconds(90))
                                .setDone(12_300_000)
                                .setTotal(24_600_000)
                                .setUnit("bytes")
                                .build(),
                        step("container.stop-writers", "Stop the writers", Phase.SHUT_DOWN, StepState.PENDING)
                                .build())
                .setAt(NOW)
                .build();
    }

    @Test
    void showsPhasesStepsProgressAndTheRtoLeft() {
        var lines = WatchFrame.lines(halfway(), NOW, 120, 40, Style.PLAIN);

        assertThat(String.join("\n", lines)).isEqualTo("""
                freedom  full-rollback → graveyard/pre-reset  rb-20260131-101500-a3f9  running
                because of alertmanager: DEPLOYMENT_FAILURE, 5xx above 10 %
                took 1:42 min · no downtime so far · RTO 30 min, 28:18 min left

                1 Assess        1/1
                  ✔ Verify the tag     3.2 s      commit 4f2a91c, 7 commits since
                2 Preserve      0/1
                  ▶ Dump the database  12 s       attempt 2  █████░░░░░  50 %  12 MB of 25 MB
                3 Shut down     0/1
                  · Stop the writers""");
    }

    @Test
    void saysWhenItIsProbablyOver() {
        var soon = RollbackStatus.newBuilder(halfway())
                .setExpectedEnd(NOW.plusSeconds(50))
                .build();
        assertThat(WatchFrame.lines(soon, NOW, 120, 40, Style.PLAIN))
                .contains("took 1:42 min · no downtime so far · RTO 30 min, 28:18 min left · over in about 50 s");

        var late = RollbackStatus.newBuilder(halfway())
                .setExpectedEnd(NOW.plusSeconds(3600))
                .build();
        assertThat(WatchFrame.lines(late, NOW, 120, 40, Style.COLOURED))
                .anySatisfy(line -> assertThat(line)
                        .contains("RTO 30 min")
                        .contains(Style.COLOURED.red("x").substring(0, 4)));
    }

    @Test
    void saysWhichWorkerDoesNotAnswer() {
        var status = Samples.status(step("git.verify-target", "Verify the tag", Phase.ASSESS, StepState.DISPATCHED)
                        .setAttempt(1)
                        .setStartedAt(NOW.minusSeconds(12))
                        .build())
                .build();

        assertThat(WatchFrame.lines(status, NOW, 120, 40, Style.PLAIN))
                .last()
                .asString()
                .contains("waiting for the git worker (no answer for 12 s)");
    }

    @Test
    void saysHowLongServiceHasBeenDownAndThatTheRtoIsMissed() {
        var status = Samples.status()
                .setDownSince(START.plusSeconds(60))
                .setRto(100_000)
                .build();

        assertThat(WatchFrame.lines(status, NOW, 120, 40, Style.PLAIN))
                .contains("took 1:42 min · DOWN for 42 s · RTO 1:40 min, missed by 2.0 s");
    }

    @Test
    void saysWhatToDoWhenUndoingFailed() {
        var status = Samples.status()
                .setState(RollbackState.COMPENSATION_FAILED)
                .setReason("container.up: Docker does not answer")
                .setFinishedAt(NOW)
                .build();

        assertThat(WatchFrame.lines(status, NOW, 100, 40, Style.PLAIN))
                .endsWith(
                        Samples.ID + " failed and could not be undone: the platform needs you now: container.up:",
                        "Docker does not answer");
    }

    @Test
    void saysWhereAnAbortOfTheAnswerToABreachLeadsTo() {
        var status = Samples.status(step("gate.loss", "Approve the loss", Phase.RECOVER, StepState.HELD)
                        .setWorker(Worker.ORCHESTRATOR)
                        .setDetail("rejected by bob")
                        .build())
                .setState(RollbackState.HELD)
                .setIncidentClass(IncidentClass.SECURITY_BREACH)
                .build();

        assertThat(WatchFrame.lines(status, NOW, 160, 40, Style.PLAIN))
                .contains(
                        "Ask again: rollbackctl retry " + Samples.ID + " gate.loss --reason \"…\"",
                        "Stop and leave it as it is: rollbackctl abort " + Samples.ID + " --leave-as-is --reason \"…\"",
                        "Stop and go back INTO THE BREACHED STATE: rollbackctl abort " + Samples.ID
                                + " --reason \"…\"");
    }

    @Test
    void doesNotSayThatThePlatformIsAsBeforeWhereItIsNot() {
        var status = Samples.status()
                .setState(RollbackState.COMPENSATED)
                .setReason("aborted by ada; NOT AS BEFORE: one row less")
                .setDifferences(List.of("one row less"))
                .setFinishedAt(NOW)
                .build();

        assertThat(WatchFrame.lines(status, NOW, 120, 40, Style.PLAIN))
                .last()
                .asString()
                .contains(Samples.ID + " was undone, but the platform is NOT AS BEFORE: aborted by ada");
    }

    @Test
    void showsWhatAGateAsksAndWhatToType() {
        var status = Samples.status(step("gate.loss", "Approve the loss", Phase.RECOVER, StepState.AWAITING_APPROVAL)
                        .setAttempt(1)
                        .setStartedAt(START.plusSeconds(60))
                        .setDetail("1 of 2 approvals (ada): removes pgdata")
                        .build())
                .setState(RollbackState.AWAITING_APPROVAL)
                .setReason("gate.loss waits for approval")
                .build();

        assertThat(String.join("\n", WatchFrame.lines(status, NOW, 120, 40, Style.PLAIN)))
                .isEqualTo("""
                freedom  full-rollback → graveyard/pre-reset  rb-20260131-101500-a3f9  awaiting approval
                because of alertmanager: DEPLOYMENT_FAILURE, 5xx above 10 %
                took 1:42 min · no downtime so far · RTO 30 min, 28:18 min left

                gate.loss waits for approval
                Approve the loss, 1 of 2 approvals (ada): removes pgdata
                Approve: rollbackctl approve rb-20260131-101500-a3f9 gate.loss
                Reject: rollbackctl reject rb-20260131-101500-a3f9 gate.loss --reason "…"
                Stop and undo: rollbackctl abort rb-20260131-101500-a3f9 --reason "…"

                5 Recover       0/1
                  ? Approve the loss  42 s       1 of 2 approvals (ada): removes pgdata""");
    }

    @Test
    void saysHowAPausedAndAHeldRollbackGoOn() {
        var dump = step("backup.database", "Dump the database", Phase.PRESERVE, StepState.HELD)
                .setDetail("no space left");
        var held = Samples.status(dump.build())
                .setState(RollbackState.HELD)
                .setReason("backup.database is held: no space left")
                .build();
        var paused = Samples.status()
                .setState(RollbackState.PAUSED)
                .setReason("paused by ada")
                .build();

        assertThat(WatchFrame.lines(held, NOW, 120, 40, Style.PLAIN))
                .contains(
                        "backup.database is held: no space left",
                        "Try again: rollbackctl retry " + Samples.ID + " backup.database --reason \"…\"",
                        "Go on without it: rollbackctl skip " + Samples.ID + " backup.database --reason \"…\"");
        assertThat(WatchFrame.lines(paused, NOW, 120, 40, Style.PLAIN))
                .contains("paused by ada", "Go on: rollbackctl resume " + Samples.ID);
    }

    @Test
    void fitsNarrowTerminals() {
        assertThat(WatchFrame.lines(halfway(), NOW, 60, 40, Style.PLAIN))
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(60));
    }

    @Test
    void foldsWhatIsOverAndThenWhatIsNotBegunWhenTheTerminalIsLow() {
        var status = Samples.status()
                .setSteps(IntStream.range(0, 30)
                        .mapToObj(i -> i < 10
                                ? step("git.a" + i, "Done " + i, Phase.ASSESS, StepState.SUCCEEDED)
                                        .build()
                                : i < 20
                                        ? step("git.b" + i, "Now " + i, Phase.PRESERVE, StepState.RUNNING)
                                                .build()
                                        : step("git.c" + i, "Later " + i, Phase.RECOVER, StepState.PENDING)
                                                .build())
                        .toList())
                .build();

        var roomy = String.join("\n", WatchFrame.lines(status, START, 100, 50, Style.PLAIN));
        var low = String.join("\n", WatchFrame.lines(status, START, 100, 30, Style.PLAIN));
        var lower = String.join("\n", WatchFrame.lines(status, START, 100, 20, Style.PLAIN));
        var tiny = WatchFrame.lines(status, START, 100, 8, Style.PLAIN);

        assertThat(roomy).contains("Done 3").contains("Now 12").contains("Later 23");
        assertThat(low).doesNotContain("Done 3").contains("Now 12").contains("Later 23");
        assertThat(lower)
                .contains("1 Assess")
                .doesNotContain("Done 3")
                .contains("Now 12")
                .doesNotContain("Later 23");
        assertThat(tiny).hasSize(8).last().asString().contains("more lines");
    }

    @Test
    void coloursOnlyWhenAsked() {
        assertThat(String.join("", WatchFrame.lines(halfway(), NOW, 100, 40, Style.PLAIN)))
                .doesNotContain("\u001b");
        assertThat(String.join("", WatchFrame.lines(halfway(), NOW, 100, 40, Style.COLOURED)))
                .contains("\u001b[");
    }
}
