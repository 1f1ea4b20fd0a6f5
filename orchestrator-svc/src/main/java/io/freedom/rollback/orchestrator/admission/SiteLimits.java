package io.freedom.rollback.orchestrator.admission;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * How many rollbacks alerts may start at once.
 *
 * @param byDefault at a site that is not named, 0 for any number
 * @param bySite the same of single sites, by name; one from the environment has lost its hyphens
 */
public record SiteLimits(int byDefault, Map<String, Integer> bySite) {
    public static final SiteLimits NONE = new SiteLimits(0, Map.of());

    public SiteLimits {
        bySite = Map.copyOf(bySite);
        bySite.forEach((site, limit) -> {
            if (!site.matches("[a-z0-9][a-z0-9-]*")) {
                throw new IllegalArgumentException(
                        "no site is named '" + site + "': name it as descriptors do, in lower case");
            }
            require("rollback.sites." + site + ".concurrent", limit);
        });
        require("rollback.concurrent", byDefault);
    }

    private static void require(String name, int limit) {
        if (limit < 0) {
            throw new IllegalArgumentException(
                    name + " is " + limit + ": write a number above 0, or 0 for any number of rollbacks at once");
        }
    }

    /** Empty for any number. */
    public OptionalInt of(String site) {
        int limit = bySite.getOrDefault(site, bySite.getOrDefault(site.replace("-", ""), byDefault));
        return limit == 0 ? OptionalInt.empty() : OptionalInt.of(limit);
    }

    /** Whether any site has one. */
    public boolean any() {
        return byDefault > 0 || bySite.values().stream().anyMatch(limit -> limit > 0);
    }

    /** As in "2 at site berlin, any number elsewhere". */
    @Override
    public String toString() {
        var words = new StringBuilder();
        new TreeMap<>(bySite).forEach((site, limit) -> words.append(words(limit) + " at site " + site + ", "));
        return words + words(byDefault) + " elsewhere";
    }

    private static String words(int limit) {
        return limit == 0 ? "any number" : Integer.toString(limit);
    }
}
