package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.GitStateRecorded;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.incident.IncidentClass;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Verified restore points of a platform that hold its data as they should be; from the history alone. */
public final class KnownRestorePoints {
    /** @param commit that was checked out when it was taken; null where that was not noted */
    public record Point(
            String id,
            String directory,
            Instant takenAt,
            @Nullable String commit) {}

    private static final Set<IncidentClass> SUSPICIOUS =
            Set.of(IncidentClass.DATA_CORRUPTION, IncidentClass.SECURITY_BREACH);

    private final List<Point> points = new ArrayList<>();
    private final Map<String, String> commits = new HashMap<>();
    /** Rollbacks whose restore point serves analysis, never a restore. */
    private final Set<String> untrusted = new HashSet<>();

    /** @param history of the platform, in order */
    public KnownRestorePoints(List<HistoryEvent> history) {
        for (var event : history) {
            var id = event.getRollbackId();
            if (id != null) {
                read(id, event.getEvent());
            }
        }
    }

    private void read(String rollbackId, Object event) {
        switch (event) {
            case RollbackStarted started -> {
                var plan = started.getPlan();
                var kind = plan.getIncidentClass();
                if (plan.getRestorePoint() != null || kind != null && SUSPICIOUS.contains(kind)) {
                    untrusted.add(rollbackId);
                }
            }
            case StepSucceeded done
            when done.getResult().getResult() instanceof GitStateRecorded state ->
                commits.put(rollbackId, state.getCommit());
            case StepSucceeded done
            when done.getResult().getResult() instanceof RestorePointVerified point
                    && point.getRestorePointId().equals(rollbackId)
                    && !untrusted.contains(rollbackId) ->
                points.add(new Point(rollbackId, point.getDirectory(), point.getTakenAt(), commits.get(rollbackId)));
            default -> {}
        }
    }

    public Optional<Point> newest() {
        return points.isEmpty() ? Optional.empty() : Optional.of(points.getLast());
    }

    public Optional<Point> find(String id) {
        return points.stream().filter(point -> point.id().equals(id)).findFirst();
    }

    /** The newest, by id. */
    public List<String> ids() {
        return points.reversed().stream().limit(5).map(Point::id).toList();
    }
}
