package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.site.PermitAwaited;
import io.freedom.rollback.schemas.state.PermitState;
import io.freedom.rollback.schemas.state.PlatformPermit;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.WaitingAtSite;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Instant;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What needs a permit of a platform's site, and what is said of one that waits. */
public final class Permits {
    private Permits() {}

    /** What changes a platform, or leads to that. Housekeeping and looks stop nothing; a drill is of a copy that somebody waits for. */
    public static boolean isFor(Plan plan) {
        return plan.getDrillOf() == null
                && !Scenario.onlyShows(plan.getScenario())
                && !Scenario.isHousekeeping(plan.getScenario());
    }

    /** While it waits for people it takes nothing from others; when it goes on, it does so at once. */
    public static boolean isUsedBy(Rollback rollback) {
        return isFor(rollback.plan()) && !rollback.finished() && !waitsForPeople(rollback);
    }

    private static boolean waitsForPeople(Rollback rollback) {
        boolean nothingGoesOn =
                rollback.inFlight().isEmpty() && rollback.waiting().isEmpty();
        return nothingGoesOn
                && (rollback.pause() != null
                        || !rollback.held().isEmpty()
                        || !rollback.openGates().isEmpty());
    }

    public static boolean isAwaited(PlatformState state) {
        var permit = state.getPermit();
        return permit != null && permit.getState() == PermitState.AWAITED;
    }

    /** Moment at which an incident is judged by its age: it is not too old because it had to wait for its platform's turn. */
    static Instant heard(PlatformState state, Incident incident, Instant now) {
        var permit = state.getPermit();
        var otherwise = permit != null && permit.getState() == PermitState.GRANTED ? permit.getSince() : now;
        return state.getWaitingAtSite().stream()
                .filter(waiting -> waiting.getKey().equals(Admission.key(incident)))
                .map(WaitingAtSite::getSince)
                .findFirst()
                .orElse(otherwise);
    }

    /** All that is queued waits for the site now. */
    public static PlatformState waiting(PlatformState state, Instant now) {
        var known = state.getWaitingAtSite().stream()
                .collect(Collectors.toMap(WaitingAtSite::getKey, it -> it, (one, _) -> one));
        return PlatformState.newBuilder(state)
                .setWaitingAtSite(state.getQueue().stream()
                        .map(Admission::key)
                        .map(key -> known.getOrDefault(key, new WaitingAtSite(key, now)))
                        .toList())
                .build();
    }

    /**
     * What is not queued any more waits for nothing.
     *
     * @param permit null for none
     */
    public static PlatformState with(PlatformState state, @Nullable PlatformPermit permit) {
        var queued = state.getQueue().stream().map(Admission::key).collect(Collectors.toSet());
        return PlatformState.newBuilder(state)
                .setPermit(permit)
                .setWaitingAtSite(state.getWaitingAtSite().stream()
                        .filter(waiting -> queued.contains(waiting.getKey()))
                        .toList())
                .build();
    }

    /** Whether anything that waits may start with one. */
    public static boolean isWanted(PlatformState state) {
        return !state.getQueue().isEmpty() && !Platforms.waitsForOperator(state);
    }

    /** Where it is in the queue, and who is before it. */
    public static String place(PermitAwaited awaited) {
        var holders = awaited.getHolders().stream()
                .map(holder -> holder.getPlatform() + " (" + holder.getRollbackId() + ")")
                .collect(Collectors.joining(", "));
        int more = awaited.getHeld() - awaited.getHolders().size();
        return "waits for its turn at site %s, place %d of %d: %d of %d running: %s%s"
                .formatted(
                        awaited.getSite(),
                        awaited.getPlace(),
                        awaited.getWaiting(),
                        awaited.getHeld(),
                        awaited.getConcurrent(),
                        holders,
                        more > 0 ? " and " + more + " more" : "");
    }

    /** How an operator starts it at once all the same. */
    public static String override(Incident incident) {
        return "to start it at once: `rollbackctl start %s --class %s --reason …`"
                .formatted(
                        incident.getPlatform(),
                        incident.getIncidentClass()
                                .name()
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-'));
    }
}
