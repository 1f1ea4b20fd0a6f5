package io.freedom.rollback.orchestrator.admission;

import java.util.Map;
import java.util.OptionalInt;

/**
 * How many rollbacks alerts may start at once.
 *
 * @param byDefault at a site that is not named, 0 for any number
 * @param bySite the same of single sites
 */
public record SiteLimits(int byDefault, Map<String, Integer> bySite) {
    public static final SiteLimits NONE = new SiteLimits(0, Map.of());

    public SiteLimits {
        bySite = Map.copyOf(bySite);
        bySite.forEach(SiteLimits::require);
        require("default", byDefault);
    }

    private static void require(String site, int limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("site " + site + " may have " + limit
                    + " rollbacks at once: name a number above 0, or 0 for any number");
        }
    }

    /** Empty for any number. */
    public OptionalInt of(String site) {
        int limit = bySite.getOrDefault(site, byDefault);
        return limit == 0 ? OptionalInt.empty() : OptionalInt.of(limit);
    }

    /** Whether any site has one. */
    public boolean any() {
        return byDefault > 0 || bySite.values().stream().anyMatch(limit -> limit > 0);
    }
}
