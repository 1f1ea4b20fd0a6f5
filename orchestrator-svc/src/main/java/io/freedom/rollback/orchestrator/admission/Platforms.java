package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.state.AnsweredIncident;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Plan;
import java.util.ArrayList;
import java.util.List;

/** How a platform's own state changes; every list is bounded, oldest first out. */
public final class Platforms {
    private static final int REMEMBERED = 1000;

    private Platforms() {}

    public static PlatformState unknown(String platform) {
        return PlatformState.newBuilder().setPlatform(platform).build();
    }

    public static PlatformState registered(PlatformState state, String descriptor) {
        return PlatformState.newBuilder(state).setDescriptor(descriptor).build();
    }

    public static PlatformState handled(PlatformState state, String id) {
        return PlatformState.newBuilder(state)
                .setHandled(appended(state.getHandled(), id))
                .build();
    }

    public static PlatformState answered(PlatformState state, Incident incident, String rollbackId) {
        return PlatformState.newBuilder(state)
                .setIncidents(appended(state.getIncidents(), new AnsweredIncident(Admission.key(incident), rollbackId)))
                .build();
    }

    public static PlatformState queued(PlatformState state, Incident incident) {
        return PlatformState.newBuilder(state)
                .setQueue(appended(state.getQueue(), incident))
                .build();
    }

    /** Without the incident among those that wait. */
    public static PlatformState withdrawn(PlatformState state, Incident incident) {
        return PlatformState.newBuilder(state)
                .setQueue(state.getQueue().stream()
                        .filter(waiting -> !Admission.key(waiting).equals(Admission.key(incident)))
                        .toList())
                .build();
    }

    /** Without the first of the waiting incidents. */
    public static PlatformState dequeued(PlatformState state) {
        var queue = state.getQueue();
        return PlatformState.newBuilder(state)
                .setQueue(List.copyOf(queue.subList(1, queue.size())))
                .build();
    }

    public static PlatformState running(PlatformState state, String rollbackId) {
        var leftBy = rollbackId.equals(state.getLeftBy()) ? null : state.getLeftBy();
        return PlatformState.newBuilder(state)
                .setRunning(rollbackId)
                .setLeftBy(leftBy)
                .build();
    }

    /**
     * Half undone or left as it is, the platform is no place to begin from: the next rollback would take it for good.
     * A check mends nothing.
     */
    public static PlatformState idle(PlatformState state, String rollbackId, Plan plan, Outcome outcome) {
        var leftBy = switch (outcome) {
            case COMPENSATION_FAILED, ABORTED -> rollbackId;
            case SUCCEEDED -> plan.getScenario().equals(Scenario.PLATFORM_CHECK.id()) ? state.getLeftBy() : null;
            case REFUSED, COMPENSATED -> state.getLeftBy();
        };
        return PlatformState.newBuilder(state)
                .setRunning(null)
                .setLeftBy(leftBy)
                .build();
    }

    public static PlatformState restorable(PlatformState state, RestorePoint point) {
        if (state.getRestorePoints().stream().anyMatch(known -> known.getId().equals(point.getId()))) {
            return state; // verified once more
        }
        return PlatformState.newBuilder(state)
                .setRestorePoints(appended(state.getRestorePoints(), point))
                .build();
    }

    public static PlatformState chained(PlatformState state, long sequence, String hash) {
        return PlatformState.newBuilder(state)
                .setSequence(sequence)
                .setLastHash(hash)
                .build();
    }

    private static <T> List<T> appended(List<T> list, T element) {
        var longer = new ArrayList<>(list);
        longer.add(element);
        return List.copyOf(longer.size() > REMEMBERED ? longer.subList(1, longer.size()) : longer);
    }
}
