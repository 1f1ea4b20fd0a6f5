package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.Watches;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.action.AnomaliesLookedFor;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.FollowUpOverdue;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.CompleteFollowUp;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.step.Compensation;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** What follows a rollback that has succeeded: looks every minute for five minutes, and two things to do. */
class AftercareTest extends OneTask {
    private void answer(int attempt, SpecificRecord event) {
        aftercare.heard(
                StepEvent.newBuilder()
                        .setPlatform("freedom")
                        .setRollbackId("rb-1")
                        .setStepId(Watches.STEP)
                        .setAttempt(attempt)
                        .setWorkerId("w:1")
                        .setAt(END)
                        .setEvent(event)
                        .build(),
                END);
    }

    private static StepDone found(String... anomalies) {
        return new StepDone(
                new StepResult(new AnomaliesLookedFor(
                        List.of(anomalies), 1, 1, 0L, List.of(), anomalies.length == 0 ? List.of() : List.of("api"))),
                "",
                false);
    }

    private static StepDone running(String... services) {
        return new StepDone(
                new StepResult(new AnomaliesLookedFor(List.of(), 1, 1, 0L, List.of(services), List.of())), "", false);
    }

    private void look(int number, SpecificRecord answer) {
        tick(after(60 * number));
        answer(number, answer);
    }

