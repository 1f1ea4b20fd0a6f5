package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.SiteLimitDisregarded;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.site.PermitGranted;
import io.freedom.rollback.schemas.site.PermitHolder;
import io.freedom.rollback.schemas.site.PermitQuestioned;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** A platform at a site with a limit; the test is the keeper of its permits. */
class SiteLimitsTest extends WholeTopology {
    private static final Instant SINCE = Instant.parse("2026-03-01T02:59:00Z");

    private static final String SOON_TOO_OLD = Descriptors.FREEDOM + "automatic: {maxAge: 5m}\n";
    private static final String TOLD =
            Descriptors.FREEDOM + "notifications: [{name: chat, webhook: 'http://localhost:1/hook'}]\n";

    @Override
    SiteLimits limits() {
        return new SiteLimits(1, Map.of());
    }

    /** What the platform has said since the last time, as "AskForPermit rb-1". */
    private List<String> said() {
        return requests().stream()
                .map(it -> it.getRequest().getClass().getSimpleName() + " " + it.getRollbackId())
                .toList();
    }

    private List<SiteRequest> requests() {
        return driver.createOutputTopic(
                        TOPICS.sites().name(),
                        new StringDeserializer(),
                        this.<SiteRequest>serde().deserializer())
                .readValuesToList();
    }

    private void keeper(String rollbackId, SpecificRecord what) {
        driver.<String, StepEvent>createInputTopic(
                        TOPICS.stepEvents().name(),
                        new StringSerializer(),
                        this.<StepEvent>serde().serializer())
                .pipeInput(
                        "freedom",
                        StepEvent.newBuilder()
                                .setPlatform("freedom")
                                .setRollbackId(rollbackId)
                                .setStepId("")
                                .setAttempt(0)
                                .setWorkerId("site default")
                                .setAt(SINCE)
                                .setEvent(what)
                                .build());
        collect();
    }

    private static PermitAwaited place(int place) {
        return new PermitAwaited("default", place, 5, 1, 1, List.of(new PermitHolder("other", "rb-other", SINCE)));
    }

    private static PermitGranted granted() {
        return new PermitGranted("default");
    }

