package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.StoreCopies;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.platform.ObjectStoreSpec;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Sees to it that platforms' restore points are copied to their store, where their descriptors name one. */
final class Copies {
    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Copies(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** A platform was registered, perhaps anew. */
    static PlatformState planned(PlatformState state, Instant now) {
        return Platforms.copied(
                state,
                StoreCopies.planned(
                        state.getCopies(), state.getPlatform(), wanted(state).orElse(null), now));
    }

    private static Optional<ObjectStoreSpec> wanted(PlatformState state) {
        return Schedules.descriptor(state).map(platform -> platform.backups().store());
    }

    /** Platforms that have a store, or had one until now. */
    List<String> copied() {
        return store.copied();
    }

    void tick(String platform, Instant now) {
        var state = store.platform(platform);
        var copies = state.getCopies();
        var descriptor = Schedules.descriptor(state);
        if (copies == null || descriptor.isEmpty()) {
            return; // of an older release's rules; admission says so
        }
        var wanted = wanted(state);
        if (wanted.isEmpty()) {
            var ended =
                    new StoreInterrupted("the descriptor has no `backups.store` any more; what is there stays", true);
            history.add(platform, copies.getId(), ended, now);
            store.put(Platforms.copied(store.platform(platform), null));
        } else if (StoreCopies.isUnanswered(copies, now)) {
            judge(platform, StoreCopies.unchanged(copies, "no backup worker of its site answers"), now);
        } else if (StoreCopies.isDue(copies, now)) {
            store.put(Platforms.copied(state, StoreCopies.asked(copies, now)));
            publisher.command(Worker.BACKUP, StoreCopies.look(copies, descriptor.get(), wanted.get(), now), now);
        }
    }

    /** Whether the event was about a look. */
    boolean heard(StepEvent event, Instant now) {
        if (!event.getStepId().equals(StoreCopies.STEP)) {
            return false;
        }
        var copies = store.platform(event.getPlatform()).getCopies();
        if (copies != null) {
            StoreCopies.found(copies, event).ifPresent(found -> judge(event.getPlatform(), found, now));
        }
        return true;
    }

    private void judge(String platform, RestorePointsCopied found, Instant now) {
        var before = Objects.requireNonNull(store.platform(platform).getCopies());
        var after = StoreCopies.heard(before, found);
        if (StoreCopies.isNews(before, after)) {
            var fact = new RestorePointsStored(after.getStored(), found.getNotes(), found.getFault());
            history.add(platform, before.getId(), fact, now);
        }
        if (StoreCopies.isInterrupted(after)) {
            var fault = String.valueOf(found.getFault());
            history.add(platform, before.getId(), new StoreInterrupted(fault, false), now);
            notifications.tell(
                    Notices.notCopied(platform, fault),
                    platform,
                    before.getId() + ".interrupted-" + before.getAsked(),
                    now);
        }
        // Read now: what was added to the history is noted in it.
        store.put(Platforms.copied(store.platform(platform), StoreCopies.told(after)));
    }
}
