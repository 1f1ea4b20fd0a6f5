package io.freedom.rollback.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What is written in the configuration is what counts. */
class OrchestratorPropertiesTest {
    private static SiteLimits limits(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("rollback", OrchestratorProperties.class)
                .limits();
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
    void refusesALimitThatIsNone() {
        assertThatThrownBy(() -> limits(Map.of("rollback.sites.lab.concurrent", "-1")))
                .hasMessageContaining("site lab may have -1 rollbacks at once");
    }
}
