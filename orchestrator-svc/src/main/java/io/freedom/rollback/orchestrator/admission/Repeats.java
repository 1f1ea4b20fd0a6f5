package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RepeatedReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Alerts are reported again and again, and flap: of one alert with one answer the history says the first report whole, and of
 * those that follow how many there were.
 */
public final class Repeats {
    /** Of one platform; one that has no place any more is said whole again. */
    static final int REMEMBERED = 50;

    /** What is counted is said that long after the first of it. */
    static final Duration SAID_AFTER = Duration.ofMinutes(1);

    /** Whoever reports it again after that says something new. */
    static final Duration FORGOTTEN_AFTER = Duration.ofHours(1);

    private static final int SUMMARY = 120;

    private Repeats() {}

    /** Whether the history says of the same alert that the same became of it. */
    public static boolean isTold(PlatformState state, Incident incident, String answer) {
        return state.getRepeats().stream().anyMatch(known -> isSame(known, incident, answer));
    }

    /** The history says it, whole. */
    public static PlatformState told(
            PlatformState state, Incident incident, String answer, @Nullable String rollbackId, Instant now) {
        var all = new ArrayList<>(state.getRepeats());
        if (all.removeIf(known -> isSame(known, incident, answer) && known.getTimes() == 0)
                || !isTold(state, incident, answer)) {
            all.add(new RepeatedReport(brief(incident), answer, rollbackId, 0, now));
        }
        return with(state, all.subList(Math.max(0, all.size() - REMEMBERED), all.size()));
    }

    /** Once more, and the history does not say it yet. */
    public static PlatformState counted(PlatformState state, Incident incident, String answer, Instant now) {
        return with(
                state,
                state.getRepeats().stream()
                        .map(known -> isSame(known, incident, answer)
                                ? RepeatedReport.newBuilder(known)
                                        .setIncident(brief(incident))
                                        .setTimes(known.getTimes() + 1)
                                        .setSince(known.getTimes() == 0 ? now : known.getSince())
                                        .build()
                                : known)
                        .toList());
    }

    /** Whether one more would take the place of another. */
    public static boolean isFull(PlatformState state) {
        return state.getRepeats().size() >= REMEMBERED;
    }

    /** What was counted and is not said yet. */
    public static List<RepeatedReport> untold(PlatformState state) {
        return state.getRepeats().stream().filter(known -> known.getTimes() > 0).toList();
    }

    /** All that was counted is said; what was not heard of for long is new when it comes again. */
    public static PlatformState summedUp(PlatformState state, Instant now) {
        return with(
                state,
                state.getRepeats().stream()
                        .filter(known -> known.getTimes() > 0
                                || known.getSince().plus(FORGOTTEN_AFTER).isAfter(now))
                        .map(known -> known.getTimes() == 0
                                ? known
                                : RepeatedReport.newBuilder(known)
                                        .setTimes(0)
                                        .setSince(now)
                                        .build())
                        .toList());
    }

    /** When something is to be said or forgotten. */
    public static Optional<Instant> next(PlatformState state) {
        return state.getRepeats().stream()
                .map(known -> known.getSince().plus(known.getTimes() == 0 ? FORGOTTEN_AFTER : SAID_AFTER))
                .min(Comparator.naturalOrder());
    }

    private static boolean isSame(RepeatedReport known, Incident incident, String answer) {
        return known.getIncident().getFingerprint().equals(incident.getFingerprint())
                && known.getIncident().getStatus() == incident.getStatus()
                && known.getAnswer().equals(answer);
    }

    private static Incident brief(Incident incident) {
        var summary = incident.getSummary();
        return Incident.newBuilder(incident)
                .setEvidence(Map.of())
                .setSummary(summary.length() <= SUMMARY ? summary : summary.substring(0, SUMMARY) + "…")
                .build();
    }

    private static PlatformState with(PlatformState state, List<RepeatedReport> repeats) {
        return PlatformState.newBuilder(state).setRepeats(List.copyOf(repeats)).build();
    }
}