    private <T> List<T> all(Class<T> kind) {
        return facts().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Its alert fires; the id that its rollback would have. */
    private String asks() {
        return asks(Descriptors.FREEDOM);
    }

    private String asks(String descriptor) {
        operator(new RegisterPlatform(descriptor));
        report(alert("freedom", "f1", "firing"));
        var request = requests();
        assertThat(request).hasSize(1);
        assertThat(request.getFirst().getSite()).isEqualTo("default");
        assertThat(all(RollbackStarted.class)).isEmpty();
        return request.getFirst().getRollbackId();
    }

    private String waits() {
        var id = asks();
        keeper(id, place(3));
        return id;
    }

    private void waitsForTenMinutes(String id) {
        for (int minutes = 0; minutes < 10; minutes++) {
            aMinutePasses();
            keeper(id, place(2));
        }
    }

    private void aMinutePasses() {
        driver.advanceWallClockTime(Duration.ofMinutes(1));
        collect();
    }

    private void passes(int seconds) {
        for (int i = 0; i < seconds; i += 5) {
            driver.advanceWallClockTime(Duration.ofSeconds(5));
        }
        collect();
    }

    @Test
    void beginsWhenItsTurnHasComeAndReturnsThePermitAtTheEnd() {
        var id = asks();
        keeper(id, granted());
        keeper(id, granted());

        assertThat(all(RollbackStarted.class)).hasSize(1);
        assertThat(history.getLast().getRollbackId()).isEqualTo(id);
        assertThat(said()).isEmpty();
        workersSucceed();
        assertThat(all(RollbackFinished.class)).hasSize(1);
        assertThat(said()).containsExactly("ReturnPermit " + id);
    }

    @Test
    void saysThatItWaitsAndWhoIsBeforeIt() {
        var id = waits();
        keeper(id, place(3));
        keeper(id, place(2));

        assertThat(all(IncidentPostponed.class)).singleElement().satisfies(postponed -> {
            assertThat(postponed.getStartId()).isEqualTo(id);
            assertThat(postponed.getReason())
                    .contains(
                            "place 3 of 5",
                            "other (rb-other)",
                            "to start it at once: `rollbackctl start freedom --class service-degradation --reason …`");
        });
        var shown = statuses();
        assertThat(shown).hasSize(2).allSatisfy(status -> {
            assertThat(status.getRollbackId()).isEqualTo(id);
            assertThat(status.getState()).isEqualTo(RollbackState.RUNNING);
            assertThat(status.getScenario()).isEqualTo("full-rollback");
        });
        assertThat(shown.getLast().getReason()).contains("place 2 of 5");
        keeper(id, granted());
        assertThat(statuses().getLast().getPermit()).isNull();
    }

    @Test
    void tellsPeopleOfOneThatWaitsLong() {
        var id = asks(TOLD);
        keeper(id, place(3));
        assertThat(notifications()).isEmpty();
        for (int minutes = 0; minutes < 3; minutes++) {
            aMinutePasses();
            keeper(id, place(2));
        }

        assertThat(notifications()).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).contains("an incident waits since");
            assertThat(message.getText()).contains("place 2 of 5");
        });
        assertThat(all(IncidentPostponed.class)).hasSize(2);
    }

    @Test
    void tellsPeopleOfABreachAtOnce() {
        operator(new RegisterPlatform(TOLD.replace("SERVICE_DEGRADATION", "SECURITY_BREACH")));
        report(alert("freedom", "f1", "firing", "security-breach"));
        keeper(requests().getFirst().getRollbackId(), place(3));

        assertThat(notifications()).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).contains("an incident waits since");
        });
        assertThat(all(RollbackStarted.class)).isEmpty();
    }

    @Test
    void asksAgainAndBeginsWhereNobodyAnswers() {
        var id = asks();
        passes(55);
        assertThat(said()).containsExactly("AskForPermit " + id, "AskForPermit " + id);
        assertThat(all(IncidentPostponed.class))
                .singleElement()
                .extracting(IncidentPostponed::getReason)
                .asString()
                .contains("at site default: the keeper of its permits does not answer");
        assertThat(statuses().getLast().getReason()).contains("begins within a minute all the same");
        assertThat(all(RollbackStarted.class)).isEmpty();
        passes(10);

        assertThat(said()).containsExactly("TakePermit " + id);
        assertThat(all(SiteLimitDisregarded.class)).hasSize(1);
        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void doesNotTakeTheSilenceOfBrokersForThatOfTheKeeper() {
        var id = waits();
        brokersAnswer = false;
        passes(300);
        brokersAnswer = true;
        passes(40);
        keeper(id, place(2));

        assertThat(all(RollbackStarted.class)).isEmpty();
        assertThat(statuses().getLast().getReason()).contains("place 2 of 5");
    }

    @Test
    void waitsAsLongAsItIsAnsweredAndIsNotTooOldForThat() {
        var id = asks(SOON_TOO_OLD);
        waitsForTenMinutes(id);
        assertThat(all(RollbackStarted.class)).isEmpty();
        keeper(id, granted());

        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void whatAnOperatorStartsWaitsForNobodyAndAnswersTheIncident() {
        var id = waits();
        statuses();
        report(alert("freedom", "f2", "firing"));
        operator(new StartRollback("rb-mine", "full-rollback", null, null, null, List.of(), List.of()));

        assertThat(all(RollbackStarted.class)).hasSize(1);
        assertThat(all(IncidentMerged.class)).hasSize(2);
        assertThat(said()).containsExactly("TakePermit rb-mine");
        assertThat(statuses())
                .filteredOn(status -> status.getRollbackId().equals(id))
                .singleElement()
                .satisfies(status -> {
                    assertThat(status.getState()).isEqualTo(RollbackState.REFUSED);
                    assertThat(status.getReason()).contains("rb-mine was started instead");
                });
        keeper(id, granted());
        assertThat(said()).as("nobody wants that one").containsExactly("ReturnPermit " + id);
        workersSucceed();
        assertThat(said()).containsExactly("ReturnPermit rb-mine");
        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void whatNeedsNoPermitAsksForNone() {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        workersSucceed();

        assertThat(all(RollbackFinished.class)).hasSize(1);
        assertThat(said()).isEmpty();
    }

    @Test
    void aRestorePointThatRunsMeanwhileDoesNotLoseItsTurn() {
        var id = waits();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        keeper(id, granted());
        assertThat(said()).isEmpty();
        workersSucceed();
        workersSucceed();

        assertThat(all(RollbackStarted.class)).hasSize(2);
        assertThat(said()).containsExactly("ReturnPermit " + id);
    }

    @Test
    void waitsNoMoreOnceItsAlertIsResolved() {
        var id = waits();
        statuses();
        report(alert("freedom", "f1", "resolved"));

        assertThat(said()).containsExactly("ReturnPermit " + id);
        assertThat(statuses().getLast().getState()).isEqualTo(RollbackState.REFUSED);
        keeper(id, granted());
        assertThat(all(RollbackStarted.class)).isEmpty();
        assertThat(said()).containsExactly("ReturnPermit " + id);
    }

    @Test
    void anotherAlertKeepsThePlace() {
        var id = waits();
        report(alert("freedom", "f2", "firing"));
        report(alert("freedom", "f1", "resolved"));
        assertThat(said()).isEmpty();
        keeper(id, granted());

        assertThat(all(RollbackStarted.class).getFirst().getIncident().getFingerprint())
                .isEqualTo("f2");
    }

    @Test
    void anOperatorTakesItOutOfTheQueue() {
        var id = waits();
        operator(new PauseRollback(id));
        assertThat(all(CommandRejected.class).getLast().getReason())
                .contains("has not begun", "rollbackctl abort " + id);
        operator(new AbortRollback(id, AbortMode.NOW, true));

        assertThat(all(IncidentIgnored.class).getLast().getReason()).contains("ada does not want it to start");
        assertThat(said()).containsExactly("ReturnPermit " + id);
        report(alert("freedom", "f1", "firing"));
        assertThat(said()).as("its answer is known").isEmpty();
    }

    @Test
    void returnsAPermitThatItDoesNotKnow() {
        registered();
        keeper("rb-lost", new PermitQuestioned("default"));
        assertThat(said()).containsExactly("ReturnPermit rb-lost");
    }

    @Test
    void keepsAPermitThatItNeeds() {
        var id = asks();
        keeper(id, granted());
        keeper(id, new PermitQuestioned("default"));
        assertThat(said()).isEmpty();
    }

    @Test
    void returnsItWhileItWaitsForPeople() {
        var id = asks();
        keeper(id, granted());
        operator(new PauseRollback(id));
        assertThat(said()).as("steps still run").isEmpty();
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof ExecuteStep) {
                worker(command, done());
            }
        }
        assertThat(said()).containsExactly("ReturnPermit " + id);
        operator(new ResumeRollback(id));
        assertThat(said()).containsExactly("TakePermit " + id);
        workersSucceed();
        assertThat(said()).containsExactly("ReturnPermit " + id);
    }

    @Test
    void theNextIncidentOfAPlatformAsksAnew() {
        var id = asks();
        keeper(id, granted());
        report(alert("freedom", "f2", "firing", "security-breach"));
        workersSucceed();

        var last = history.stream()
                .filter(event -> event.getEvent() instanceof RollbackFinished)
                .map(HistoryEvent::getRollbackId)
                .toList();
        assertThat(last).containsExactly(id);
        assertThat(said()).hasSize(2).first().isEqualTo("ReturnPermit " + id);
    }

    /** The first one waits for 10 min, and its rollback takes some, too; f2 arrives when it is a minute old. */
    @Test
    void theNextIncidentOfAPlatformIsNotTooOldForHavingWaitedBehindTheFirst() {
        var id = asks(SOON_TOO_OLD);
        report(alert("freedom", "f2", "firing", "security-breach"));
        waitsForTenMinutes(id);
        keeper(id, granted());
        requests();
        workersSucceed();
        var next = requests().stream()
                .map(SiteRequest::getRollbackId)
                .filter(it -> !it.equals(id))
                .findFirst()
                .orElseThrow();
        assertThat(all(IncidentIgnored.class)).isEmpty();
        waitsForTenMinutes(next);
        keeper(next, granted());

        assertThat(all(IncidentIgnored.class)).isEmpty();
        assertThat(all(RollbackStarted.class))
                .extracting(started -> started.getIncident().getFingerprint())
                .containsExactly("f1", "f2");
        workersSucceed();
    }

    @Test
    void whatArrivesTooLateIsTooOldThoughItsPlatformWaits() {
        var id = asks(SOON_TOO_OLD);
        waitsForTenMinutes(id);
        report(alert("freedom", "f2", "firing", "security-breach"));

        assertThat(all(IncidentIgnored.class).getLast().getReason()).contains("more than 5 min ago");
    }
}
