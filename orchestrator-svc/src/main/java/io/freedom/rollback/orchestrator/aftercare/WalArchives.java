package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.planning.WalCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.WalPolicy;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.state.WalArchive;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks after the archive of what a platform's database commits, one look at a time, as {@link Watches} looks at a platform. Each is a command of its
 * own to a backup worker, which mends what it finds.
 */
public final class WalArchives {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "backup.keep-wal-archive";

    private static final Duration EVERY = Duration.ofMinutes(1);
    /** Where more is known shortly. */
    private static final Duration SOON = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    // A worker that does not finish in time says so.
    private static final Duration GIVEN_UP = PATIENCE.plusSeconds(5);
    /** Looks, one after the other, before it is said that nothing is archived: a server that is restarted is no news. */
    private static final int SURE = 2;

    private WalArchives() {}

    /** Of a platform that is registered, perhaps anew; null where it has none, and never had. */
    public static @Nullable WalArchive planned(
            @Nullable WalArchive before, String platform, @Nullable WalPolicy policy, Instant now) {
        if (before != null) {
            return WalArchive.newBuilder(before).setNext(now).build();
        }
        return policy == null
                ? null
                : WalArchive.newBuilder()
                        .setId("wal-" + platform + "-" + now.getEpochSecond())
                        .setNext(now)
                        .setLast(now)
                        .setReach(now)
                        .build();
    }

    public static boolean isDue(WalArchive archive, Instant now) {
        return !isUnderWay(archive) && !now.isBefore(archive.getNext());
    }

    /** Whether nobody has answered the newest look in the time that it had. */
    public static boolean isUnanswered(WalArchive archive, Instant now) {
        return isUnderWay(archive) && !now.isBefore(archive.getLast().plus(GIVEN_UP));
    }

    private static boolean isUnderWay(WalArchive archive) {
        return archive.getHeard() < archive.getAsked();
    }

    /** After the look that is due was asked for. @param wanted false to end it */
    public static WalArchive asked(WalArchive archive, boolean wanted, Instant now) {
        return WalArchive.newBuilder(archive)
                .setEnding(!wanted)
                .setAsked(archive.getAsked() + 1)
                .setLast(now)
                .setNext(now.plus(EVERY))
                .build();
    }

    /**
     * @param archive before the look was asked for
     * @param wanted false to end it
     * @param quiet whether something is at work on the platform
     */
    public static StepCommand look(
            WalArchive archive, PlatformDescriptor platform, boolean wanted, boolean quiet, Instant now) {
        return StepCommand.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setRollbackId(archive.getId())
                .setStepId(STEP)
                .setAttempt(archive.getAsked() + 1)
                .setAt(now)
                .setCommand(new ExecuteStep(
                        new StepAction(WalCare.keep(platform, wanted, quiet)), List.of(), now.plus(PATIENCE)))
                .build();
    }

    /** What the newest look found; that a worker cannot look is a fault, too. Empty if it is no answer. */
    public static Optional<WalArchiveKept> found(WalArchive archive, StepEvent event) {
        boolean isNewest = event.getRollbackId().equals(archive.getId()) && event.getAttempt() == archive.getAsked();
        if (!isNewest || !isUnderWay(archive)) {
            return Optional.empty();
        }
        return switch (event.getEvent()) {
            case StepDone done when done.getResult().getResult() instanceof WalArchiveKept kept -> Optional.of(kept);
            case StepError error -> Optional.of(unchanged(archive, error.getMessage()));
            case StepCancelled cancelled ->
                Optional.of(unchanged(archive, "it could not be looked after: " + cancelled.getReason()));
            default -> Optional.empty();
        };
    }

    /** Nobody knows more than before. */
    public static WalArchiveKept unchanged(WalArchive archive, String fault) {
        return WalArchiveKept.newBuilder()
                .setFrom(archive.getFrom())
                .setUntil(archive.getUntil())
                .setFault(fault)
                .build();
    }

    /** @param quiet whether something is at work on the platform: that its server does not answer then is no news */
    public static WalArchive heard(WalArchive archive, WalArchiveKept kept, boolean quiet) {
        boolean well = kept.getFault() == null;
        var reach = canDerive(kept.getFrom(), kept.getUntil()) ? kept.getUntil() : archive.getReach();
        return WalArchive.newBuilder(archive)
                .setHeard(archive.getAsked())
                .setFrom(kept.getFrom())
                .setUntil(kept.getUntil())
                .setFault(kept.getFault())
                .setFailing(failing(archive, well, quiet))
                .setReach(reach)
                .setNext(
                        kept.getBusy()
                                ? archive.getLast().plus(SOON)
                                : archive.getLast().plus(EVERY))
                .build();
    }

    /** What people know of goes on being known. */
    private static int failing(WalArchive archive, boolean well, boolean quiet) {
        if (well) {
            return 0;
        }
        if (archive.getFailing() >= SURE) {
            return SURE + 1;
        }
        return quiet ? 0 : archive.getFailing() + 1;
    }

    /** Whether what is archived now does not follow what the history says. */
    public static boolean isBroken(WalArchive before, WalArchive after) {
        var from = after.getFrom();
        return before.getTold() && (from == null || from.isAfter(before.getReach()));
    }

    /** After the newest look was given up. */
    public static WalArchive unheard(WalArchive archive, boolean quiet) {
        return heard(archive, unchanged(archive, "no backup worker of its site answers"), quiet);
    }

    /** Whether the history is to say that it is archived, and does not yet. */
    public static boolean isBack(WalArchive archive) {
        return !archive.getTold() && archive.getFault() == null && canDerive(archive);
    }

    /** Whether the history is to say that nothing is archived: once, until it is again. */
    public static boolean isInterrupted(WalArchive archive) {
        return archive.getFailing() == SURE;
    }

    public static WalArchive told(WalArchive archive, boolean archived) {
        return WalArchive.newBuilder(archive).setTold(archived).build();
    }

    private static boolean canDerive(WalArchive archive) {
        return canDerive(archive.getFrom(), archive.getUntil());
    }

    private static boolean canDerive(@Nullable Instant from, @Nullable Instant until) {
        return from != null && until != null && !until.isBefore(from);
    }

    /** All that was committed before can be derived; empty where nothing since the last gap can. */
    public static Optional<Instant> covered(@Nullable WalArchive archive) {
        return archive == null || !canDerive(archive) ? Optional.empty() : Optional.ofNullable(archive.getUntil());
    }

    /** What was committed since then may be lost; empty where nothing is archived. */
    public static Optional<Instant> reach(@Nullable WalArchive archive) {
        return Optional.ofNullable(archive).map(WalArchive::getReach);
    }
}
