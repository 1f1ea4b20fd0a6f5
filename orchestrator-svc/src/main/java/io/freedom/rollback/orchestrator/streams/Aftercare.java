package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.FollowUps;
import io.freedom.rollback.orchestrator.aftercare.Watches;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.history.FollowUpOverdue;
import io.freedom.rollback.schemas.history.FollowUpsPlanned;
import io.freedom.rollback.schemas.history.PlatformRelapsed;
import io.freedom.rollback.schemas.history.StabilityWatchEnded;
import io.freedom.rollback.schemas.history.StabilityWatchStarted;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.StabilityWatch;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Carries out what follows a rollback that has succeeded. */
final class Aftercare {
    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Aftercare(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** A rollback that changed the platform has succeeded. */
    void begin(String platform, String rollbackId, Instant began, Instant now) {
        var descriptor = Descriptors.of(store.platform(platform));
        if (descriptor.isEmpty()) {
            return;
        }
        var planned = FollowUps.of(rollbackId, descriptor.get(), now);
        if (!planned.isEmpty()) {
            store.put(Platforms.toFollowUp(store.platform(platform), planned));
            history.add(platform, rollbackId, new FollowUpsPlanned(rollbackId, planned), now);
        }
        var policy = descriptor.get().watch();
        if (policy.enabled()) {
            var watch = Watches.begin(rollbackId, descriptor.get(), began, now);
            watched(platform, watch);
            history.add(
                    platform,
                    rollbackId,
                    new StabilityWatchStarted(
                            rollbackId, watch.getUntil(), policy.every().toMillis()),
                    now);
        }
    }

    /** Something else begins on the platform: what is found from now on says nothing about the rollback that was. */
    void end(String platform, String because, Instant now) {
        var watch = store.platform(platform).getWatch();
        if (watch != null) {
            ended(platform, watch, because, now);
        }
    }

    /** Platforms that are looked at. */
    List<String> watched() {
        return store.watched();
    }

    /** Looks at a platform if it is its turn. */
    void tick(String platform, Instant now) {
        var watch = store.platform(platform).getWatch();
        if (watch == null || isInTheWay(store.live(platform))) {
            return;
        }
        var descriptor = Descriptors.of(store.platform(platform));
        if (descriptor.isEmpty() || Watches.isOver(watch, now)) {
            ended(platform, watch, "its time is over", now);
        } else if (Watches.isUnanswered(watch, now)) {
            var unheard = Watches.unheard(watch);
            watched(platform, unheard);
            if (Watches.isUnattended(unheard, descriptor.get())) {
                var id = watch.getRollbackId();
                notifications.tell(Notices.unwatched(platform, id), platform, id + ".unwatched", now);
            }
        } else if (Watches.isDue(watch, now)) {
            watched(platform, Watches.asked(watch, descriptor.get(), now));
            publisher.command(Worker.HEALTH, Watches.look(watch, descriptor.get(), now), now);
        }
    }

    /** Whatever runs; but taking a restore point changes nothing of the platform. */
    private static boolean isInTheWay(SagaStore.@Nullable Live live) {
        return live != null && !Scenario.isHousekeeping(live.rollback.plan().getScenario());
    }

    /** Platforms of which people are to be reminded of something. */
    List<String> toRemind(Instant now) {
        return store.toRemind(now);
    }

    /** Tells once of what was not done in time. */
    void remind(String platform, Instant now) {
        var overdue = FollowUps.overdue(store.platform(platform), now);
        if (overdue.isEmpty()) {
            return;
        }
        store.put(Platforms.reminded(store.platform(platform), overdue));
        for (var followUp : overdue) {
            history.add(platform, followUp.getFollowUpId(), new FollowUpOverdue(followUp), now);
        }
        var first = overdue.getFirst().getFollowUpId();
        notifications.tell(Notices.overdue(platform, overdue), platform, first + ".overdue", now);
    }

    /** Whether the event was about a look. */
    boolean heard(StepEvent event, Instant now) {
        if (!event.getStepId().equals(Watches.STEP)) {
            return false;
        }
        var platform = event.getPlatform();
        var before = store.platform(platform).getWatch();
        var descriptor = Descriptors.of(store.platform(platform));
        if (before != null && Watches.isHandedOn(before, event)) {
            watched(platform, Watches.handedOn(before));
            return true;
        }
        var found = before == null ? Optional.<Watches.Look>empty() : Watches.found(before, event);
        if (before == null || found.isEmpty() || descriptor.isEmpty()) {
            return true;
        }
        judge(
                platform,
                Watches.heard(before, found.get()),
                descriptor.get(),
                found.get().anomalies(),
                now);
        return true;
    }

    private void judge(
            String platform, StabilityWatch watch, PlatformDescriptor descriptor, List<String> anomalies, Instant now) {
        watched(platform, watch);
        if (Watches.isRelapse(watch, descriptor)) {
            var id = watch.getRollbackId();
            history.add(platform, id, new PlatformRelapsed(id, anomalies, watch.getRunning()), now);
            notifications.tell(Notices.relapsed(platform, id, anomalies), platform, id + ".relapse", now);
            ended(platform, watch, "the platform has relapsed", now);
        }
    }

    private void ended(String platform, StabilityWatch watch, String why, Instant now) {
        store.put(PlatformState.newBuilder(store.platform(platform))
                .setWatch(null)
                .build());
        var id = watch.getRollbackId();
        history.add(platform, id, new StabilityWatchEnded(id, watch.getAnswered(), watch.getWithAnomalies(), why), now);
    }

    private void watched(String platform, StabilityWatch watch) {
        store.put(PlatformState.newBuilder(store.platform(platform))
                .setWatch(watch)
                .build());
    }
}
