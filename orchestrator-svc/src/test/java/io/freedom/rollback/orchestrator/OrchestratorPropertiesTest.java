package io.freedom.rollback.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** What is written in the configuration is what counts. */
class OrchestratorPropertiesTest {
    private static SiteLimits limits(Map<String, String> properties) {
        return bound(new Binder(new MapConfigurationPropertySource(properties)));
    }

    private static SiteLimits fromEnvironment(Map<String, Object> variables) {
        return bound(new Binder(ConfigurationPropertySources.from(new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables))));
    }

    private static SiteLimits bound(Binder binder) {
        return binder.bindOrCreate("rollback", OrchestratorProperties.class).limits();
    }

    @Test
    void noSiteHasALimitUnlessItIsGivenOne() {
        assertThat(limits(Map.of())).isEqualTo(SiteLimits.NONE);
        assertThat(limits(Map.of()).any()).isFalse();
    }

    @Test
    void sitesMayHaveLimitsOfTheirOwn() {
        var limits = limits(Map.of(
                "rollback.concurrent", "5",
                "rollback.sites.berlin-1.concurrent", "2",
                "rollback.sites.lab.concurrent", "0"));

        assertThat(limits.of("berlin-1")).hasValue(2);
        assertThat(limits.of("lab")).isEmpty();
        assertThat(limits.of("elsewhere")).hasValue(5);
    }

    @Test
    void aSiteIsNamedInTheEnvironmentWithoutItsHyphens() {
        var limits = fromEnvironment(Map.of("ROLLBACK_SITES_BERLIN1_CONCURRENT", "2", "ROLLBACK_CONCURRENT", "5"));

        assertThat(limits.of("berlin-1")).hasValue(2);
        assertThat(limits.of("berlin-2")).hasValue(5);
    }

    @Test
    void refusesALimitThatIsNone() {
        assertThatThrownBy(() -> limits(Map.of("rollback.sites.lab.concurrent", "-1")))
                .hasRootCauseMessage(
                        "rollback.sites.lab.concurrent is -1: write a number above 0, or 0 for any number of rollbacks at once");
        assertThatThrownBy(() -> limits(Map.of("rollback.sites.lab.concurrent", "three")))
                .hasMessageContaining("rollback.sites.lab.concurrent");
    }

    @Test
    void refusesWhatWouldBeNoLimitOfAnySite() {
        assertThatThrownBy(() -> fromEnvironment(Map.of("ROLLBACK_SITES_BERLIN_1_CONCURRENT", "2")))
                .rootCause()
                .hasMessageContaining("rollback.sites.berlin.1.concurrent is no setting", "without its hyphens");
        assertThatThrownBy(() -> limits(Map.of("rollback.sites.lab.concurent", "1")))
                .rootCause()
                .hasMessageContaining("rollback.sites.lab.concurent is no setting");
        assertThatThrownBy(() -> limits(Map.of("rollback.sites.Lab.concurrent", "1")))
                .hasRootCauseMessage("no site is named 'Lab': name it as descriptors do, in lower case");
    }

    @Test
    void saysWhatTheLimitsAre() {
        assertThat(limits(Map.of("rollback.sites.lab.concurrent", "3", "rollback.sites.b.concurrent", "1")))
                .hasToString("1 at site b, 3 at site lab, any number elsewhere");
    }
}
