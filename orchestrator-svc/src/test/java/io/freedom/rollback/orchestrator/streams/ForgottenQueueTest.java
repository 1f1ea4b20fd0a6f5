package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.site.AskForPermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What waits for a permit of its site while an orchestrator of an earlier release runs, which knows none and forgets it. */
class ForgottenQueueTest extends OneTask {
    private SiteLimits limits = new SiteLimits(1, Map.of());

    @Override
    SiteLimits limits() {
        return limits;
    }

    private void waits() {
        var letter = DeadLetter.newBuilder()
                .setTopic("incidents")
                .setPartition(0)
                .setOffset(0)
                .setAt(END)
                .setReason("")
                .build();
        var incident = Incident.newBuilder(reported("i-1"))
                .setIncidentClass(IncidentClass.SERVICE_DEGRADATION)
                .build();
        admissions.reported(new ReportedIncident(incident, letter, false), END);
        assertThat(asked()).hasSize(1);
        assertThat(facts(RollbackStarted.class)).isEmpty();
    }

    private void anEarlierReleaseRuns() {
        var state = platforms.get("freedom");
        platforms.put(
                "freedom",
                PlatformState.newBuilder(Permits.with(state, null))
                        .setWaitingAtSite(List.of())
                        .build());
        wired();
    }

    private void looks(Instant now) {
        admissions.atSites().forEach(platform -> admissions.tick(platform, now));
    }

    private List<String> asked() {
        return sent(SiteRequest.class).stream()
                .filter(request -> request.getRequest() instanceof AskForPermit)
                .map(SiteRequest::getRollbackId)
                .toList();
    }

    @Test
    void asksAnew() {
        waits();
        anEarlierReleaseRuns();

        looks(after(5));
        looks(after(10));

        assertThat(asked()).hasSize(2);
        assertThat(store.platform("freedom").getQueue()).hasSize(1);
    }

    @Test
    void beginsWhereTheSiteHasNoLimitAnyMore() {
        waits();
        limits = SiteLimits.NONE;
        anEarlierReleaseRuns();

        looks(after(5));

        assertThat(facts(RollbackStarted.class)).hasSize(1);
    }

    @Test
    void isAnsweredWhereItIsTooOldByThen() {
        waits();
        anEarlierReleaseRuns();

        looks(END.plus(Duration.ofHours(2)));

        assertThat(facts(IncidentIgnored.class))
                .singleElement()
                .satisfies(ignored -> assertThat(ignored.getReason()).contains("more than 60 min ago"));
        assertThat(admissions.atSites()).isEmpty();
    }

    @Test
    void goesOnWaitingForAnOperator() {
        waits();
        store.put(Platforms.braked(store.platform("freedom"), "too many"));
        anEarlierReleaseRuns();

        assertThat(admissions.atSites()).isEmpty();
    }
}
