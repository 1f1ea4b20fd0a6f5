package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A moment of a platform's database as an operator names it. */
record Moment(String words) {
    static final String NAMES = "a time such as 2026-11-26T09:11:06Z, nothing committed after which is in it;"
            + " lsn:0/3016588, a WAL position; latest, all that the archive has;"
            + " before-incident, right before the newest incident of the platform began; before:ID, right before what"
            + " rollback ID answers began, the first where that are several";

    private static final String BEFORE = "before-incident";
    private static final String BEFORE_THAT_OF = "before:";
    private static final Comparator<Incident> BY_BEGINNING = Comparator.comparing(Incident::getBeganAt);

    /**
     * As the control plane takes it.
     *
     * @param why which incident it is before, for people; empty for none
     */
    record Found(String moment, String why) {
        @Override
        public String toString() {
            return moment + why;
        }
    }

    Found of(String platform, ControlPlane plane) {
        if (words.equals(BEFORE)) {
            var newest = incidents(Histories.read(plane, null, platform)).max(BY_BEGINNING);
            return before(newest, ", the newest incident", "The history knows no incident of " + platform);
        }
        if (words.startsWith(BEFORE_THAT_OF)) {
            var id = words.substring(BEFORE_THAT_OF.length());
            var history = Histories.read(plane, null, platform);
            var chain = leadingTo(id, history);
            var answered = incidents(history.stream()
                            .filter(event -> chain.contains(event.getRollbackId()))
                            .toList())
                    .toList();
            long alerts = answered.stream()
                    .map(incident -> List.of(incident.getFingerprint(), incident.getBeganAt()))
                    .distinct()
                    .count();
            var first = alerts > 1 ? ", the first of %d incidents that %s answers".formatted(alerts, id) : "";
            return before(
                    answered.stream().min(BY_BEGINNING),
                    first,
                    "The history knows no incident of " + platform + " that " + id + " answers");
        }
        return new Found(words, "");
    }

    private static Found before(Optional<Incident> incident, String which, String otherwise) {
        var found = incident.orElseThrow(
                () -> Failure.rejected(otherwise + ": say when it began, with --at 2026-11-26T09:11:06Z"));
        var began = found.getBeganAt();
        return new Found(
                began.minusMillis(1).toString(),
                ", right before \"%s\" began at %s%s".formatted(Texts.plain(found.getSummary()), began, which));
    }

    /** The rollback, the one that it goes on from, and so on: these have heard of alerts before it began. */
    private static Set<String> leadingTo(String id, List<HistoryEvent> history) {
        var before = new HashMap<String, String>();
        history.forEach(event -> {
            if (event.getEvent() instanceof RollbackStarted started
                    && started.getPlan().getContinues() != null) {
                before.put(event.getRollbackId(), started.getPlan().getContinues());
            }
        });
        var chain = new LinkedHashSet<String>();
        for (var at = id; at != null && chain.add(at); ) {
            at = before.get(at);
        }
        return chain;
    }

    private static Stream<Incident> incidents(List<HistoryEvent> history) {
        return history.stream()
                .map(event -> incident(event.getEvent()))
                .filter(Objects::nonNull)
                .filter(incident -> incident.getStatus() == IncidentStatus.FIRING);
    }

    private static @Nullable Incident incident(Object event) {
        return switch (event) {
            case RollbackStarted started -> started.getIncident();
            case IncidentMerged merged -> merged.getIncident();
            case IncidentQueued queued -> queued.getIncident();
            case IncidentPostponed postponed -> postponed.getIncident();
            case IncidentHeld held -> held.getIncident();
            case IncidentIgnored ignored -> ignored.getIncident();
            default -> null;
        };
    }
}
