package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.planning.StoreCare;
import io.freedom.rollback.platform.ObjectStoreSpec;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.state.StoredCopies;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sees to second copies of a platform's restore points, one look at a time. Each copies as much as it has time for. */
public final class StoreCopies {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "backup.copy-restore-points";

    private static final Duration EVERY = Duration.ofMinutes(5);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    // A worker that does not finish in time says so.
    private static final Duration GIVEN_UP = PATIENCE.plusSeconds(5);
    /** Looks that fail, one after the other, before people are told. */
    private static final int SURE = 2;
    /** More are removed with the next looks. */
    private static final int REMEMBERED = 1000;

    private StoreCopies() {}

    /** Of a platform that is registered, perhaps anew; null where it has no store, and never had. */
    public static @Nullable StoredCopies planned(
            @Nullable StoredCopies before, String platform, @Nullable ObjectStoreSpec store, Instant now) {
        if (before != null) {
            return soon(before, now);
        }
        return store == null
                ? null
                : StoredCopies.newBuilder()
                        .setId("store-" + platform + "-" + now.getEpochSecond())
                        .setNext(now)
                        .setLast(now)
                        .build();
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

    public static boolean isDue(StoredCopies copies, Instant now) {
        return !isUnderWay(copies) && !now.isBefore(copies.getNext());
    }

    /** Whether nobody has answered the newest look in the time that it had. */
    public static boolean isUnanswered(StoredCopies copies, Instant now) {
        return isUnderWay(copies) && !now.isBefore(copies.getLast().plus(GIVEN_UP));
    }

    private static boolean isUnderWay(StoredCopies copies) {
        return copies.getHeard() < copies.getAsked();
    }

    /** After the look that is due was asked for. */
    public static StoredCopies asked(StoredCopies copies, Instant now) {
        return StoredCopies.newBuilder(copies)
                .setAsked(copies.getAsked() + 1)
                .setLast(now)
                .setNext(now.plus(EVERY))
                .build();
    }

    /** @param copies before the look was asked for */
    public static StepCommand look(
            StoredCopies copies, PlatformDescriptor platform, ObjectStoreSpec store, Instant now) {
        var action = StoreCare.copy(platform, store, copies.getRemoved());
        return StepCommand.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setRollbackId(copies.getId())
                .setStepId(STEP)
                .setAttempt(copies.getAsked() + 1)
                .setAt(now)
                .setCommand(new ExecuteStep(new StepAction(action), List.of(), now.plus(PATIENCE)))
                .build();
    }

    /** What came of the newest look; that a worker cannot look is a fault, too. Empty if it is no answer. */
    public static Optional<RestorePointsCopied> found(StoredCopies copies, StepEvent event) {
        boolean isNewest = event.getRollbackId().equals(copies.getId()) && event.getAttempt() == copies.getAsked();
        if (!isNewest || !isUnderWay(copies)) {
            return Optional.empty();
        }
        return switch (event.getEvent()) {
            case StepDone done
            when done.getResult().getResult() instanceof RestorePointsCopied copied -> Optional.of(copied);
            case StepError error -> Optional.of(unchanged(copies, error.getMessage()));
            case StepCancelled cancelled ->
                Optional.of(unchanged(copies, "it could not be copied: " + cancelled.getReason()));
            default -> Optional.empty();
        };
    }

    /** Nobody knows more than before. */
    public static RestorePointsCopied unchanged(StoredCopies copies, String fault) {
        return RestorePointsCopied.newBuilder()
                .setStored(copies.getStored())
                .setFault(fault)
                .build();
    }

    public static StoredCopies heard(StoredCopies copies, RestorePointsCopied found) {
        var stored = found.getStored();
        return StoredCopies.newBuilder(copies)
                .setHeard(copies.getAsked())
                .setStored(stored)
                // What is held there goes later.
                .setRemoved(
                        copies.getRemoved().stream().filter(stored::contains).toList())
                .setFailing(found.getFault() == null ? 0 : Math.min(copies.getFailing(), SURE) + 1)
                .setNext(found.getBusy() ? copies.getLast() : copies.getNext())
                .build();
    }

    /** Whether the history is to say that it fails: once, until it does not any more. */
    public static boolean isInterrupted(StoredCopies copies) {
        return copies.getFailing() >= SURE && !copies.getInterrupted();
    }

    /** Whether the history is to say what is in the store. */
    public static boolean isNews(StoredCopies before, StoredCopies after) {
        return !before.getStored().equals(after.getStored()) || isBack(after);
    }

    private static boolean isBack(StoredCopies copies) {
        return copies.getInterrupted() && copies.getFailing() == 0;
    }

    /** After people were told. */
    public static StoredCopies told(StoredCopies copies) {
        return StoredCopies.newBuilder(copies)
                .setInterrupted(copies.getFailing() >= SURE)
                .build();
    }
}
