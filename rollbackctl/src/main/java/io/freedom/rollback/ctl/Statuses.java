package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.ctl.topics.TopicReader;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The latest snapshot of each rollback. */
final class Statuses {
    private static final Comparator<RollbackStatus> NEWEST_LAST =
            Comparator.comparing((RollbackStatus s) -> isRunning(s)).thenComparing(RollbackStatus::getStartedAt);

    private final Map<String, RollbackStatus> latest = new LinkedHashMap<>();

    static Statuses read(TopicReader reader) {
        var statuses = new Statuses();
        reader.seekToBeginning();
        statuses.apply(reader.readToEnd());
        return statuses;
    }

    void apply(List<Received> records) {
        for (var received : records) {
            if (received.value() instanceof RollbackStatus status) {
                latest.put(status.getRollbackId(), status);
            }
        }
    }

    List<RollbackStatus> all() {
        return List.copyOf(latest.values());
    }

    Optional<RollbackStatus> rollback(String id) {
        return Optional.ofNullable(latest.get(id));
    }

    /** The running rollback, else the newest: of all, or of one platform. */
    Optional<RollbackStatus> current(Predicate<RollbackStatus> which) {
        return latest.values().stream().filter(which).max(NEWEST_LAST);
    }

    /** What an operator named: a rollback, or a platform's current one. */
    RollbackStatus find(String rollbackOrPlatform) {
        return rollback(rollbackOrPlatform)
                .or(() -> current(s -> s.getPlatform().equals(rollbackOrPlatform)))
                .orElseThrow(() -> Failure.rejected("No rollback or platform '" + rollbackOrPlatform
                        + "' has a status. See rollbackctl status --all, and rollbackctl platform list"));
    }

    /** It only looked, or made a restore point for another: what was asked for is that other rollback. */
    static boolean isFirstOfTwo(RollbackStatus status) {
        return (status.getScenario().equals("selective-rollback") || status.getFollowedBy() != null)
                && status.getState() == RollbackState.SUCCEEDED;
    }

    static boolean isRunning(RollbackStatus status) {
        return switch (status.getState()) {
            case RUNNING, COMPENSATING, PAUSED, HELD, AWAITING_APPROVAL -> true;
            case SUCCEEDED, REFUSED, COMPENSATED, COMPENSATION_FAILED, ABORTED -> false;
        };
    }
}
