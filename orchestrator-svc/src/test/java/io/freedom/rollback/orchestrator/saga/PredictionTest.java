package io.freedom.rollback.orchestrator.saga;

import static io.freedom.rollback.orchestrator.saga.Saga.START;
import static io.freedom.rollback.orchestrator.saga.Saga.gate;
import static io.freedom.rollback.orchestrator.saga.Saga.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PredictionTest {
    /** Two steps side by side, one after both, and tidying up: 10 s, 60 s, 30 s, 500 s. */
    private final Saga saga = Saga.of(
            step("quick", Phase.ASSESS).setExpected(10_000),
            step("slow", Phase.ASSESS).setExpected(60_000),
            step("last", Phase.VALIDATE, "quick", "slow").setExpected(30_000),
            step("tidy", Phase.FINISH, "last").setExpected(500_000));

    private static Saga one(PlanStep.Builder... steps) {
        return Saga.of(steps).started();
    }

    private Optional<Instant> end() {
        return Prediction.end(saga.rollback(), saga.now);
    }

    private Instant after(int seconds) {
        return START.plusSeconds(seconds);
    }

    @Test
    void isTheEndOfTheLongestPathWithoutWhatTidiesUp() {
        saga.started();

        assertThat(end()).contains(after(90));
    }

    @Test
    void followsWhatReallyHappens() {
        saga.started().later(Duration.ofSeconds(20));
        saga.succeeds("quick");
        assertThat(end()).contains(after(90));

        saga.succeeds("slow"); // 40 s sooner than the other times
        assertThat(end()).contains(after(50));

        saga.later(Duration.ofSeconds(100)); // and the last one is late
        assertThat(end()).contains(saga.now);
    }

    @Test
    void isNotMadeWhereAStepWasNeverSeenToSucceed() {
        var unknown = one(step("a", Phase.ASSESS).setExpected(5), step("b", Phase.VALIDATE, "a"));
        assertThat(Prediction.end(unknown.rollback(), unknown.now)).isEmpty();

        var dispensable = one(step("a", Phase.ASSESS).setExpected(5), Saga.dispensable(step("b", Phase.VALIDATE, "a")));
        assertThat(Prediction.end(dispensable.rollback(), dispensable.now)).contains(START.plusMillis(5));
    }

    @Test
    void leavesOutTheTimeInWhichOperatorsThink() {
        var asked = one(
                gate("ask", Phase.ASSESS, 1), step("a", Phase.SHUT_DOWN, "ask").setExpected(5_000));

        assertThat(Prediction.end(asked.rollback(), asked.now)).contains(after(5));
    }

    @Test
    void isNotMadeWhilePausedHeldOrBeingUndone() {
        saga.started();
        saga.pause();
        assertThat(end()).isEmpty();
        saga.resume();
        assertThat(end()).isPresent();
        saga.fails("quick", FailureKind.PRECONDITION);
        assertThat(end()).isEmpty();

        var held = one(Saga.held(step("a", Phase.ASSESS).setExpected(5)));
        held.fails("a", FailureKind.PRECONDITION);
        assertThat(Prediction.end(held.rollback(), held.now)).isEmpty();
    }

    @Test
    void warnsOnceThatTheRtoWillBeMissed() {
        var late = one(
                step("a", Phase.ASSESS).setExpected(60_000),
                step("b", Phase.VALIDATE, "a").setExpected(1_790_000));

        var risk = Prediction.risk(late.rollback(), late.now).orElseThrow();

        assertThat(late.when(risk))
                .containsExactly(new RollbackEvent.RtoAtRisk(after(1850), after(1800), "a", List.of(), List.of()));
        assertThat(Prediction.risk(late.rollback(), late.now)).isEmpty();
        assertThat(late.when(risk)).isEmpty();
    }

    @Test
    void namesWhatMayBeLeftOutToBeOverSooner() {
        var late = one(
                step("a", Phase.ASSESS).setExpected(60_000),
                Saga.dispensable(step("logs", Phase.PRESERVE, "a").setExpected(700_000)),
                Saga.dispensable(step("beside", Phase.PRESERVE, "a").setExpected(10_000)),
                step("b", Phase.VALIDATE, "logs", "beside").setExpected(1_200_000));

        var risk = Prediction.risk(late.rollback(), late.now).orElseThrow();

        assertThat(late.when(risk))
                .as("what is not waited for need not be skipped")
                .containsExactly(
                        new RollbackEvent.RtoAtRisk(after(1960), after(1800), "a", List.of("logs"), List.of()));
    }

    @Test
    void namesWhatHasAFasterWay() {
        var late = one(
                Saga.hasFasterWay(step("build", Phase.ASSESS).setExpected(1_900_000)),
                step("b", Phase.VALIDATE, "build").setExpected(1000));

        assertThat(late.when(Prediction.risk(late.rollback(), late.now).orElseThrow()))
                .containsExactly(
                        new RollbackEvent.RtoAtRisk(after(1901), after(1800), "build", List.of(), List.of("build")));
        late.when(new RollbackCommand.TakeFasterWay("build", "ada", null));
        assertThat(Prediction.end(late.rollback(), late.now))
                .as("how long that takes was never measured")
                .isEmpty();
    }

    @Test
    void warnsThatTheRtoIsMissedWhereNothingCouldBePredicted() {
        var unknown = one(step("a", Phase.VALIDATE));
        assertThat(Prediction.risk(unknown.rollback(), unknown.now)).isEmpty();

        unknown.later(Duration.ofSeconds(1801));

        assertThat(unknown.when(Prediction.risk(unknown.rollback(), unknown.now).orElseThrow()))
                .containsExactly(new RollbackEvent.RtoAtRisk(null, after(1800), "a", List.of(), List.of()));
    }

    @Test
    void warnsOfNothingWhereNothingIsToRecover() {
        var point = one(step("a", Phase.PRESERVE), step("tidy", Phase.FINISH, "a"));
        point.later(Duration.ofHours(1));
        assertThat(Prediction.risk(point.rollback(), point.now)).isEmpty();
    }

    @Test
    void warnsOfNothingOnceThePlatformIsValidatedOrIsBeingUndone() {
        var tidying = one(step("a", Phase.VALIDATE), step("tidy", Phase.FINISH, "a"));
        tidying.succeeds("a");
        tidying.later(Duration.ofHours(1));
        assertThat(Prediction.risk(tidying.rollback(), tidying.now)).isEmpty();

        var undone = one(Saga.undoable(step("a", Phase.SHUT_DOWN)), step("b", Phase.VALIDATE, "a"));
        undone.succeeds("a");
        undone.abort("no");
        undone.later(Duration.ofHours(1));
        assertThat(undone.rollback().finished()).isFalse();
        assertThat(Prediction.risk(undone.rollback(), undone.now)).isEmpty();
        assertThat(undone.when(new RollbackCommand.WarnOfRto(null))).isEmpty();
    }
}
