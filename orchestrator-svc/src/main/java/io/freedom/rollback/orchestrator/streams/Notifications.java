package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.notices.Messages;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.platform.NotificationChannel;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes what people are told, in the transaction of what it tells of. */
final class Notifications {
    private final SagaStore store;
    private final Publisher publisher;
    /** Checks that have found what people were told of just now: that they have failed is no news. */
    private final Set<String> told = new HashSet<>();

    Notifications(SagaStore store, Publisher publisher) {
        this.store = store;
        this.publisher = publisher;
    }

    /** Of what has just happened to a rollback, all at once. A check is watched by whoever asked for it. */
    void of(List<RollbackEvent> events, Live live, Instant now) {
        var rollback = live.rollback;
        if (Scenario.onlyShows(rollback.plan().getScenario())) {
            return;
        }
        // What follows tells of itself; and that the schedule is kept is no news.
        boolean known = told.remove(rollback.id());
        boolean looks = Sagas.isFirstOfTwo(rollback.plan()) || Schedules.started(rollback.operator(), rollback.plan());
        for (int i = 0; i < events.size(); i++) {
            var id = rollback.id() + "." + (live.chain.sequence() - events.size() + 1 + i);
            if (known
                    && events.get(i) instanceof RollbackEvent.Finished finished
                    && finished.outcome() != Outcome.SUCCEEDED) {
                continue;
            }
            Notices.of(events.get(i), rollback)
                    .filter(notice -> !looks || notice.kind() == NotificationKind.ATTENTION)
                    .ifPresent(notice -> tell(notice, rollback.plan().getPlatform(), id, now));
        }
    }

    /** What a rollback has found, which may be all that is to be said of it. */
    void tellFinding(Notice notice, Rollback rollback, String id, Instant now) {
        if (Admissions.onlyProves(rollback)) {
            told.add(rollback.id());
        }
        tell(notice, rollback.plan().getPlatform(), id, now);
    }

    /** @param id of what it tells of */
    void tell(Notice notice, String platform, String id, Instant now) {
        send(Messages.of(notice, platform, channels(platform), id, now), now);
    }

    List<String> test(List<NotificationChannel> channels, String operator, String platform, String id, Instant now) {
        var messages = Messages.of(Notices.test(platform, operator), platform, channels, id, now);
        send(messages, now);
        return messages.stream().map(Notification::getNotificationId).toList();
    }

    private void send(List<Notification> messages, Instant now) {
        messages.forEach(message -> publisher.notification(message, now));
    }

    private List<NotificationChannel> channels(String platform) {
        return Descriptors.of(store.platform(platform))
                .map(PlatformDescriptor::notifications)
                .orElse(List.of());
    }
}
