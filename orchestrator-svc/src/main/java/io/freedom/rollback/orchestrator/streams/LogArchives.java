package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.LogKeeping;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;

/** Sees to it that the logs of platforms' containers are kept, where their descriptors say so, whatever else runs. */
final class LogArchives {
    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    LogArchives(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** A platform was registered, perhaps anew. */
    static PlatformState planned(PlatformState state, Instant now) {
        var policy = Schedules.descriptor(state)
                .map(platform -> platform.backups().logs())
                .orElse(null);
        return Platforms.logged(state, LogKeeping.planned(state.getLogs(), state.getPlatform(), policy, now));
    }

    /** Platforms whose logs are kept. */
    List<String> logged() {
        return store.logged();
    }

    /** Has them kept if it is time. */
    void tick(String platform, Instant now) {
        var state = store.platform(platform);
        var looks = state.getLogs();
        var descriptor = Schedules.descriptor(state);
        if (looks == null || descriptor.isEmpty()) {
            return; // of an older release's rules; admission says so
        }
        var policy = descriptor.get().backups().logs();
        if (policy == null) {
            end(platform, looks, now);
        } else if (LogKeeping.isUnanswered(looks, now)) {
            judge(platform, looks, LogKeeping.unanswered(), now);
        } else if (LogKeeping.isDue(looks, now)) {
            store.put(Platforms.logged(state, LogKeeping.asked(looks, policy, now)));
            publisher.command(Worker.CONTAINER, LogKeeping.look(looks, descriptor.get(), now), now);
        }
    }

    /** What is kept stays, until somebody removes it. */
    private void end(String platform, LogLooks looks, Instant now) {
        if (looks.getTold()) {
            interrupted(platform, looks, "the descriptor has no `backups.logs` any more", true, now);
        }
        store.put(Platforms.logged(store.platform(platform), null));
    }

    /** Whether the event was about a look. */
    boolean heard(StepEvent event, Instant now) {
        if (!event.getStepId().equals(LogKeeping.STEP)) {
            return false;
        }
        var looks = store.platform(event.getPlatform()).getLogs();
        if (looks != null) {
            LogKeeping.found(looks, event).ifPresent(answer -> judge(event.getPlatform(), looks, answer, now));
        }
        return true;
    }

    private void judge(String platform, LogLooks before, LogKeeping.Answer answer, Instant now) {
        var after = LogKeeping.heard(before, answer, store.live(platform) != null);
        var kept = answer.kept();
        if (LogKeeping.isInterrupted(before, after)) {
            var fault = String.valueOf(answer.fault());
            interrupted(platform, after, fault, false, now);
            notifications.tell(
                    Notices.logsNotKept(platform, after.getUntil(), fault),
                    platform,
                    after.getId() + ".interrupted-" + after.getAsked(),
                    now);
            after = LogKeeping.interrupted(after);
        } else if (kept != null && LogKeeping.isNews(after, answer)) {
            history.add(platform, after.getId(), new LogsArchived(after.getEvery(), kept.getNotes()), now);
            after = LogKeeping.told(after, kept);
        }
        // Read now: what was added to the history is noted in it.
        store.put(Platforms.logged(store.platform(platform), after));
    }

    /** @param ended because nobody wants it any more */
    private void interrupted(String platform, LogLooks looks, String why, boolean ended, Instant now) {
        history.add(
                platform,
                looks.getId(),
                new LogArchiveInterrupted(looks.getUntil(), looks.getEvery(), why, ended),
                now);
    }
}
