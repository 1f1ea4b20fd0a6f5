package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
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

    /** As the control plane takes it. */
    String of(String platform, ControlPlane plane) {
        if (words.equals(BEFORE)) {
            var newest = beginnings(platform, plane, _ -> true).max(Comparator.naturalOrder());
            return before(newest, "The history knows no incident of " + platform);
        }
        if (words.startsWith(BEFORE_THAT_OF)) {
            var id = words.substring(BEFORE_THAT_OF.length());
            var first = beginnings(platform, plane, event -> id.equals(event.getRollbackId()))
                    .min(Comparator.naturalOrder());
            return before(first, "The history knows no incident of " + platform + " that " + id + " answers");
        }
        return words;
    }

    private static String before(Optional<Instant> began, String otherwise) {
        return began.orElseThrow(
                        () -> Failure.rejected(otherwise + ": say when it began, with --at 2026-11-26T09:11:06Z"))
                .minusMillis(1)
                .toString();
    }

    private static Stream<Instant> beginnings(String platform, ControlPlane plane, Predicate<HistoryEvent> which) {
        return Histories.read(plane, null, platform).stream()
                .filter(which)
                .map(event -> incident(event.getEvent()))
                .filter(Objects::nonNull)
                .filter(incident -> incident.getStatus() == IncidentStatus.FIRING)
                .map(Incident::getBeganAt);
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
