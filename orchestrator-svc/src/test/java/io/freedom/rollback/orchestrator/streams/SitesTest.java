package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.site.AskForPermit;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.site.PermitGranted;
import io.freedom.rollback.schemas.site.PermitHolder;
import io.freedom.rollback.schemas.site.PermitQuestioned;
import io.freedom.rollback.schemas.site.SitePermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets a site's permits, and when. */
class SitesTest {
    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");

    private final TransactionalStore<SitePermit> store = new TransactionalStore<>("permits");
    private final List<String> told = new ArrayList<>();
    private PermitAwaited place;
    private Sites sites;

    @BeforeEach
    void start() {
        started(new SiteLimits(0, Map.of("berlin", 2)));
    }

    private void started(SiteLimits limits) {
        sites = new Sites(store, limits, (permit, what) -> {
            var word = switch (what) {
                case PermitGranted _ -> "may";
                case PermitAwaited awaited -> {
                    place = awaited;
                    yield "waits";
                }
                case PermitQuestioned _ -> "?";
                default -> throw new AssertionError(what);
            };
            told.add(permit.getPlatform() + " " + permit.getRollbackId() + " " + word);
        });
    }

    private static SiteRequest of(String platform, String rollback) {
        return new SiteRequest("berlin", platform, rollback, NOW, new AskForPermit());
    }

    private List<String> told() {
        var all = List.copyOf(told);
        told.clear();
        return all;
    }

    private void ask(String... platforms) {
        for (var platform : platforms) {
            sites.ask(of(platform, "rb-" + platform), NOW);
        }
    }

    private void giveBack(String platform) {
        sites.giveBack(of(platform, "rb-" + platform), NOW);
    }

    @Test
    void letsInAsManyAsMayAndTheOthersInTheOrderOfAsking() {
        ask("a", "b", "c", "d");
        assertThat(told()).containsExactly("a rb-a may", "b rb-b may", "c rb-c waits", "d rb-d waits");
        assertThat(place)
                .isEqualTo(new PermitAwaited(
                        "berlin",
                        2,
                        2,
                        2,
                        2,
                        List.of(new PermitHolder("a", "rb-a", NOW), new PermitHolder("b", "rb-b", NOW))));

        giveBack("b");
        giveBack("a");
        assertThat(told()).containsExactly("c rb-c may", "d rb-d may");
    }

    @Test
    void aPlatformThatAsksAnewComesAfterThoseThatWait() {
        ask("a", "b", "c");
        giveBack("a");
        sites.ask(of("a", "rb-a2"), NOW);
        sites.ask(of("b", "rb-b2"), NOW); // and what b has had is over
        told();

        giveBack("c");
        assertThat(told()).containsExactly("b rb-b2 may");
    }

    @Test
    void countsNothingTwice() {
        ask("a", "a", "b", "c", "c");
        assertThat(told()).containsExactly("a rb-a may", "a rb-a may", "b rb-b may", "c rb-c waits", "c rb-c waits");
        giveBack("a");
        giveBack("a");
        ask("d");
        assertThat(told()).containsExactly("c rb-c may", "d rb-d waits");
    }

    @Test
    void whatComesLateReturnsNothingThatWasGivenSince() {
        ask("a");
        sites.take(of("a", "rb-other"), NOW);
        giveBack("a");

        assertThat(sites.of("berlin", "a").getHeld()).isTrue();
    }

    @Test
    void whatPeopleStartWaitsForNobodyAndCounts() {
        ask("a", "b", "c", "d");
        sites.take(of("d", "rb-op"), NOW);
        told();
        giveBack("a");
        assertThat(told()).as("b and d run").isEmpty();
        sites.giveBack(of("d", "rb-op"), NOW);
        assertThat(told()).containsExactly("c rb-c may");
    }

    @Test
    void oneThatDoesNotWantItAnyMoreIsPassedOver() {
        ask("a", "b", "c", "d");
        giveBack("c");
        told();
        giveBack("a");
        assertThat(told()).containsExactly("d rb-d may");
    }

    @Test
    void knowsAfterARestartWhoHasOneAndWhoWaits() {
        ask("a", "b", "c", "d");
        told();
        start();
        giveBack("a");
        ask("e");
        assertThat(told()).containsExactly("c rb-c may", "e rb-e waits");
        assertThat(place.getPlace()).isEqualTo(2);
    }

    @Test
    void letsInWhoWaitsWhereTheLimitIsGone() {
        ask("a", "b", "c");
        told();
        started(SiteLimits.NONE);
        sites.tick(NOW);
        assertThat(told()).containsExactly("c rb-c may");
    }

    @Test
    void asksHoldersNowAndThenWhileOthersWait() {
        ask("a", "b");
        told();
        sites.tick(NOW);
        assertThat(told()).isEmpty();
        ask("c");
        told();
        sites.tick(NOW);
        sites.tick(NOW.plusSeconds(59));
        assertThat(told()).containsExactly("a rb-a ?", "b rb-b ?");
        sites.tick(NOW.plusSeconds(60));
        assertThat(told()).hasSize(2);
    }
}
