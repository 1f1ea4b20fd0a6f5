package io.freedom.rollback.orchestrator.saga;

import static io.freedom.rollback.orchestrator.saga.Saga.dispensable;
import static io.freedom.rollback.orchestrator.saga.Saga.gate;
import static io.freedom.rollback.orchestrator.saga.Saga.step;
import static io.freedom.rollback.orchestrator.saga.Saga.undoable;
import static io.freedom.rollback.schemas.step.Phase.ASSESS;
import static io.freedom.rollback.schemas.step.Phase.RECOVER;
import static io.freedom.rollback.schemas.step.Phase.SHUT_DOWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.action.Approved;
import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAction;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatesTest {
    private static Saga before(int approvals) {
        return Saga.of(
                        undoable(step("stop", SHUT_DOWN)),
                        gate("ask", SHUT_DOWN, approvals, "stop"),
                        step("remove", RECOVER, "ask"),
                        step("logs", RECOVER, "stop"))
                .started();
    }

    @Test
    void opensWhenWhatItDependsOnIsDoneAndHoldsOnlyWhatDependsOnIt() {
        var saga = before(1);
        saga.succeeds("stop");

        assertThat(saga.history).contains(new RollbackEvent.GateOpened("ask", saga.now.plusSeconds(60)));
        assertThat(saga.running()).containsExactly("logs#1");
    }

    @Test
    void letsThroughWhenEnoughDistinctOperatorsHaveApproved() {
        var saga = before(2);
        saga.succeeds("stop");

        assertThat(saga.approve("ask", "ada"))
                .containsExactly(new RollbackEvent.GateApproved("ask", "ada", null, 1, 2));
        assertThat(saga.approve("ask", " Ada")).as("the same once more").isEmpty();
        assertThat(saga.refusal(new RollbackCommand.Approve("ask", "ada", null)))
                .isEqualTo("ada has approved ask already; 1 more must come from somebody else");
        saga.approve("ask", "bob");

        assertThat(saga.running()).containsExactly("remove#1", "logs#1");
        assertThat(saga.rollback().track("ask", false).result().getResult())
                .isEqualTo(new Approved(List.of("ada", "bob")));
        assertThat(saga.refusal(new RollbackCommand.Approve("ask", "cyd", null)))
                .isEqualTo("ask is closed: approved by ada, bob");
    }

    @Test
    void undoesWhenRejected() {
        var saga = before(2);
        saga.succeeds("stop");
        saga.succeeds("logs");
        saga.approve("ask", "ada");
        saga.when(new RollbackCommand.Reject("ask", "bob", "not on a Friday"));
        saga.undone("stop");

        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.COMPENSATED);
        assertThat(saga.rollback().finishReason()).isEqualTo("ask failed: rejected by bob: not on a Friday");
    }

    /** As after a breach: what is undone lets the intruder back in. */
    @Test
    void isHeldInsteadOfUndoingWhereThePlanUndoesNothingUnasked() {
        var saga = Saga.of(
                        undoable(step("stop", SHUT_DOWN)),
                        Saga.held(gate("ask", SHUT_DOWN, 1, "stop")),
                        step("remove", RECOVER, "ask"))
                .started();
        saga.succeeds("stop");
        saga.when(new RollbackCommand.Reject("ask", "bob", "not yet"));
        assertThat(saga.status("ask")).isEqualTo(StepTrack.Status.HELD);
        assertThat(saga.rollback().stop()).isNull();
        assertThat(saga.running()).isEmpty();
        assertThat(saga.refusal(new RollbackCommand.Approve("ask", "ada", null)))
                .isEqualTo("ask was answered: rejected by bob: not yet. `rollbackctl retry rb-1 ask` asks again");
        assertThat(saga.refusal(new RollbackCommand.SkipStep("ask", "ada", null)))
                .contains("is a gate");

        assertThat(saga.when(new RollbackCommand.RetryStep("ask", "ada", null)))
                .contains(new RollbackEvent.GateOpened("ask", saga.now.plusSeconds(60)));
        saga.later(Duration.ofSeconds(61)).when(new RollbackCommand.Expire("ask"));
        assertThat(saga.status("ask")).as("silence undoes nothing either").isEqualTo(StepTrack.Status.HELD);
        saga.when(new RollbackCommand.RetryStep("ask", "ada", null));
        saga.approve("ask", "ada");
        assertThat(saga.running()).containsExactly("remove#1");
    }

    /** Neither the starter's word nor anybody else's outlives a rejection. */
    @Test
    void asksEverybodyAgainWhereAHeldGateOpensAgain() {
        var ask = Saga.held(gate("ask", SHUT_DOWN, 2))
                .setAction(new StepAction(
                        new AwaitApproval(List.of("removes the volume pgdata"), 2, GateExpiry.REJECT, true)));
        var saga = Saga.of(ask, step("remove", RECOVER, "ask")).started();
        assertThat(saga.rollback().track("ask", false).approvals()).containsExactly("ada");
        saga.when(new RollbackCommand.Reject("ask", "ada", "not this point"));

        saga.when(new RollbackCommand.RetryStep("ask", "bob", null));
        saga.approve("ask", "bob");

        assertThat(saga.running()).as("one person is not two").isEmpty();
        saga.approve("ask", "cyd");
        assertThat(saga.running()).containsExactly("remove#1");
    }

    @Test
    void neverGoesOnWithoutApprovalEvenWhereTheStepIsDispensable() {
        var saga = Saga.of(dispensable(gate("ask", ASSESS, 1)), step("remove", ASSESS, "ask"))
                .started();
        saga.when(new RollbackCommand.Reject("ask", "bob", null));
        assertThat(saga.rollback().outcome()).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void rejectsWhenNobodyAnswersInTime() {
        var saga = before(2);
        saga.succeeds("stop");
        saga.succeeds("logs");
        saga.approve("ask", "ada");
        var expire = new RollbackCommand.Expire("ask");
        assertThat(saga.when(expire)).as("before its time").isEmpty();

        saga.later(Duration.ofSeconds(61));
        assertThat(saga.approve("ask", "bob")).as("too late").isEmpty();
        assertThat(saga.refusal(new RollbackCommand.Approve("ask", "bob", null)))
                .startsWith("the time to answer ask was over at ");
        saga.when(expire);

        assertThat(saga.rollback().stopping())
                .isEqualTo("ask failed: 1 of 2 approvals came in time: rejected, as the plan says");
        assertThat(saga.when(expire)).as("expired twice").isEmpty();
    }

    @Test
    void approvesByItselfWhereThePlanSaysSo() {
        var ask = gate("ask", ASSESS, 1)
                .setAction(new StepAction(new AwaitApproval(List.of("loses 3 rows"), 1, GateExpiry.APPROVE, false)));
        var saga = Saga.of(ask, step("remove", ASSESS, "ask")).started().later(Duration.ofSeconds(61));
        saga.when(new RollbackCommand.Expire("ask"));

        assertThat(saga.history).contains(new RollbackEvent.GateExpired("ask", GateExpiry.APPROVE));
        assertThat(saga.running()).containsExactly("remove#1");
    }

    @Test
    void closesAtOnceWhenTheRollbackIsStopped() {
        var saga = before(1);
        saga.succeeds("stop");
        saga.fails("logs", FailureKind.PRECONDITION);

        assertThat(saga.status("ask")).isEqualTo(Status.SKIPPED);
        assertThat(saga.running()).containsExactly("undo of stop#1");
        assertThat(saga.approve("ask", "ada")).isEmpty();
    }

    @Test
    void canBeAnsweredWhilePausedAndDoesNotExpireThen() {
        var saga = before(1);
        saga.succeeds("stop");
        saga.later(Duration.ofSeconds(50)).pause();
        saga.later(Duration.ofHours(1));
        assertThat(saga.when(new RollbackCommand.Expire("ask"))).isEmpty();
        saga.resume();
        assertThat(saga.rollback().track("ask", false).deadline())
                .as("ten seconds were left, and still are")
                .isEqualTo(saga.now.plusSeconds(10));

        saga.pause();
        saga.later(Duration.ofHours(1)).approve("ask", "ada");
        assertThat(saga.status("ask")).isEqualTo(Status.SUCCEEDED);
        assertThat(saga.running()).containsExactly("logs#1");
        saga.resume();
        assertThat(saga.running()).containsExactly("remove#1", "logs#1");
    }

    @Test
    void isNeitherRetriedNorSkippedButMayWaitLonger() {
        var saga = before(1);
        saga.succeeds("stop");
        assertThat(saga.refusal(new RollbackCommand.RetryStep("ask", "ada", null)))
                .contains("is a gate", "rollbackctl approve rb-1 ask", "rollbackctl reject rb-1 ask");
        assertThat(saga.refusal(new RollbackCommand.SkipStep("ask", "ada", null)))
                .contains("is a gate");

        saga.when(new RollbackCommand.ChangeTimeout("ask", Duration.ofHours(2), "ada", null));
        assertThat(saga.rollback().track("ask", false).deadline()).isEqualTo(saga.now.plus(Duration.ofHours(2)));
    }

    @Test
    void saysWhyAnAnswerMeansNothing() {
        var saga = before(1);
        assertThat(saga.refusal(new RollbackCommand.Approve("ask", "ada", null)))
                .isEqualTo("ask has not begun: it comes after stop");
        assertThat(saga.refusal(new RollbackCommand.Approve("stop", "ada", null)))
                .isEqualTo("stop is no gate: nobody needs to approve it");
        assertThat(saga.refusal(new RollbackCommand.Reject("none", "ada", null)))
                .startsWith("there is no step none in rb-1");
    }

    private static Saga startedByAda(int approvals) {
        var gate = gate("approve", ASSESS, approvals)
                .setAction(
                        new StepAction(new AwaitApproval(List.of("loses 3 rows"), approvals, GateExpiry.REJECT, true)));
        return Saga.of(gate, step("stop", SHUT_DOWN, "approve")).started();
    }

    @Test
    void takesTheOneWhoStartedItForTheFirstToApprove() {
        assertThat(startedByAda(1).running()).containsExactly("stop#1");

        var two = startedByAda(2);
        assertThat(two.running()).isEmpty();
        assertThat(two.approve("approve", "Ada ")).as("ada once more").isEmpty();
        two.approve("approve", "bob");
        assertThat(two.running()).containsExactly("stop#1");
    }
}
