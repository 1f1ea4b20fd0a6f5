package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.StoreCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.WalArchiveCopied;
import io.freedom.rollback.schemas.history.WalArchiveNotStored;
import io.freedom.rollback.schemas.history.WalArchiveStored;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.StoredWal;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The second copy of a platform's WAL archive, in a store. Each look copies as much as it has time for. */
public final class WalCopies extends Care<StoredWal, WalArchiveCopied> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "backup.copy-wal-archive";

    private static final Duration EVERY = Duration.ofMinutes(1);

    public WalCopies() {
        super(new Kind<>(
                "the WAL in the store",
                STEP,
                Worker.BACKUP,
                // While a base backup is sent, WAL follows with the next look.
                Duration.ofMinutes(5),
                "store",
                WalArchiveCopied.class,
                PlatformState::getStoredWal,
                Platforms::copiedWal));
    }

    @Override
    StoredWal begun(String id, Instant now) {
        // Looks at the copies of restore points, which begin with the same, are others.
        return StoredWal.newBuilder()
                .setId(id + "-wal")
                .setNext(now)
                .setLast(now)
                .build();
    }

    @Override
    boolean isWanted(PlatformDescriptor platform) {
        var backups = platform.backups();
        return platform.database() != null && backups.wal() != null && backups.store() != null;
    }

    @Override
    Change<StoredWal> ended(StoredWal kept) {
        var why = "the descriptor has no `backups.wal` or no `backups.store` any more";
        return new Change<>(null, isTold(kept) ? List.of(interrupted(kept, why, true)) : List.of());
    }

    @Override
    boolean isTold(StoredWal kept) {
        return kept.getTold();
    }

    @Override
    StoredWal asked(StoredWal kept, PlatformDescriptor platform) {
        return StoredWal.newBuilder(kept).setNext(kept.getLast().plus(EVERY)).build();
    }

    @Override
    SpecificRecord action(StoredWal kept, PlatformDescriptor platform, boolean quiet) {
        var backups = platform.backups();
        return StoreCare.copyWal(
                platform, Objects.requireNonNull(backups.store()), Objects.requireNonNull(backups.wal()));
    }

    @Override
    @Nullable
    String fault(WalArchiveCopied found) {
        return found.getFault();
    }

    @Override
    StoredWal learned(StoredWal kept, Found<WalArchiveCopied> found) {
        var copied = found.answer();
        return copied == null
                ? kept
                : StoredWal.newBuilder(kept)
                        .setFrom(copied.getFrom())
                        .setUntil(copied.getUntil())
                        .setNext(copied.getBusy() ? kept.getLast() : kept.getNext())
                        .build();
    }

    /** That it follows, or does again. */
    @Override
    Change<StoredWal> news(StoredWal before, StoredWal after, Found<WalArchiveCopied> found) {
        var since = after.getFrom();
        var copied = found.answer();
        if (before.getTold() || since == null || copied == null || found.fault() != null) {
            return new Change<>(after, List.of());
        }
        return new Change<>(
                StoredWal.newBuilder(after).setTold(true).build(),
                List.of(new WalArchiveStored(since, copied.getNotes())));
    }

    @Override
    StoredWal failing(StoredWal kept) {
        return StoredWal.newBuilder(kept).setTold(false).build();
    }

    @Override
    SpecificRecord interrupted(StoredWal kept, String why, boolean ended) {
        return new WalArchiveNotStored(kept.getUntil(), ended ? why + "; what is there stays" : why, ended);
    }

    @Override
    Notice notice(StoredWal kept, String platform, String why) {
        return Notices.walNotCopied(platform, kept.getUntil(), why);
    }
}
