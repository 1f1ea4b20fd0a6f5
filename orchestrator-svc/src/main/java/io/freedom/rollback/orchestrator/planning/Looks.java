package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** One look at a platform after a rollback: all its probes, its containers, what they log. */
public final class Looks {
    private Looks() {}

    /**
     * @param began what did not run then needs not run
     * @param stableSince what was started later was restarted
     * @param logsSince lines from then on count
     * @param until lines up to then
     * @param services that are to run
     * @param unwell services that the look before was about
     */
    public static LookForAnomalies at(
            PlatformDescriptor platform,
            Instant began,
            Instant stableSince,
            Instant logsSince,
            Instant until,
            List<String> services,
            List<String> unwell) {
        var probes = new ArrayList<HttpProbe>();
        platform.probes().http().forEach(probe -> probes.add(Contracts.glance(probe)));
        if (platform.probes().model() != null) {
            probes.add(Contracts.glance(platform.probes().model()));
        }
        if (platform.probes().endToEnd() != null) {
            probes.add(Contracts.glance(platform.probes().endToEnd()));
        }
        return new LookForAnomalies(
                probes,
                Contracts.compose(platform),
                platform.logs().errors(),
                Contracts.harmless(platform),
                platform.watch().errors(),
                began,
                stableSince,
                logsSince,
                until,
                services,
                named(platform),
                unwell);
    }

    private static List<String> named(PlatformDescriptor platform) {
        var named = new TreeSet<String>();
        platform.services().forEach(service -> named.add(service.name()));
        if (platform.database() != null) {
            named.add(platform.database().service());
        }
        return List.copyOf(named);
    }
}
