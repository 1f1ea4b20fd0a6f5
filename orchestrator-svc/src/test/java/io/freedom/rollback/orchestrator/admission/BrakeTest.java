package io.freedom.rollback.orchestrator.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.AnsweredIncident;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BrakeTest {
    static {
        TrustedSchemas.trust();
    }

    private Instant now = Instant.parse("2026-11-24T03:00:00Z");
    private PlatformState state = PlatformState.newBuilder()
            .setPlatform("freedom")
            .setDescriptor(Descriptors.FREEDOM + "automatic: {perAlert: 2, perPlatform: 3, within: 1h}\n")
            .build();

    private Incident fires(String fingerprint) {
        return Incident.newBuilder()
                .setIncidentId(fingerprint + now)
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.SERVICE_DEGRADATION)
                .setFingerprint(fingerprint)
                .setBeganAt(now)
                .setSummary("broken")
                .setEvidence(Map.of())
                .setSource("test")
                .build();
    }

    private Decision decide(Incident incident) {
        return new Admission(state, null, _ -> Optional.empty(), now).decide(incident);
    }

    /** Starts a rollback that succeeds within five minutes. */
    private void rollsBackFor(String fingerprint) {
        var incident = fires(fingerprint);
        var start = (Decision.Start) decide(incident);
        ends(start.command().rollbackId(), start.command().plan(), Outcome.SUCCEEDED, incident);
    }

    private void ends(String rollbackId, Plan plan, Outcome outcome, Incident incident) {
        state = Platforms.answered(state, incident, rollbackId, now);
        state = Platforms.idle(Platforms.running(state, rollbackId), rollbackId, plan, outcome);
        now = now.plus(Duration.ofMinutes(5));
    }

    private String held(Incident incident) {
        var decision = decide(incident);
        assertThat(decision).isInstanceOf(Decision.Hold.class);
        return ((Decision.Hold) decision).reason();
    }

    @Test
    void startsNoThirdRollbackForAnAlertThatFiresAgainAndAgain() {
        rollsBackFor("flapping");
        rollsBackFor("flapping");

        assertThat(held(fires("flapping")))
                .contains("this alert has led to 2 rollbacks of freedom within 60 min", "rollbackctl start freedom");
        assertThat(decide(fires("other"))).isInstanceOf(Decision.Start.class);
    }

    @Test
    void startsNoMoreThanSomeForAllAlertsTogether() {
        rollsBackFor("a");
        rollsBackFor("b");
        rollsBackFor("c");

        assertThat(held(fires("d"))).contains("alerts have led to 3 rollbacks");
    }

    @Test
    void startsNoThirdRollbackForAnAlertThatComesBackWithinTheHourEachTime() {
        rollsBackFor("flapping");
        now = now.plus(Duration.ofMinutes(40));
        rollsBackFor("flapping");
        now = now.plus(Duration.ofMinutes(40));

        assertThat(held(fires("flapping"))).contains("this alert has led to 2 rollbacks");
    }

    @Test
    void countsEachRollbackHoweverManyAlertsJoinedTheLast() {
        rollsBackFor("flapping");
        rollsBackFor("flapping");
        var all = new ArrayList<>(state.getIncidents());
        for (int n = 0; n < 998; n++) {
            all.add(new AnsweredIncident(Admission.key(fires("other-" + n)), "rb-last", now));
        }
        state = PlatformState.newBuilder(state).setIncidents(all).build();
        for (int n = 0; n < 30; n++) {
            state = Platforms.answered(state, fires("flapping"), "rb-last", now);
            now = now.plusSeconds(1);
        }

        assertThat(state.getIncidents()).hasSize(1000);
        assertThat(held(fires("flapping"))).contains("this alert has led to 3 rollbacks");
    }

    @Test
    void countsOnlyWhatIsRecent() {
        rollsBackFor("flapping");
        now = now.plus(Duration.ofHours(1));
        rollsBackFor("flapping");

        assertThat(decide(fires("flapping"))).isInstanceOf(Decision.Start.class);
    }

    @Test
    void letsNothingInUntilAnOperatorsRollbackHasSucceeded() {
        rollsBackFor("flapping");
        rollsBackFor("flapping");
        state = Platforms.braked(Platforms.queued(state, fires("flapping")), held(fires("flapping")));
        now = now.plus(Duration.ofHours(2));
        assertThat(decide(fires("other"))).isInstanceOf(Decision.Queue.class);

        var plan = ((Decision.Start) new Admission(
                                Platforms.idle(
                                        state, "rb-x", Plan.newBuilder(plan()).build(), Outcome.SUCCEEDED),
                                null,
                                _ -> Optional.empty(),
                                now)
                        .decide(fires("other")))
                .command()
                .plan();
        assertThat(plan.getScenario()).isEqualTo("full-rollback");
    }

    private Plan plan() {
        var fresh = PlatformState.newBuilder(state)
                .setBraked(null)
                .setIncidents(java.util.List.of())
                .setQueue(java.util.List.of())
                .build();
        return ((Decision.Start) new Admission(fresh, null, _ -> Optional.empty(), now).decide(fires("plan")))
                .command()
                .plan();
    }

    @Test
    void countsAnewOnceAnOperatorTakesCareOfIt() {
        rollsBackFor("flapping");
        rollsBackFor("flapping");
        state = Platforms.attended(state, now);
        now = now.plusSeconds(1);

        assertThat(decide(fires("flapping"))).isInstanceOf(Decision.Start.class);
    }

    @Test
    void givesAnAlertThatFiresAnewOnePlaceAmongThoseThatWait() {
        state = Platforms.braked(Platforms.queued(state, fires("flapping")), "enough");
        now = now.plusSeconds(60);

        assertThat(decide(fires("flapping")))
                .isInstanceOfSatisfying(
                        Decision.Ignore.class,
                        ignored -> assertThat(ignored.reason()).contains("waits already"));
        var resolved = Incident.newBuilder(fires("flapping"))
                .setStatus(IncidentStatus.RESOLVED)
                .build();
        assertThat(decide(resolved)).isInstanceOf(Decision.Withdraw.class);
        assertThat(Platforms.withdrawn(state, resolved).getQueue()).isEmpty();
    }

    @Test
    void losesNoneOfThoseThatWaitWhenThereAreTooMany() {
        state = Platforms.braked(state, "enough");
        for (int i = 0; i < Platforms.WAITING; i++) {
            state = Platforms.queued(state, fires("alert-" + i));
        }

        assertThat(decide(fires("one-more")))
                .isInstanceOfSatisfying(
                        Decision.Ignore.class,
                        ignored -> assertThat(ignored.reason()).contains("100 incidents of freedom wait already"));
        assertThat(state.getQueue())
                .first()
                .satisfies(first -> assertThat(first.getFingerprint()).isEqualTo("alert-0"));
    }
}
