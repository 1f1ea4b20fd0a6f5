package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ResolvedAlert;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Which alerts are over. That one fires may be heard after that it is resolved: what carries alerts tries again, and keeps no
 * order. An alert has one entry, for it was over before whenever it fires anew.
 */
public final class Resolutions {
    /** Older ones are known by the age of what comes late. */
    static final int REMEMBERED = 200;

    /** Clocks differ; but what is over before it begins says nothing of what fires then. */
    private static final Duration CLOCKS = Duration.ofMinutes(5);

    private Resolutions() {}

    /** @param resolved the report that it is */
    public static PlatformState remembered(PlatformState state, Incident resolved, Instant now) {
        if (isOver(state, resolved) || resolved.getBeganAt().isAfter(now.plus(CLOCKS))) {
            return state;
        }
        var others = new ArrayList<>(state.getResolved().stream()
                .filter(known -> !known.getFingerprint().equals(resolved.getFingerprint()))
                .toList());
        others.add(new ResolvedAlert(resolved.getFingerprint(), resolved.getBeganAt()));
        return PlatformState.newBuilder(state)
                .setResolved(List.copyOf(others.subList(Math.max(0, others.size() - REMEMBERED), others.size())))
                .build();
    }

    /** Whether it was reported as resolved, or a later beginning of the same alert was. */
    static boolean isOver(PlatformState state, Incident incident) {
        return state.getResolved().stream()
                .anyMatch(known -> known.getFingerprint().equals(incident.getFingerprint())
                        && !incident.getBeganAt().isAfter(known.getBeganAt()));
    }
}
