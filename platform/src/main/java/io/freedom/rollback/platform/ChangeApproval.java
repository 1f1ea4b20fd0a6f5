package io.freedom.rollback.platform;

import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When operators are asked before anything of the platform is changed. The first rule that fits a plan counts.
 *
 * @param scenarios names; empty for all
 * @param classes of incidents; empty for all, and where no class is known
 * @param from time of the day from which it holds; null for the whole day
 * @param until time of the day until which it holds, after midnight where that is earlier
 */
public record ChangeApproval(
        List<String> scenarios,
        List<String> classes,
        @Nullable LocalTime from,
        @Nullable LocalTime until,
        ZoneId zone,
        ApprovalPolicy policy) {
    public ChangeApproval {
        scenarios = List.copyOf(scenarios);
        classes = List.copyOf(classes);
    }

    /** @param incidentClass null where none is known */
    public boolean fits(String scenario, @Nullable String incidentClass, Instant at) {
        return (scenarios.isEmpty() || scenarios.contains(scenario))
                && (classes.isEmpty() || incidentClass != null && classes.contains(incidentClass))
                && holdsAt(at);
    }

    private boolean holdsAt(Instant at) {
        if (from == null || until == null) {
            return true;
        }
        var time = at.atZone(zone).toLocalTime();
        boolean begun = !time.isBefore(from);
        boolean over = !time.isBefore(until);
        return from.isBefore(until) ? begun && !over : begun || !over;
    }

    /** As operators read it. */
    public String hours() {
        return from == null || until == null ? "" : " between " + from + " and " + until + " " + zone;
    }
}
