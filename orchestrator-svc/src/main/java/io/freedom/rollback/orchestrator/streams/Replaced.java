package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSwappedBack;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReplacedDatabases;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;

/**
 * Databases that rollbacks have replaced, by what their steps say. They are kept for as long as the rollback's restore point is held, as
 * it can be undone until then; or until somebody accepts it.
 */
final class Replaced {
    /** Of a descriptor by an older release's rules. */
    private static final Duration UNKNOWN_HOLD = Duration.ofDays(30);

    private final SagaStore store;

    Replaced(SagaStore store) {
        this.store = store;
    }

    /** A plan begins: where it drops what a rollback has replaced, that can be undone no longer. */
    PlatformState accepting(PlatformState state, Plan plan) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(DropReplacedDatabases.class::isInstance)
                .map(drop -> ((DropReplacedDatabases) drop).getRollbackId())
                .reduce(state, this::accepted, (_, last) -> last);
    }

    private PlatformState accepted(PlatformState state, String rollbackId) {
        var after = Platforms.accepted(state, rollbackId);
        if (!after.equals(state)) {
            store.forget(rollbackId);
        }
        return after;
    }

    void learn(Rollback rollback, RollbackEvent event, Instant now) {
        // What a drill has replaced goes with its copy.
        if (event instanceof RollbackEvent.Succeeded(var attempt, var result, var _, var _)
                && rollback.plan().getDrillOf() == null) {
            var platform = rollback.plan().getPlatform();
            var state = store.platform(platform);
            switch (result.getResult()) {
                case DatabaseRestored _, DatabaseSwappedBack _ ->
                    store.put(Platforms.replaced(state, rollback.id(), now.plus(hold(state))));
                case ReplacedDatabasesDropped dropped -> store.put(Platforms.dropped(state, dropped.getRollbackId()));
                case RestorePointHeld held
                when rollback.planStep(attempt.step()).getAction().getAction() instanceof HoldRestorePoint hold ->
                    held(state, hold.getDirectory(), held.getUntil());
                default -> {} // nothing about databases that were replaced
            }
        }
    }

    /** Its restore point has its id. */
    private void held(PlatformState state, String directory, Instant until) {
        state.getReplaced().stream()
                .filter(replaced -> directory.endsWith("/" + replaced.getRollbackId())
                        && replaced.getUntil().isBefore(until))
                .map(ReplacedDatabases::getRollbackId)
                .findFirst()
                .ifPresent(id -> store.put(Platforms.replaced(state, id, until)));
    }

    private static Duration hold(PlatformState state) {
        return Descriptors.of(state).map(known -> known.backups().hold()).orElse(UNKNOWN_HOLD);
    }
}
