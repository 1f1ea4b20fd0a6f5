package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.chain.EventHash;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.IncidentRepeated;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.topics.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** Alerts that come late, in the wrong order, again and again. */
class StormTest extends WholeTopology {
    private static final Instant BEGAN = Instant.parse("2026-03-01T02:58:00Z");

    private static byte[] alert(String fingerprint, String status, Instant began) {
        return new String(alert("freedom", fingerprint, status), StandardCharsets.UTF_8)
                .replace(BEGAN.toString(), began.toString())
                .getBytes(StandardCharsets.UTF_8);
    }

    private <T> List<T> all(Class<T> kind) {
        return facts().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** What is counted is said after a minute. */
    private void aMinutePasses() {
        driver.advanceWallClockTime(Duration.ofSeconds(66));
        driver.advanceWallClockTime(Duration.ofSeconds(6));
        collect();
    }

    private List<String> attention() {
        return notifications().stream().map(Notification::getTitle).toList();
    }

    private void registeredWithAChannel() {
        operator(new RegisterPlatform(io.freedom.rollback.orchestrator.planning.Descriptors.FREEDOM
                + "notifications: [{name: chat, webhook: 'http://localhost:1/hook'}]\n"));
    }

    // ---- order ----------------------------------------------------------------------------------

    @Test
    void startsNothingForAnAlertThatWasResolvedBeforeItWasHeardToFire() {
        registered();
        report(alert("f1", "resolved", BEGAN));
        report(alert("f1", "firing", BEGAN));
        report(alert("f1", "firing", BEGAN.minusSeconds(30)));

        assertThat(all(RollbackStarted.class)).isEmpty();
        assertThat(all(IncidentIgnored.class).getLast().getReason()).contains("resolved before that was heard");
    }

    @Test
    void startsForTheSameAlertWhenItFiresAnew() {
        registered();
        report(alert("f1", "resolved", BEGAN));
        report(alert("f1", "firing", BEGAN.plusSeconds(60)));

        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void startsNothingForTheRepetitionOfAnAlertThatWaitedAndWasResolved() {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        report(alert("f1", "firing", BEGAN));
        assertThat(all(IncidentQueued.class)).hasSize(1);
        report(alert("f1", "resolved", BEGAN));
        report(alert("f1", "firing", BEGAN));
        workersSucceed();

        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void asksForNothingBeforeItStartsWhereTheSiteHasNoLimit() {
        registered();
        report(alert("f1", "firing", BEGAN));
        assertThat(all(RollbackStarted.class)).hasSize(1);
        workersSucceed();

        assertThat(driver.producedTopicNames())
                .contains(TOPICS.history().name())
                .doesNotContain(TOPICS.sites().name());
    }

    // ---- age ------------------------------------------------------------------------------------

    @Test
    void startsNothingForWhatBeganTooLongAgoAndTellsPeople() {
        registeredWithAChannel();
        report(alert("f1", "firing", Instant.parse("2026-03-01T01:59:59Z")));

        assertThat(all(RollbackStarted.class)).isEmpty();
        assertThat(all(IncidentIgnored.class).getLast().getReason())
                .contains(
                        "it began at 2026-03-01T01:59:59Z",
                        "more than 60 min ago",
                        "rollbackctl start freedom --class service-degradation");
        assertThat(attention()).hasSize(1);

        operator(new StartRollback("rb-1", "full-rollback", null, null, null, List.of(), List.of()));
        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void startsNothingWhenTheTurnOfAnAlertComesTooLate() {
        registered();
        operator(new StartRollback("rb-1", "restore-point", null, null, null, List.of(), List.of()));
        report(alert("f1", "firing", BEGAN));
        for (int minute = 0; minute < 61; minute++) {
            driver.advanceWallClockTime(Duration.ofMinutes(1));
        }
        collect();
        workersSucceed();

        assertThat(all(RollbackStarted.class)).hasSize(1);
        assertThat(all(IncidentIgnored.class).getLast().getReason()).contains("more than 60 min ago");
    }

    @Test
    void theDescriptorSaysHowOldAnAlertMayBe() {
        operator(new RegisterPlatform(
                io.freedom.rollback.orchestrator.planning.Descriptors.FREEDOM + "automatic: {maxAge: 3h}\n"));
        report(alert("f1", "firing", Instant.parse("2026-03-01T00:30:00Z")));

        assertThat(all(RollbackStarted.class)).hasSize(1);
    }

    // ---- repetition -----------------------------------------------------------------------------

    @Test
    void saysTheFirstRepetitionWholeAndCountsTheRest() {
        registered();
        for (int n = 0; n < 20; n++) {
            report(alert("f1", "firing", BEGAN));
        }
        assertThat(all(RollbackStarted.class)).hasSize(1);
        assertThat(all(IncidentDuplicated.class)).hasSize(1);
        assertThat(all(IncidentRepeated.class)).isEmpty();
        aMinutePasses();

        assertThat(all(IncidentRepeated.class)).singleElement().satisfies(repeated -> {
            assertThat(repeated.getTimes()).isEqualTo(18);
            assertThat(repeated.getAnswer()).startsWith("answered by rb-");
            assertThat(repeated.getIncident().getFingerprint()).isEqualTo("f1");
            assertThat(repeated.getIncident().getEvidence()).isEmpty();
        });
        chainIsWhole();
    }

    @Test
    void countsAnAlertThatFlapsWhileItsRollbackRuns() {
        registered();
        for (int n = 0; n < 10; n++) {
            incidents().pipeInput("freedom", alert("f1", "firing", BEGAN.plusSeconds(n)));
            incidents().pipeInput("freedom", alert("f1", "resolved", BEGAN.plusSeconds(n)));
        }
        aMinutePasses();

        assertThat(all(RollbackStarted.class)).hasSize(1);
        assertThat(all(IncidentMerged.class)).hasSize(1);
        assertThat(all(IncidentIgnored.class)).hasSize(1);
        assertThat(all(IncidentRepeated.class))
                .extracting(IncidentRepeated::getTimes)
                .containsExactlyInAnyOrder(8, 9);
        chainIsWhole();
    }

    @Test
    void losesNoCountWhereTooManyDifferentAlertsAreRepeated() {
        registered();
        for (int n = 0; n < 52; n++) {
            for (int times = 0; times < 2; times++) {
                incidents().pipeInput("freedom", alert("f" + n, "resolved", BEGAN));
            }
        }
        aMinutePasses();

        assertThat(all(IncidentIgnored.class)).hasSize(52);
        assertThat(all(IncidentRepeated.class).stream()
                        .mapToInt(IncidentRepeated::getTimes)
                        .sum())
                .isEqualTo(52);
        chainIsWhole();
    }

    @Test
    void saysItWholeToWhoeverWaits() {
        registered();
        var headers = new RecordHeaders().add(Headers.AWAITED, new byte[0]);
        for (int n = 0; n < 4; n++) {
            incidents().pipeInput(new TestRecord<>("freedom", alert("f1", "firing", BEGAN), headers, BEGAN));
        }
        collect();

        assertThat(all(IncidentDuplicated.class)).hasSize(3);
    }

    @Test
    void tellsPeopleOnceOfAnAlertThatFlapsWhileItWaitsForThem() {
        registeredWithAChannel();
        report(alert("f1", "firing", BEGAN));
        operator(new io.freedom.rollback.schemas.operator.AbortRollback(
                history.getLast().getRollbackId(), io.freedom.rollback.schemas.operator.AbortMode.NOW, false));
        for (var command : List.copyOf(commands)) {
            if (command.getCommand() instanceof io.freedom.rollback.schemas.step.CancelStep cancel) {
                worker(command, new io.freedom.rollback.schemas.step.StepCancelled(cancel.getReason()));
            }
        }
        attention();
        for (int n = 1; n < 20; n++) {
            report(alert("f1", "firing", BEGAN.plusSeconds(n)));
            report(alert("f1", "resolved", BEGAN.plusSeconds(n)));
        }

        assertThat(attention()).hasSize(1);
        assertThat(all(IncidentQueued.class)).hasSize(1);
    }

    private void chainIsWhole() {
        var last = "";
        long sequence = 0;
        for (HistoryEvent event : history) {
            if (event.getRollbackId() == null) {
                assertThat(event.getSequence()).isEqualTo(++sequence);
                assertThat(event.getPreviousHash()).isEqualTo(last);
                assertThat(EventHash.of(
                                HistoryEvent.newBuilder(event).setHash("").build()))
                        .isEqualTo(event.getHash());
                last = event.getHash();
            }
        }
    }
}