    @Test
    void asksAHealthWorkerEachMinuteUntilTheTimeIsOver() {
        assertThat(facts(StabilityWatchStarted.class))
                .containsExactly(new StabilityWatchStarted("rb-1", after(300), 60_000L));
        tick(after(0));
        answer(1, running("api", "gui"));
        tick(after(59));
        assertThat(sent(StepCommand.class)).as("what runs at once").hasSize(1);

        tick(after(60));
        tick(after(65));
        assertThat(sent(StepCommand.class)).hasSize(2);
        wired(); // another orchestrator goes on
        answer(2, running("gui", "mlx"));
        tick(after(121));

        var commands = sent(StepCommand.class);
        assertThat(commands).extracting(StepCommand::getAttempt).containsExactly(1, 2, 3);
        var look = (LookForAnomalies)
                ((ExecuteStep) commands.getLast().getCommand()).getAction().getAction();
        assertThat(look.getProbes()).hasSize(3).noneMatch(probe -> probe.getPatient());
        assertThat(look.getBegan()).isEqualTo(END.minusSeconds(60));
        assertThat(look.getStableSince()).isEqualTo(END);
        assertThat(look.getLogsSince()).isEqualTo(after(60));
        assertThat(look.getUntil()).isEqualTo(after(121));
        assertThat(look.getServices()).as("not what came later").containsExactly("api", "gui");
        assertThat(look.getUnwell()).isEmpty();

        answer(3, found());
        tick(after(300));

        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 3, 0, "its time is over"));
        assertThat(store.watched()).isEmpty();
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOfARelapseWhenAnomaliesAreFoundTwiceInARow() {
        look(1, found("api is unhealthy"));
        look(2, found());
        look(3, new StepError(FailureKind.OUTAGE, "Docker does not answer"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        look(4, found("api is unhealthy", "2 error lines"));

        assertThat(facts(PlatformRelapsed.class))
                .containsExactly(new PlatformRelapsed("rb-1", List.of("api is unhealthy", "2 error lines"), 2));
        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 4, 3, "the platform has relapsed"));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: not well again after rb-1");
            assertThat(message.getText()).contains("api is unhealthy", "you decide", "rollbackctl undo rb-1");
        });
        tick(after(299));
        assertThat(sent(StepCommand.class)).hasSize(4);
    }

    @Test
    void tellsOfARelapseWhenSomethingEndsAgainAndAgain() {
        for (int number = 1; number <= 4; number++) {
            tick(after(60 * (number - 1)));
            answer(number, number % 2 == 1 ? found("api was restarted") : found());
        }
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        tick(after(240));
        assertThat(look(sent(StepCommand.class).getLast()).getUnwell()).isEmpty();

        answer(5, found("api is exited"));

        assertThat(facts(PlatformRelapsed.class)).as("three of five looks").hasSize(1);
    }

    @Test
    void saysToTheNextLookWhatWasNotWell() {
        look(1, found("api is exited"));
        tick(after(120));

        assertThat(look(sent(StepCommand.class).getLast()).getUnwell()).containsExactly("api");
    }

    @Test
    void countsEachLookOnce() {
        tick(after(60));
        answer(1, found("api is unhealthy"));
        answer(1, found("api is unhealthy"));
        answer(2, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();

        tick(after(120));
        answer(1, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).isEmpty();
        answer(2, found("api is unhealthy"));
        assertThat(facts(PlatformRelapsed.class)).hasSize(1);
    }

    @Test
    void looksAgainOnlyWhenTheLookBeforeIsOver() {
        store.put(Platforms.registered(store.platform("freedom"), DESCRIPTOR.replace("every: 1m", "every: 2s")));
        tick(after(60));
        tick(after(69));
        assertThat(sent(StepCommand.class))
                .as("hangs, so that a probe takes its 10 s")
                .hasSize(1);
        answer(1, found("api does not answer within 10000 ms"));
        tick(after(70));
        answer(2, found("api does not answer within 10000 ms"));

        assertThat(facts(PlatformRelapsed.class)).hasSize(1);
    }

    @Test
    void tellsOnceWhenNobodyLooksAndGoesOn() {
        for (int seconds = 60; seconds < 250; seconds += 5) {
            tick(after(seconds));
        }

        assertThat(facts(PlatformRelapsed.class)).as("nothing is known of it").isEmpty();
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: nobody looks at it after rb-1");
            assertThat(message.getText()).contains("No health worker answers");
        });
        var looks = sent(StepCommand.class);
        assertThat(looks).hasSizeGreaterThan(2);
        answer(looks.size(), found());
        assertThat(logsSince(looks.getLast()))
                .as("lines of which nobody knows yet")
                .isEqualTo(END);
        tick(after(300));
        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 1, 0, "its time is over"));
    }

    private static Instant logsSince(StepCommand look) {
        return look(look).getLogsSince();
    }

    private static LookForAnomalies look(StepCommand command) {
        return (LookForAnomalies)
                ((ExecuteStep) command.getCommand()).getAction().getAction();
    }

    private static Plan plan(Phase phase) {
        var step = PlanStep.newBuilder()
                .setId("s")
                .setTitle("s")
                .setPhase(phase)
                .setWorker(Worker.GIT)
                .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/w")))
                .setOnFailure(FailurePolicy.COMPENSATE)
                .setTimeout(60_000)
                .setCompensation(Compensation.newBuilder()
                        .setTitle("undo")
                        .setWorker(Worker.GIT)
                        .setAction(new StepAction(new RemoveWorktree("/srv/freedom", "/tmp/w")))
                        .setTimeout(60_000)
                        .build())
                .build();
        return Plan.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setScenario("full-rollback")
                .setRto(1_800_000)
                .setDescriptorHash("")
                .setSteps(List.of(step))
                .build();
    }

    @Test
    void watchesNoLongerWhenSomethingElseChangesThePlatform() {
        sagas.start(new RollbackCommand.Start("rb-2", plan(Phase.ASSESS), null, "ada", null), "freedom", "c", END);
        assertThat(facts(StabilityWatchEnded.class)).isEmpty();
        tick(after(60));
        assertThat(sent(StepCommand.class))
                .as("not while it runs")
                .extracting(StepCommand::getStepId)
                .containsExactly("s");
        admissions.advance(
                "freedom",
                new RollbackCommand.Fail(new AttemptId("s", false, 1), FailureKind.PRECONDITION, "no"),
                null,
                after(61));

        sagas.start(new RollbackCommand.Start("rb-3", plan(Phase.SHUT_DOWN), null, "ada", null), "freedom", "c", END);

        assertThat(facts(StabilityWatchEnded.class))
                .containsExactly(new StabilityWatchEnded("rb-1", 0, 0, "rb-3 has begun"));
    }

    @Test
    void plansWhatIsToBeDoneAndCrossesItOff() {
        var planned = facts(FollowUpsPlanned.class).getFirst().getFollowUps();
        assertThat(planned).extracting(followUp -> followUp.getFollowUpId()).containsExactly("rb-1.1", "rb-1.2");
        assertThat(planned.getFirst().getDue()).isEqualTo(END.plus(Duration.ofHours(24)));

        complete("rb-1.1");
        complete("rb-1.1");

        assertThat(facts(FollowUpDone.class)).containsExactly(new FollowUpDone("rb-1.1", "ada", "by hand"));
        assertThat(facts(CommandRejected.class))
                .singleElement()
                .satisfies(rejected -> assertThat(rejected.getReason())
                        .contains("there is no follow-up rb-1.1 that is still to be done"));
    }

    @Test
    void remindsOnceOfWhatIsNotDoneInTime() {
        var due = END.plus(Duration.ofHours(24));
        remind(due);
        assertThat(facts(FollowUpOverdue.class)).isEmpty();

        wired(); // another orchestrator goes on
        remind(due.plusSeconds(1));
        remind(due.plusSeconds(6));

        assertThat(facts(FollowUpOverdue.class))
                .extracting(overdue -> overdue.getFollowUp().getFollowUpId())
                .containsExactly("rb-1.1", "rb-1.2");
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: overdue after a rollback: 2 follow-ups");
            assertThat(message.getText())
                    .contains("ada: Write it down, due 2026-03-02T03:00:00Z", "rollbackctl follow-ups done rb-1.2");
        });
    }

    @Test
    void remindsNobodyOfWhatIsDone() {
        complete("rb-1.1");
        complete("rb-1.2");
        remind(END.plus(Duration.ofDays(60)));

        assertThat(facts(FollowUpOverdue.class)).isEmpty();
    }

    @Test
    void tellsOnceThatAnIncidentStartsNothingHoweverOftenItIsReported() {
        admissions.unanswered(reported("i-1"), "it has no restore point", END);
        admissions.unanswered(reported("i-2"), "it has no restore point", after(300));
        assertThat(sent(Notification.class)).hasSize(1);
        admissions.unanswered(reported("i-3"), "its target is gone", after(600));
        assertThat(sent(Notification.class)).hasSize(2);
        assertThat(facts(IncidentIgnored.class)).as("one for each reason").hasSize(2);
    }

    @Test
    void tellsWhatWaitsOnceThePlatformIsLeftToAnOperator() {
        sagas.start(new RollbackCommand.Start("rb-2", plan(Phase.SHUT_DOWN), null, "ada", null), "freedom", "c", END);
        store.put(Platforms.queued(store.platform("freedom"), reported("i-1")));
        admissions.advance("freedom", new RollbackCommand.Abort("ada", "enough", AbortMode.NOW, false), null, after(1));
        assertThat(waiting()).isEmpty();
        admissions.advance(
                "freedom", new RollbackCommand.Cancelled(new AttemptId("s", false, 1), "told to"), null, after(2));

        assertThat(waiting()).hasSize(1);
    }

    private List<Notification> waiting() {
        return sent(Notification.class).stream()
                .filter(message -> message.getText().contains("left the platform to an operator"))
                .toList();
    }

    private void remind(Instant now) {
        aftercare.toRemind(now).forEach(platform -> aftercare.remind(platform, now));
    }

    private void complete(String followUp) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c" + ++ids)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setReason("by hand")
                        .setAt(END)
                        .setCommand(new CompleteFollowUp(followUp))
                        .build(),
                END);
    }
}
