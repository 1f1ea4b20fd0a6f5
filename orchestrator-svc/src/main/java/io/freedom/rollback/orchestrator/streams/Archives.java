package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.WalArchive;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Sees to it that what platforms' databases commit is archived, where their descriptors say so. */
final class Archives {
    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Archives(SagaStore store, History history, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** A platform was registered, perhaps anew. */
    static PlatformState planned(PlatformState state, Instant now) {
        var policy = Schedules.descriptor(state)
                .filter(platform -> platform.database() != null)
                .map(platform -> platform.backups().wal());
        return Platforms.archived(
                state, WalArchives.planned(state.getArchive(), state.getPlatform(), policy.orElse(null), now));
    }

    /** Platforms that have one. */
    List<String> archived() {
        return store.archived();
    }

    /** Looks after one if it is its turn; quietly while anything runs. */
    void tick(String platform, Instant now) {
        var state = store.platform(platform);
        var archive = state.getArchive();
        var descriptor = Schedules.descriptor(state).filter(known -> known.database() != null);
        if (archive == null || descriptor.isEmpty()) {
            return; // of an older release's rules; admission says so
        }
        boolean quiet = store.live(platform) != null;
        if (WalArchives.isUnanswered(archive, now)) {
            judge(platform, WalArchives.unheard(archive, quiet), List.of(), now);
        } else if (WalArchives.isDue(archive, now)) {
            boolean wanted = isWanted(descriptor.get());
            store.put(Platforms.archived(state, WalArchives.asked(archive, wanted, now)));
            publisher.command(Worker.BACKUP, WalArchives.look(archive, descriptor.get(), wanted, quiet, now), now);
        }
    }

    private static boolean isWanted(PlatformDescriptor platform) {
        return platform.backups().wal() != null;
    }

    /** Whether the event was about a look. */
    boolean heard(StepEvent event, Instant now) {
        if (!event.getStepId().equals(WalArchives.STEP)) {
            return false;
        }
        var platform = event.getPlatform();
        var state = store.platform(platform);
        var archive = state.getArchive();
        var found = archive == null ? Optional.<WalArchiveKept>empty() : WalArchives.found(archive, event);
        if (archive == null || found.isEmpty()) {
            return true;
        }
        var kept = found.get();
        var after = WalArchives.heard(archive, kept, store.live(platform) != null);
        if (archive.getEnding() && kept.getFault() == null) {
            if (archive.getTold()) {
                interrupted(platform, after, "the descriptor has no `backups.wal` any more", true, now);
            }
            // It may be wanted again by now.
            var ended = planned(Platforms.archived(store.platform(platform), null), now);
            store.put(Schedules.objective(ended, now));
        } else {
            judge(platform, after, kept.getNotes(), now);
        }
        return true;
    }

    private void judge(String platform, WalArchive archive, List<String> notes, Instant now) {
        var known = store.platform(platform).getArchive();
        var judged = archive;
        var gap = notes.stream().filter(note -> note.startsWith("a gap: ")).findFirst();
        if (WalArchives.isInterrupted(archive)) {
            var fault = String.valueOf(archive.getFault());
            interrupted(platform, archive, fault, false, now);
            if (!archive.getEnding()) {
                notifications.tell(
                        Notices.notArchived(platform, archive.getUntil(), fault),
                        platform,
                        archive.getId() + ".interrupted-" + archive.getAsked(),
                        now);
            }
            judged = WalArchives.told(archive, false);
        } else if (known != null && WalArchives.isBroken(known, archive)) {
            interrupted(platform, archive, gap.orElse("what is archived now does not follow what was"), false, now);
            judged = WalArchives.told(archive, false);
        }
        if (WalArchives.isBack(judged)) {
            history.add(platform, archive.getId(), new WalArchived(archive.getFrom(), notes), now);
            judged = WalArchives.told(archive, true);
        }
        // Read now: what was added to the history is noted in it.
        var after = Platforms.archived(store.platform(platform), judged);
        // Once people are told, they are told again only of a later moment.
        boolean moved = !WalArchives.reach(known).equals(WalArchives.reach(judged));
        store.put(moved ? Schedules.objective(after, now) : after);
    }

    /** @param ended because nobody wants it any more */
    private void interrupted(String platform, WalArchive archive, String why, boolean ended, Instant now) {
        var until = archive.getUntil() == null && archive.getTold() ? archive.getReach() : archive.getUntil();
        history.add(platform, archive.getId(), new WalArchiveInterrupted(until, why, ended), now);
    }
}
