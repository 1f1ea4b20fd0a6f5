package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes restore points as descriptors say. While something else runs, or the platform was left to an operator, one that is due
 * waits: what is broken is no state to go back to.
 */
final class Schedules {
    /** Who starts them, in the history. */
    static final String OPERATOR = "schedule";

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final SagaStore store;
    private final Admissions admissions;

    Schedules(SagaStore store, Admissions admissions) {
        this.store = store;
        this.admissions = admissions;
    }

    /** A platform was registered, perhaps anew: an interval counts from the newest restore point that is known. */
    static PlatformState planned(PlatformState state, Instant now) {
        var next = every(state)
                .map(interval -> state.getRestorePoints().stream()
                        .map(RestorePoint::getTakenAt)
                        .max(Instant::compareTo)
                        .map(newest -> newest.plus(interval))
                        .orElse(now));
        return Platforms.scheduled(state, next.orElse(null));
    }

    /** Platforms whose time has come. */
    List<String> due(Instant now) {
        return store.toBackUp(now);
    }

    void tick(String platform, Instant now) {
        var state = store.platform(platform);
        var interval = every(state);
        if (interval.isEmpty()) {
            store.put(Platforms.scheduled(state, null));
            return;
        }
        if (store.live(platform) != null || Platforms.waitsForOperator(state)) {
            return;
        }
        store.put(Platforms.scheduled(state, now.plus(interval.get())));
        // The same however often it is tried at that moment, and no other platform's.
        var id = "rb-" + SECOND.format(now) + "-"
                + PlatformDescriptors.hash(platform).substring(0, 8);
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId(id)
                        .setPlatform(platform)
                        .setOperator(OPERATOR)
                        .setReason("every " + text(interval.get()))
                        .setAt(now)
                        .setCommand(StartRollback.newBuilder()
                                .setRollbackId(id)
                                .setScenario(Scenario.RESTORE_POINT.id())
                                .build())
                        .build(),
                now);
    }

    static boolean started(@Nullable String operator, Plan plan) {
        return OPERATOR.equals(operator) && plan.getScenario().equals(Scenario.RESTORE_POINT.id());
    }

    private static String text(Duration interval) {
        return interval.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private static Optional<Duration> every(PlatformState state) {
        if (state.getDescriptor() == null) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(PlatformDescriptors.parse(state.getDescriptor(), "platform.yaml")
                    .backups()
                    .every());
        } catch (InvalidDescriptorException e) {
            return Optional.empty(); // of an older release's rules; admission says so
        }
    }
}
