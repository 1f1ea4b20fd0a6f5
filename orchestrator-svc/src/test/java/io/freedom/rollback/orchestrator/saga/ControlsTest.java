package io.freedom.rollback.orchestrator.saga;

import static io.freedom.rollback.orchestrator.saga.Saga.comesBack;
import static io.freedom.rollback.orchestrator.saga.Saga.dispensable;
import static io.freedom.rollback.orchestrator.saga.Saga.goesDown;
import static io.freedom.rollback.orchestrator.saga.Saga.held;
import static io.freedom.rollback.orchestrator.saga.Saga.step;
import static io.freedom.rollback.orchestrator.saga.Saga.undoable;
import static io.freedom.rollback.schemas.step.Phase.ASSESS;
import static io.freedom.rollback.schemas.step.Phase.RECOVER;
import static io.freedom.rollback.schemas.step.Phase.REVERT;
import static io.freedom.rollback.schemas.step.Phase.SHUT_DOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.ExtendStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ControlsTest {
    private static Saga twoSides() {
        return Saga.of(
                        goesDown(undoable(step("stop", SHUT_DOWN))),
                        undoable(step("dump", SHUT_DOWN)).setAttempts(3),
                        comesBack(undoable(step("up", RECOVER, "stop", "dump"))))
                .started();
    }

    private static RollbackCommand.RetryStep retry(String step) {
        return new RollbackCommand.RetryStep(step, "ada", "mended");
    }

    private static RollbackCommand.SkipStep skip(String step) {
        return new RollbackCommand.SkipStep(step, "ada", "not needed");
    }

    private static RollbackCommand.ChangeTimeout within(String step, int seconds) {
        return new RollbackCommand.ChangeTimeout(step, Duration.ofSeconds(seconds), "ada", null);
    }

    private static RollbackCommand.Abort abort(AbortMode mode, boolean undo) {
        return new RollbackCommand.Abort("ada", "wrong tag", mode, undo);
    }

    // ---- pause ----------------------------------------------------------------------------------

    @Test
    void beginsNothingWhilePausedButTakesResults() {
        var saga = twoSides();
        assertThat(saga.pause()).containsExactly(new RollbackEvent.Paused("ada", "to look", Saga.START));
        saga.succeeds("stop");
        saga.succeeds("dump");
        assertThat(saga.running()).isEmpty();
        assertThat(saga.pause()).isEmpty();
        assertThat(saga.refusal(new RollbackCommand.Pause("bob", null)))
                .isEqualTo("rb-1 is paused already, by ada: `rollbackctl resume rb-1` lets it go on");

        saga.resume();
        assertThat(saga.running()).containsExactly("up#1");
        assertThat(saga.resume()).isEmpty();
        assertThat(saga.refusal(new RollbackCommand.Resume("bob", null))).startsWith("rb-1 is not paused");
    }

    @Test
    void letsRetriesWaitWhilePaused() {
        var saga = twoSides();
        saga.pause();
        saga.fails("dump", FailureKind.TOOL);
        saga.when(new RollbackCommand.Lose(saga.current("stop", false), "silence"));
        saga.later(Duration.ofSeconds(5));
        var second = saga.current("dump", false).next();
        assertThat(saga.when(new RollbackCommand.Retry(second))).isEmpty();

        saga.resume();
        assertThat(saga.running()).containsExactly("stop#2", "dump#2");
    }

    @Test
    void neitherCancelsNorUndoesWhilePaused() {
        var saga = twoSides();
        saga.pause();
        saga.fails("stop", FailureKind.PRECONDITION);
        assertThat(saga.rollback().track("dump", false).cancelRequested()).isFalse();
        saga.succeeds("dump");
        assertThat(saga.running()).isEmpty();

        saga.resume();
        assertThat(saga.running()).containsExactly("undo of dump#1");
        saga.pause();
        saga.undone("dump");
        assertThat(saga.running()).isEmpty();
        saga.resume();
        assertThat(saga.running()).containsExactly("undo of stop#1");
    }

    // ---- abort ----------------------------------------------------------------------------------

    @Test
    void abortsAlsoWhilePausedAndThatEndsThePause() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.pause();
        saga.abort("wrong tag");
        saga.when(new RollbackCommand.Cancelled(saga.current("dump", false), "told so"));
        assertThat(saga.running()).containsExactly("undo of dump#1");
    }

    @Test
    void letsRunningStepsEndBeforeItUndoesThem() {
        var saga = twoSides();
        saga.when(abort(AbortMode.AFTER_STEP, true));
        assertThat(saga.running()).containsExactly("stop#1", "dump#1");
        assertThat(saga.history).noneMatch(RollbackEvent.CancelRequested.class::isInstance);
        saga.succeeds("stop");
        saga.fails("dump", FailureKind.TOOL);
        assertThat(saga.status("dump")).as("not tried again").isEqualTo(Status.FAILED);
        assertThat(saga.running()).containsExactly("undo of dump#1");
    }

    @Test
    void stopsAtOnceWhenTheOperatorDoesNotWantToWaitAnyLonger() {
        var saga = twoSides();
        saga.when(abort(AbortMode.AFTER_STEP, true));
        assertThat(saga.when(abort(AbortMode.AFTER_STEP, true))).isEmpty();
        saga.when(abort(AbortMode.NOW, true));
        assertThat(saga.history).contains(new RollbackEvent.CancelRequested(new AttemptId("dump", false, 1)));
        assertThat(saga.refusal(abort(AbortMode.NOW, true))).startsWith("rb-1 is already being stopped");
    }

    @Test
    void doesNotWaitForADeadWorkerAfterAll() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.when(abort(AbortMode.AFTER_STEP, true));
        var lost = saga.current("dump", false);
        saga.when(new RollbackCommand.Lose(lost, "silence"));
        assertThat(saga.history).as("should it live after all").contains(new RollbackEvent.CancelRequested(lost));
        assertThat(saga.running()).containsExactly("undo of dump#1");
    }

    @Test
    void leavesThingsAsTheyAreWhenToldSo() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.when(abort(AbortMode.AFTER_STEP, false));
        assertThat(saga.refusal(new RollbackCommand.Pause("ada", null))).startsWith("rb-1 ends as soon as");
        saga.succeeds("dump");

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.ABORTED);
        assertThat(saga.rollback().finishReason())
                .isEqualTo("aborted by ada: wrong tag; left as it is, nothing undone");
        assertThat(saga.rollback().undo()).isEmpty();
    }

    @Test
    void doesNotAbortWhatIsBeingUndone() {
        var saga = twoSides();
        saga.succeeds("dump");
        saga.fails("stop", FailureKind.PRECONDITION);
        assertThat(saga.when(abort(AbortMode.NOW, false))).isEmpty();
        assertThat(saga.refusal(abort(AbortMode.NOW, false)))
                .contains("is already being undone", "rollbackctl pause rb-1");
    }

    // ---- hold -----------------------------------------------------------------------------------

    private static Saga holding() {
        var saga = Saga.of(
                        held(undoable(step("dump", SHUT_DOWN))).setAttempts(2),
                        undoable(step("stop", SHUT_DOWN)),
                        step("up", RECOVER, "stop"),
                        step("check", RECOVER, "dump"))
                .started();
        saga.fails("dump", FailureKind.PRECONDITION);
        return saga;
    }

    @Test
    void holdsAStepThatIsOutOfAttemptsAndBeginsNothingElse() {
        var saga = holding();
        assertThat(saga.status("dump")).isEqualTo(Status.HELD);
        saga.succeeds("stop");
        assertThat(saga.running()).isEmpty();
        assertThat(saga.rollback().finished()).isFalse();
    }

    @Test
    void retriesAHeldStepWithAllItsAttempts() {
        var saga = holding();
        saga.succeeds("stop");
        assertThat(saga.when(retry("dump")))
                .startsWith(new RollbackEvent.RetryRequested("dump", false, "ada", "mended"));
        assertThat(saga.running()).containsExactly("dump#2", "up#1");
        saga.fails("dump", FailureKind.TOOL);
        assertThat(saga.status("dump")).isEqualTo(Status.WAITING);
    }

    @Test
    void goesOnWithoutAHeldStep() {
        var saga = holding();
        saga.succeeds("stop");
        saga.when(skip("dump"));
        assertThat(saga.running()).containsExactly("up#1", "check#1");
        saga.succeeds("up");
        saga.succeeds("check");
        assertThat(saga.rollback().finishReason()).isEqualTo("succeeded without 1 step(s) that operators skipped");
    }

    @Test
    void abortsWhileHeldAndUndoesTheHeldStepToo() {
        var saga = holding();
        saga.succeeds("stop");
        saga.abort("enough");
        saga.undone("stop");
        saga.undone("dump");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
    }

    @Test
    void holdsNothingOnceItIsBeingStopped() {
        var saga = Saga.of(held(step("a", ASSESS)), step("b", ASSESS)).started();
        saga.when(abort(AbortMode.AFTER_STEP, true));
        saga.fails("a", FailureKind.PRECONDITION);
        assertThat(saga.status("a")).isEqualTo(Status.FAILED);
    }

    // ---- retry ----------------------------------------------------------------------------------

    @Test
    void retriesARunningStepWithAnAttemptThatFencesTheOldOne() {
        var saga = twoSides();
        var first = saga.current("dump", false);
        saga.when(retry("dump"));
        assertThat(saga.running()).containsExactly("stop#1", "dump#2");
        assertThat(saga.succeeds(first)).isEmpty();
    }

    @Test
    void retriesAWaitingStepAtOnce() {
        var saga = twoSides();
        saga.fails("dump", FailureKind.TOOL);
        saga.when(retry("dump"));
        assertThat(saga.running()).containsExactly("stop#1", "dump#2");
    }

    @Test
    void retriesWhatUndoesAStep() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.fails("dump", FailureKind.PRECONDITION);
        saga.when(retry("dump"));
        assertThat(saga.running()).containsExactly("undo of dump#2");
    }

    @Test
    void saysWhyItDoesNotRetry() {
        var saga = twoSides();
        assertThat(saga.refusal(retry("up"))).isEqualTo("up has not begun: it comes after stop, dump");
        saga.succeeds("stop");
        assertThat(saga.refusal(retry("stop"))).isEqualTo("stop is over (succeeded)");
        saga.pause();
        assertThat(saga.refusal(retry("dump")))
                .isEqualTo("rb-1 is paused, so no attempt begins: `rollbackctl resume rb-1` first");
        saga.abort(null);
        assertThat(saga.refusal(retry("dump"))).isEqualTo("rb-1 is being stopped: aborted by ada");
    }

    // ---- skip -----------------------------------------------------------------------------------

    @Test
    void skipsWhatHasNotBegunOrWaits() {
        var saga = twoSides();
        saga.fails("dump", FailureKind.TOOL);
        saga.when(skip("dump"));
        saga.when(skip("up"));
        saga.succeeds("stop");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(saga.rollback().track("dump", false).detail()).isEqualTo("skipped by ada: not needed");
    }

    @Test
    void doesNotSkipWhatRunsOrIsOverOrAnotherStepNeeds() {
        var saga = Saga.of(
                        step("count", ASSESS),
                        step("look", ASSESS, "count"),
                        dispensable(step("logs", ASSESS, "count")),
                        undoable(step("stop", SHUT_DOWN, "look")).setInputs(List.of("logs")),
                        step("check", RECOVER, "stop").setInputs(List.of("look")))
                .started();
        assertThat(saga.refusal(skip("count"))).contains("count runs", "rollbackctl abort rb-1");
        assertThat(saga.refusal(skip("look"))).contains("check needs the result of look: skip that one first");
        assertThat(saga.refusal(skip("logs"))).as("may be missing").isEmpty();
        saga.when(skip("check"));
        assertThat(saga.refusal(skip("look"))).isEmpty();
        saga.succeeds("count");
        assertThat(saga.refusal(skip("count"))).isEqualTo("count is over (succeeded)");
    }

    @Test
    void doesNotSkipWhatWouldBeNeededToUndoAnotherStep() {
        var undo = undoable(step("stop", SHUT_DOWN, "record"));
        undo.setCompensation(Compensation.newBuilder()
                .setTitle("undo stop")
                .setWorker(Worker.GIT)
                .setAction(undo.getAction())
                .setInputs(List.of("record"))
                .setTimeout(60_000)
                .build());
        var saga = Saga.of(step("first", ASSESS), step("record", ASSESS, "first"), undo)
                .started();
        assertThat(saga.refusal(skip("record"))).contains("undoing stop would need the result of record");
        saga.when(skip("stop"));
        assertThat(saga.refusal(skip("record"))).isEmpty();
    }

    // ---- timeout --------------------------------------------------------------------------------

    @Test
    void givesTheRunningAttemptAndItsWorkerMoreTime() {
        var saga = twoSides();
        saga.later(Duration.ofSeconds(30));
        var events = saga.when(within("dump", 600));
        var deadline = Saga.START.plusSeconds(600);
        assertThat(saga.rollback().track("dump", false).deadline()).isEqualTo(deadline);
        assertThat(Reaction.react(events.getFirst(), saga.rollback(), saga.now))
                .hasValueSatisfying(
                        reaction -> assertThat(reaction.command().getCommand()).isEqualTo(new ExtendStep(deadline)));

        saga.later(Duration.ofSeconds(5)).when(retry("dump"));
        assertThat(saga.rollback().track("dump", false).deadline())
                .as("later attempts get it too")
                .isEqualTo(saga.now.plusSeconds(600));
    }

    @Test
    void changesTheTimeOfAttemptsToComeWithoutTellingAnyWorker() {
        var saga = twoSides();
        var events = saga.when(within("up", 5));
        assertThat(Reaction.react(events.getFirst(), saga.rollback(), saga.now)).isEqualTo(Optional.empty());
        saga.succeeds("stop");
        saga.succeeds("dump");
        assertThat(saga.rollback().track("up", false).deadline()).isEqualTo(saga.now.plusSeconds(5));
    }

    @Test
    void changesTheTimeOfWhatUndoesAStep() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.fails("dump", FailureKind.PRECONDITION);
        saga.when(within("dump", 600));
        assertThat(saga.rollback().track("dump", true).deadline()).isEqualTo(saga.now.plusSeconds(600));
    }

    @Test
    void saysWhyItDoesNotChangeATimeout() {
        var saga = twoSides().later(Duration.ofSeconds(30));
        assertThat(saga.refusal(within("dump", 20))).startsWith("dump has taken longer already");
        assertThat(saga.refusal(within("dump", 0))).startsWith("a step may take between 1 second and 7 days");
        saga.later(Duration.ofSeconds(31));
        assertThat(saga.refusal(within("dump", 600))).startsWith("the time of dump was over at");
        saga.when(new RollbackCommand.TimeOut(saga.current("stop", false)));
        assertThat(saga.refusal(within("stop", 600))).startsWith("stop is being stopped already");
        assertThat(saga.refusal(within("none", 600))).startsWith("there is no step none");
    }

    // ---- dead workers ---------------------------------------------------------------------------

    @Test
    void everyControlWorksWhileTheWorkerIsDead() {
        var saga = twoSides();
        assertThat(saga.when(within("dump", 600))).isNotEmpty();
        assertThat(saga.when(retry("dump"))).isNotEmpty();
        assertThat(saga.pause()).isNotEmpty();
        assertThat(saga.when(skip("up"))).isNotEmpty();
        assertThat(saga.resume()).isNotEmpty();
        assertThat(saga.abort("enough")).isNotEmpty();
        saga.when(new RollbackCommand.Lose(saga.current("stop", false), "silence"));
        saga.when(new RollbackCommand.Lose(saga.current("dump", false), "silence"));
        assertThat(saga.running()).containsExactly("undo of dump#1");
    }

    @Test
    void goesOnUndoingWhereItHadFailedOnceAnOperatorHasMendedTheCause() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN)), undoable(step("check-out", REVERT, "stop")))
                .started();
        saga.succeeds("stop");
        saga.fails("check-out", FailureKind.PRECONDITION);
        saga.undoFails("check-out", FailureKind.PRECONDITION);
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
        assertThat(saga.refusal(new RollbackCommand.Pause("ada", null))).contains("rollbackctl retry rb-1 check-out");
        assertThat(saga.refusal(new RollbackCommand.RetryStep("stop", "ada", null)))
                .isNotEmpty();

        saga.when(new RollbackCommand.RetryStep("check-out", "ada", "freed the disk"));
        assertThat(saga.rollback().finished()).isFalse();
        assertThat(saga.running()).containsExactly("undo of check-out#2");
        saga.undone("check-out");
        saga.undone("stop");

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.refusal(new RollbackCommand.RetryStep("stop", "ada", null)))
                .contains("is over");
    }

    private static RollbackCommand.Undo undo() {
        return new RollbackCommand.Undo("ada", "the old version is worse", false);
    }

    @Test
    void undoesARollbackThatHadSucceeded() {
        var saga = twoSides();
        assertThat(saga.refusal(undo())).contains("still runs", "rollbackctl abort rb-1");
        saga.succeeds("stop");
        saga.succeeds("dump");
        saga.succeeds("up");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.SUCCEEDED);

        saga.later(Duration.ofHours(3)).when(undo());
        assertThat(saga.running()).containsExactly("undo of up#1");
        saga.later(Duration.ofSeconds(4)).undone("up");
        saga.undone("dump");
        saga.undone("stop");

        assertThat(saga.history.getLast())
                .isEqualTo(new RollbackEvent.Finished(
                        Outcome.COMPENSATED,
                        "undone by ada: the old version is worse",
                        Duration.ofSeconds(4),
                        Duration.ofSeconds(4)));
        assertThat(saga.refusal(undo())).contains("is over");
        assertThat(saga.when(undo())).isEmpty();
    }

    @Test
    void givesUpWhatWasCommittedSinceARestoreOnlyWhenThatIsMeant() {
        var restore = undoable(step("restore", RECOVER))
                .setAction(new StepAction(new RestoreDatabase(
                        new ComposeProject("p", "/srv", List.of("docker-compose.yml"), null, null, null),
                        new Database("postgres", "kb", "freedom", "jdbc:postgresql://db/kb", null, List.of()),
                        "/var/backups/rb-0",
                        2,
                        null,
                        null)));
        var saga = Saga.of(restore).started();
        saga.succeeds("restore");

        assertThat(saga.refusal(undo())).contains("what was committed since", "--accept-data-loss");
        saga.when(new RollbackCommand.Undo("ada", null, true));
        assertThat(saga.running()).containsExactly("undo of restore#1");
    }

    @Test
    void givesUpWhatWasWrittenSinceAResetOnlyWhenThatIsMeant() {
        var removal = undoable(step("remove", RECOVER))
                .setAction(new StepAction(new RemoveVolumes(
                        new ComposeProject("p", "/srv", List.of("docker-compose.yml"), null, null, null))));
        var saga = Saga.of(removal).started();
        saga.succeeds("remove");

        assertThat(saga.refusal(undo()))
                .contains("brings the previous volumes back", "what was written to them since", "--accept-data-loss");
        saga.when(new RollbackCommand.Undo("ada", null, true));
        assertThat(saga.running()).containsExactly("undo of remove#1");
    }

    @Test
    void removesTheCopyOfADrillAlsoWhereSomethingInItCouldNotBeUndone() {
        TrustedSchemas.trust();
        var steps = Saga.of(undoable(step("copy", ASSESS)), undoable(step("check-out", REVERT, "copy")));
        var saga = Saga.of(Plan.newBuilder(steps.plan)
                        .setDrillOf("freedom")
                        .setPlatform("freedom-drill")
                        .build())
                .started();
        assertThat(saga.refusal(abort(AbortMode.NOW, false))).contains("abort rb-1 with undoing");
        saga.succeeds("copy");
        saga.fails("check-out", FailureKind.PRECONDITION);
        saga.undoFails("check-out", FailureKind.PRECONDITION);
        assertThat(saga.running()).containsExactly("undo of copy#1");

        saga.undone("copy");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
    }

    private static Saga undoFailed(boolean paused) {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN)), undoable(step("check-out", REVERT, "stop")))
                .started();
        saga.succeeds("stop");
        saga.fails("check-out", FailureKind.PRECONDITION);
        if (paused) {
            saga.pause();
        }
        saga.undoFails("check-out", FailureKind.PRECONDITION);
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATION_FAILED);
        return saga;
    }

    @Test
    void retriesWhatCouldNotBeUndoneAlsoWhereItFailedDuringAPause() {
        var saga = undoFailed(true);

        saga.when(retry("check-out"));
        assertThat(saga.running()).containsExactly("undo of check-out#2");
    }

    @Test
    void goesOnWithoutUndoingAStepThatCannotBeUndone() {
        var saga = undoFailed(false);
        assertThat(saga.refusal(skip("stop"))).contains("has not been tried to be undone yet");

        saga.when(skip("check-out"));
        assertThat(saga.running()).containsExactly("undo of stop#1");
        saga.undone("stop");

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.rollback().finishReason()).endsWith("not undone, as operators decided: \"check-out\"");
        assertThat(saga.when(skip("check-out"))).isEmpty();
    }

    @Test
    void saysWhatUndoingDidNotBringBack() {
        var saga = Saga.of(undoable(step("restore", RECOVER))).started();
        saga.abort("no");
        saga.when(new RollbackCommand.Cancelled(saga.current("restore", false), "told to"));
        var less = new DatabaseChecked(List.of(), List.of("public.documents: expected 2 rows, found 1"));
        saga.when(new RollbackCommand.Complete(saga.current("restore", true), new StepResult(less), "done", false));

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.rollback().finishReason())
                .endsWith("; NOT AS BEFORE: public.documents: expected 2 rows, found 1");
        assertThat(saga.rollback().differences()).hasSize(1);
    }

    @Test
    void isUndoneOnlyAsLongAsWhatThatNeedsIsKept() {
        var saga = Saga.of(undoable(step("stop", SHUT_DOWN))).undoneBy(1).started();
        saga.succeeds("stop");
        saga.later(Duration.ofDays(30).plusSeconds(1));
        assertThat(saga.refusal(undo()))
                .contains("rb-1 can no longer be undone", "held until 2026-03-31T03:00:00Z", "backups.hold");
    }

    @Test
    void forgetsAfterAWhileThatSomebodyAskedToUndo() {
        var saga = Saga.of(Saga.restores(step("restore", RECOVER))).undoneBy(2).started();
        saga.succeeds("restore");
        assertThat(saga.refusal(undo())).contains("Say --accept-data-loss");
        saga.when(new RollbackCommand.Undo("ada", null, true));
        saga.later(Duration.ofHours(1).plusSeconds(1));

        assertThat(saga.when(new RollbackCommand.Undo("bob", null, true)))
                .containsExactly(new RollbackEvent.UndoApproved("bob", null, 1, 2, saga.now.plus(Duration.ofHours(1))));
        saga.when(new RollbackCommand.Undo("ada", "worse", true));
        assertThat(saga.running()).containsExactly("undo of restore#1");
        assertThat(saga.rollback().stopping()).isEqualTo("undone by ada: worse");
    }

    // ---- the faster way -------------------------------------------------------------------------

    private static RollbackCommand.TakeFasterWay faster(String step) {
        return new RollbackCommand.TakeFasterWay(step, "ada", "no time");
    }

    @Test
    void takesTheFasterWayOfAStepThatHasNotBegunOrInPlaceOfTheAttemptThatRuns() {
        var saga = Saga.of(
                        Saga.hasFasterWay(step("build", SHUT_DOWN)),
                        Saga.hasFasterWay(step("pull", RECOVER, "build")),
                        step("up", RECOVER, "pull"))
                .started();
        assertThat(saga.refusal(faster("up"))).isEqualTo("there is no faster way for up, but for build, pull");

        assertThat(saga.when(faster("pull")))
                .containsExactly(new RollbackEvent.FasterWayChosen("pull", "ada", "no time"));
        saga.when(faster("build"));
        assertThat(saga.running()).containsExactly("build#2");
        assertThat(saga.refusal(faster("build"))).contains("is done in its faster way already: sooner build");
        assertThat(saga.rollback().action(saga.plan.getSteps().getFirst()))
                .isEqualTo(saga.plan.getSteps().getFirst().getFaster().getAction());
        saga.succeeds("build");
        assertThat(saga.running()).containsExactly("pull#1");
        assertThat(saga.refusal(faster("build"))).contains("already");
    }

    @Test
    void takesNoFasterWayWhilePausedOrBeingStopped() {
        var saga =
                Saga.of(Saga.hasFasterWay(undoable(step("build", SHUT_DOWN)))).started();
        saga.pause();
        assertThat(saga.refusal(faster("build"))).contains("is paused, so no attempt begins");
        saga.resume();
        saga.abort("no");
        assertThat(saga.refusal(faster("build"))).contains("is being stopped");
    }

    @Test
    void undoesAtOnceWhatSucceededDuringAPause() {
        var saga = twoSides();
        saga.succeeds("stop");
        saga.succeeds("dump");
        saga.pause();
        saga.succeeds("up");
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.SUCCEEDED);

        saga.when(undo());
        assertThat(saga.running()).containsExactly("undo of up#1");
    }
}
