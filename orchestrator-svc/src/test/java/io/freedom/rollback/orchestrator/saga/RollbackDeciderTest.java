package io.freedom.rollback.orchestrator.saga;

import static io.freedom.rollback.orchestrator.saga.Saga.comesBack;
import static io.freedom.rollback.orchestrator.saga.Saga.dispensable;
import static io.freedom.rollback.orchestrator.saga.Saga.goesDown;
import static io.freedom.rollback.orchestrator.saga.Saga.step;
import static io.freedom.rollback.orchestrator.saga.Saga.undoable;
import static io.freedom.rollback.schemas.step.Phase.ASSESS;
import static io.freedom.rollback.schemas.step.Phase.RECOVER;
import static io.freedom.rollback.schemas.step.Phase.REVERT;
import static io.freedom.rollback.schemas.step.Phase.SHUT_DOWN;
import static io.freedom.rollback.schemas.step.Phase.VALIDATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.FailureKind;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RollbackDeciderTest {
    private static Saga fourSteps() {
        return Saga.of(
                        step("look", ASSESS),
                        goesDown(undoable(step("stop", SHUT_DOWN, "look"))),
                        undoable(step("check-out", REVERT, "stop")),
                        comesBack(undoable(step("up", RECOVER, "check-out"))),
                        step("probe", VALIDATE, "up"))
                .started();
    }

    @Test
    void dispatchesAStepOnlyWhenAllItDependsOnSucceeded() {
        var saga = Saga.of(step("a", ASSESS), step("b", ASSESS), step("c", ASSESS, "a", "b"))
                .started();

        assertThat(saga.running()).containsExactly("a#1", "b#1");
        saga.succeeds("a");
        assertThat(saga.running()).containsExactly("b#1");
        saga.succeeds("b");
        assertThat(saga.running()).containsExactly("c#1");
    }

    @Test
    void finishesAndTellsTotalTimeAndDowntime() {
        var saga = fourSteps();
        saga.later(Duration.ofSeconds(10)).succeeds("look");
        saga.later(Duration.ofSeconds(1)).succeeds("stop");
        saga.later(Duration.ofSeconds(2)).succeeds("check-out");
        saga.later(Duration.ofSeconds(3)).succeeds("up");
        saga.later(Duration.ofSeconds(4)).succeeds("probe");

        assertThat(saga.history.getLast())
                .isEqualTo(new RollbackEvent.Finished(
                        Outcome.SUCCEEDED, "all steps succeeded", Duration.ofSeconds(20), Duration.ofSeconds(6)));
    }

    @Test
    void decidesToNothingWhenAResultComesTwice() {
        var saga = fourSteps();
        var look = saga.current("look", false);
        assertThat(saga.succeeds(look)).isNotEmpty();
        assertThat(saga.succeeds(look)).isEmpty();
    }

    @Test
    void decidesToNothingWhenStartedTwice() {
        var saga = fourSteps();
        assertThat(saga.when(new RollbackCommand.Start("rb-1", saga.plan, null, null, null)))
                .isEmpty();
    }

    @Test
    void refusesBeforeAnythingIsTouchedWhenAnAssessmentFails() {
        var saga = fourSteps();
        saga.fails("look", FailureKind.PRECONDITION);

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(saga.rollback().finishReason()).contains("look failed: broken");
        assertThat(saga.rollback().undo()).isEmpty();
    }

    @Test
    void restoresThePreviousStateInReverseOrderWhenValidationFails() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.succeeds("stop");
        saga.succeeds("check-out");
        saga.later(Duration.ofSeconds(5)).succeeds("up");
        saga.fails("probe", FailureKind.PRECONDITION);

        assertThat(saga.running()).containsExactly("undo of up#1");
        saga.undone("up");
        assertThat(saga.running()).containsExactly("undo of check-out#1");
        saga.undone("check-out");
        saga.later(Duration.ofSeconds(5)).undone("stop");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.rollback().downtime(saga.now))
                .as("service is back only when the last step is undone")
                .isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void undoesAStepThatFailedHalfWay() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.succeeds("stop");
        saga.fails("check-out", FailureKind.TOOL);

        assertThat(saga.running()).containsExactly("undo of check-out#1");
    }

    @Test
    void triesAgainAfterAGrowingPauseAndOnlyAsOftenAsPlanned() {
        var saga = Saga.of(step("dump", ASSESS).setAttempts(3)).started();
        saga.fails("dump", FailureKind.UNAVAILABLE);
        assertThat(saga.rollback().track("dump", false).retryAt()).isEqualTo(saga.now.plusSeconds(1));
        saga.later(Duration.ofSeconds(1)).when(new RollbackCommand.Retry(new AttemptId("dump", false, 2)));
        saga.fails("dump", FailureKind.UNAVAILABLE);
        assertThat(saga.rollback().track("dump", false).retryAt()).isEqualTo(saga.now.plusSeconds(2));
        saga.later(Duration.ofSeconds(2)).when(new RollbackCommand.Retry(new AttemptId("dump", false, 3)));
        saga.fails("dump", FailureKind.UNAVAILABLE);
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void doesNotTryAgainWhatCannotSucceed() {
        var saga = Saga.of(step("verify", ASSESS).setAttempts(3)).started();
        saga.fails("verify", FailureKind.PRECONDITION);
        assertThat(saga.rollback().finished()).isTrue();
    }

    @Test
    void dispatchesAHigherAttemptWhenTheWorkerFallsSilentAndFencesTheOldOne() {
        var saga = fourSteps();
        saga.succeeds("look");
        var first = saga.current("stop", false);
        saga.when(new RollbackCommand.Lose(first, "silence"));

        assertThat(saga.running()).containsExactly("stop#2");
        assertThat(saga.succeeds(first)).as("a result of the old attempt").isEmpty();
        saga.succeeds("stop");
        assertThat(saga.running()).containsExactly("check-out#1");
    }

    @Test
    void neverGivesUpOnLostWorkersOnceThePlatformIsTouched() {
        var saga = fourSteps();
        saga.succeeds("look");
        for (int i = 0; i < 50; i++) {
            saga.when(new RollbackCommand.Lose(saga.current("stop", false), "silence"));
        }
        assertThat(saga.running()).containsExactly("stop#51");
    }

    @Test
    void sitsOutAnOutageOfDockerOnceThePlatformIsTouched() {
        var saga = fourSteps();
        saga.succeeds("look");
        for (int i = 1; i <= 50; i++) {
            saga.fails("stop", FailureKind.OUTAGE);
            var again = saga.rollback().track("stop", false).retryAt();
            assertThat(Duration.between(saga.now, again)).isLessThanOrEqualTo(Duration.ofSeconds(5));
            saga.now = again;
            saga.when(new RollbackCommand.Retry(new AttemptId("stop", false, i + 1)));
        }
        saga.succeeds("stop");
        assertThat(saga.running()).containsExactly("check-out#1");
    }

    @Test
    void sitsOutAnOutageOfDockerWhileItUndoesButNotForEver() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.fails("stop", FailureKind.PRECONDITION);
        for (int i = 1; i <= Attempts.OUTAGES_WHILE_UNDOING; i++) {
            saga.undoFails("stop", FailureKind.OUTAGE);
            saga.now = saga.rollback().track("stop", true).retryAt();
            saga.when(new RollbackCommand.Retry(new AttemptId("stop", true, i + 1)));
        }
        assertThat(saga.running()).containsExactly("undo of stop#721");

        saga.undoFails("stop", FailureKind.OUTAGE);
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
    }

    @Test
    void usesUpNoneOfAnOutagesTimeWhilePaused() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.fails("stop", FailureKind.OUTAGE);
        saga.pause();
        saga.later(Duration.ofHours(3)).resume();
        saga.when(new RollbackCommand.Retry(new AttemptId("stop", false, 2)));
        saga.fails("stop", FailureKind.OUTAGE);

        assertThat(saga.rollback().stopping()).isNull();
    }

    @Test
    void refusesSoonWhenDockerDoesNotAnswerWhileThePlatformIsUntouched() {
        var saga = Saga.of(step("look", ASSESS).setAttempts(2)).started();
        saga.fails("look", FailureKind.OUTAGE);
        saga.later(Duration.ofSeconds(1)).when(new RollbackCommand.Retry(new AttemptId("look", false, 2)));
        saga.fails("look", FailureKind.OUTAGE);
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void refusesWhenNoWorkerTakesAStepWhileThePlatformIsUntouched() {
        var saga = fourSteps();
        for (int i = 0; i < Attempts.LOSSES_BEFORE_SHUT_DOWN; i++) {
            saga.when(new RollbackCommand.Lose(saga.current("look", false), "no worker took it"));
        }
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(saga.rollback().finishReason()).contains("no worker took it: is the worker running?");
    }

    @Test
    void passesAStepOnWhileWorkersAreRestartedOneByOneButNotForEver() {
        var saga = fourSteps();
        for (int i = 1; i < Attempts.HAND_OVERS_BEFORE_SHUT_DOWN; i++) {
            saga.when(new RollbackCommand.Cancelled(saga.current("look", false), "another worker had it"));
            assertThat(saga.running()).containsExactly("look#" + (i + 1));
        }
        saga.when(new RollbackCommand.Cancelled(saga.current("look", false), "another worker had it"));
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
        assertThat(saga.rollback().finishReason()).contains("do its workers die of it?");
    }

    @Test
    void undoesAStepWhoseTimeIsOverOnlyOnceItsWorkerHasStopped() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN))).started().later(Duration.ofSeconds(61));
        var attempt = new AttemptId("stop", false, 1);

        saga.when(new RollbackCommand.TimeOut(attempt));
        assertThat(saga.history.getLast()).isEqualTo(new RollbackEvent.CancelRequested(attempt));
        assertThat(saga.running()).containsExactly("stop#1");
        assertThat(saga.when(new RollbackCommand.TimeOut(attempt)))
                .as("it was told already")
                .isEmpty();

        saga.when(new RollbackCommand.Cancelled(attempt, "told so"));
        assertThat(saga.running()).containsExactly("undo of stop#1");
        saga.undone("stop");
        assertThat(saga.rollback().finishReason()).contains("no result within 60 s");
    }

    /** Found by the simulation: what waits for its next attempt is no worker's any more. */
    @Test
    void triesAgainOnlyOnceTheWorkerOfTheAttemptWhoseTimeIsOverHasStopped() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN)).setAttempts(2), step("next", SHUT_DOWN))
                .started();
        var attempt = new AttemptId("stop", false, 1);
        saga.later(Duration.ofSeconds(61)).when(new RollbackCommand.TimeOut(attempt));
        saga.fails("next", FailureKind.PRECONDITION);
        assertThat(saga.running()).as("it may still be at it").containsExactly("stop#1");
        saga.when(new RollbackCommand.Cancelled(attempt, "told so"));
        assertThat(saga.running()).containsExactly("undo of stop#1");
    }

    @Test
    void triesAgainWhatDidNotEndInTime() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN)).setAttempts(2)).started();
        var attempt = new AttemptId("stop", false, 1);
        saga.later(Duration.ofSeconds(61)).when(new RollbackCommand.TimeOut(attempt));
        saga.when(new RollbackCommand.Cancelled(attempt, "told so"));
        assertThat(saga.running()).isEmpty();
        saga.when(new RollbackCommand.Retry(attempt.next()));
        assertThat(saga.running()).containsExactly("stop#2");
    }

    @Test
    void takesAResultThatComesWhileTheWorkerIsToldToStop() {
        var saga = Saga.of(step("dump", ASSESS)).started().later(Duration.ofSeconds(61));
        saga.when(new RollbackCommand.TimeOut(new AttemptId("dump", false, 1)));
        saga.succeeds("dump");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void doesNotWaitForEverForAWorkerThatDoesNotStop() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN))).started().later(Duration.ofSeconds(61));
        var attempt = new AttemptId("stop", false, 1);
        saga.when(new RollbackCommand.TimeOut(attempt));

        saga.when(new RollbackCommand.Lose(attempt, "told to stop, but its worker did not"));
        assertThat(saga.running()).containsExactly("undo of stop#1");
    }

    @Test
    void undoesAStepWhoseTimeIsOverWhenItsWorkerIsGone() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN))).started().later(Duration.ofSeconds(61));
        var attempt = new AttemptId("stop", false, 1);
        saga.when(new RollbackCommand.TimeOut(attempt));

        saga.when(new RollbackCommand.Lose(attempt, "silence"));
        assertThat(saga.running()).containsExactly("undo of stop#1");
    }

    @Test
    void endsWithAnUndoWhoseTimeIsOverOnlyOnceItsWorkerHasStopped() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN)), step("next", REVERT, "stop"))
                .started();
        saga.succeeds("stop");
        saga.fails("next", FailureKind.PRECONDITION);
        saga.undoFails("stop", FailureKind.TOOL);
        saga.when(new RollbackCommand.Retry(new AttemptId("stop", true, 2)));
        var attempt = new AttemptId("stop", true, 2);

        saga.later(Duration.ofSeconds(64)).when(new RollbackCommand.TimeOut(attempt));
        assertThat(saga.history.getLast()).isEqualTo(new RollbackEvent.CancelRequested(attempt));
        assertThat(saga.rollback().finished())
                .as("an operator would mend what a worker still changes")
                .isFalse();

        saga.when(new RollbackCommand.Cancelled(attempt, "told so"));
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
        assertThat(saga.rollback().finishReason()).contains("could not undo \"stop\": no result within 60 s");
    }

    @Test
    void stopsRunningStepsBeforeItUndoesAnything() {
        var saga = Saga.of(undoable(step("a", SHUT_DOWN)), undoable(step("b", SHUT_DOWN)), step("c", SHUT_DOWN))
                .started();
        saga.succeeds("a");
        saga.fails("c", FailureKind.PRECONDITION);

        assertThat(saga.history).contains(new RollbackEvent.CancelRequested(new AttemptId("b", false, 1)));
        assertThat(saga.running()).containsExactly("b#1");
        saga.when(new RollbackCommand.Cancelled(new AttemptId("b", false, 1), "told so"));
        assertThat(saga.running()).containsExactly("undo of b#1");
        saga.undone("b");
        assertThat(saga.running()).containsExactly("undo of a#1");
    }

    @Test
    void undoesWhenAnOperatorAborts() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.succeeds("stop");
        saga.abort("wrong tag");
        saga.when(new RollbackCommand.Cancelled(saga.current("check-out", false), "told so"));
        saga.undone("check-out");
        saga.undone("stop");

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.rollback().finishReason()).isEqualTo("aborted by ada: wrong tag");
        assertThat(saga.abort("again")).isEmpty();
    }

    @Test
    void abortsAlsoWhileTheWorkerIsDead() {
        var saga = fourSteps();
        saga.abort(null);
        assertThat(saga.running()).containsExactly("look#1");
        saga.when(new RollbackCommand.Lose(saga.current("look", false), "silence"));
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void goesOnWithoutADispensableStep() {
        var saga = Saga.of(dispensable(step("logs", ASSESS)), step("next", ASSESS, "logs"))
                .started();
        saga.fails("logs", FailureKind.PRECONDITION);
        saga.succeeds("next");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(saga.rollback().finishReason()).isEqualTo("succeeded without 1 dispensable step(s)");
    }

    @Test
    void saysSoWhenUndoingFails() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.fails("stop", FailureKind.PRECONDITION);
        saga.undoFails("stop", FailureKind.PRECONDITION);

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
        assertThat(saga.rollback().finishReason()).contains("could not undo \"stop\": broken");
    }

    @Test
    void keepsTryingToUndoWhileWorkersAreLost() {
        var saga = fourSteps();
        saga.succeeds("look");
        saga.fails("stop", FailureKind.PRECONDITION);
        for (int i = 0; i < 20; i++) {
            saga.when(new RollbackCommand.Lose(saga.current("stop", true), "silence"));
        }
        assertThat(saga.running()).containsExactly("undo of stop#21");
    }
}
