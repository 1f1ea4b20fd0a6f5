package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A moment of a platform's database as an operator names it. */
record Moment(String words) {
    static final String NAMES = "a time such as 2026-11-26T09:11:06Z, nothing committed after which is in it;"
            + " lsn:0/3016588, a WAL position; latest, all that the archive has;"
            + " before-incident, right before the newest incident of the platform began";

    private static final String BEFORE = "before-incident";

    /** As the control plane takes it. */
    String of(String platform, ControlPlane plane) {
        if (!words.equals(BEFORE)) {
            return words;
        }
        var began = Histories.read(plane, null, platform).stream()
                .map(event -> incident(event.getEvent()))
                .filter(Objects::nonNull)
                .filter(incident -> incident.getStatus() == IncidentStatus.FIRING)
                .map(Incident::getBeganAt)
                .max(Comparator.naturalOrder())
                .orElseThrow(() -> Failure.rejected("The history knows no incident of " + platform
                        + ": say when it began, with --at 2026-11-26T09:11:06Z"));
        return began.minusMillis(1).toString();
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
