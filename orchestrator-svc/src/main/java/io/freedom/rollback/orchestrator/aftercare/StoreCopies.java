package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.StoreCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.StoredCopies;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Second copies of a platform's restore points, in a store. Each look copies as much as it has time for. */
public final class StoreCopies extends Care<StoredCopies, RestorePointsCopied> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "backup.copy-restore-points";

    private static final Duration EVERY = Duration.ofMinutes(5);
    /** More are removed with the next looks. */
    private static final int REMEMBERED = 1000;

    public StoreCopies() {
        super(new Kind<>(
                "the store",
                STEP,
                Worker.BACKUP,
                Duration.ofMinutes(10),
                "store",
                RestorePointsCopied.class,
                PlatformState::getCopies,
                Platforms::copied));
    }

    @Override
    StoredCopies begun(String id, Instant now) {
        return StoredCopies.newBuilder().setId(id).setNext(now).setLast(now).build();
    }

    @Override
    boolean isWanted(PlatformDescriptor platform) {
        return platform.backups().store() != null;
    }

    @Override
    StoredCopies asked(StoredCopies kept, PlatformDescriptor platform) {
        return soon(kept, kept.getLast().plus(EVERY));
    }

    @Override
    SpecificRecord action(StoredCopies kept, PlatformDescriptor platform, boolean quiet) {
        return StoreCare.copy(
                platform, Objects.requireNonNull(platform.backups().store()), kept.getRemoved());
    }

    @Override
    @Nullable
    String fault(RestorePointsCopied found) {
        return found.getFault();
    }

    /** Nothing that runs on the platform keeps the store from answering. */
    @Override
    int excused(int failing) {
        return failing + 1;
    }

    @Override
    StoredCopies learned(StoredCopies kept, Found<RestorePointsCopied> found) {
        var copied = found.answer();
        if (copied == null) {
            return kept;
        }
        var stored = copied.getStored();
        return StoredCopies.newBuilder(kept)
                .setStored(stored)
                // What is held there goes later.
                .setRemoved(kept.getRemoved().stream().filter(stored::contains).toList())
                .setNext(copied.getBusy() ? kept.getLast() : kept.getNext())
                .build();
    }

    @Override
    Change<StoredCopies> news(StoredCopies before, StoredCopies after, Found<RestorePointsCopied> found) {
        boolean isBack = before.getInterrupted() && after.getFailing() == 0;
        var copied = found.answer();
        if (copied == null || before.getStored().equals(after.getStored()) && !isBack) {
            return new Change<>(after, List.of());
        }
        return new Change<>(
                StoredCopies.newBuilder(after)
                        .setInterrupted(after.getFailing() >= SURE)
                        .build(),
                List.of(new RestorePointsStored(after.getStored(), copied.getNotes(), copied.getFault())));
    }

    @Override
    StoredCopies failing(StoredCopies kept) {
        return StoredCopies.newBuilder(kept).setInterrupted(true).build();
    }

    @Override
    SpecificRecord interrupted(StoredCopies kept, String why, boolean ended) {
        return new StoreInterrupted(ended ? why + "; what is there stays" : why, ended);
    }

    @Override
    Notice notice(StoredCopies kept, String platform, String why) {
        return Notices.notCopied(platform, why);
    }

    /** There is something to copy. */
    public static StoredCopies soon(StoredCopies copies, Instant now) {
        return StoredCopies.newBuilder(copies).setNext(now).build();
    }

    /** Retention has removed them on disk. */
    public static StoredCopies removed(StoredCopies copies, List<String> restorePoints, Instant now) {
        var all = new LinkedHashSet<>(copies.getRemoved());
        restorePoints.stream().filter(copies.getStored()::contains).forEach(all::add);
        var list = new ArrayList<>(all);
        return StoredCopies.newBuilder(soon(copies, now))
                .setRemoved(List.copyOf(list.subList(Math.max(0, list.size() - REMEMBERED), list.size())))
                .build();
    }
}
