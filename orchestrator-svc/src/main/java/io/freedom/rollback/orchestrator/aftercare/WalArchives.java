package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.WalCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.WalArchive;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The archive of what a platform's database commits. Each look mends what it finds; one that is not wanted any more ends it. */
public final class WalArchives extends Care<WalArchive, WalArchiveKept> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "backup.keep-wal-archive";

    private static final Duration EVERY = Duration.ofMinutes(1);
    /** Where more is known shortly. */
    private static final Duration SOON = Duration.ofSeconds(5);

    public WalArchives() {
        super(new Kind<>(
                "the WAL archive",
                STEP,
                Worker.BACKUP,
                Duration.ofMinutes(2),
                "wal",
                WalArchiveKept.class,
                PlatformState::getArchive,
                Platforms::archived));
    }

    @Override
    WalArchive begun(String id, Instant now) {
        return WalArchive.newBuilder()
                .setId(id)
                .setNext(now)
                .setLast(now)
                .setReach(now)
                .build();
    }

    @Override
    boolean isWanted(PlatformDescriptor platform) {
        return canLook(platform) && platform.backups().wal() != null;
    }

    @Override
    boolean canLook(PlatformDescriptor platform) {
        return platform.database() != null;
    }

    /** A look ends it. */
    @Override
    boolean isOver(PlatformDescriptor platform) {
        return false;
    }

    @Override
    boolean isTold(WalArchive kept) {
        return kept.getTold();
    }

    @Override
    WalArchive asked(WalArchive kept, PlatformDescriptor platform) {
        return WalArchive.newBuilder(kept).setEnding(!isWanted(platform)).build();
    }

    @Override
    SpecificRecord action(WalArchive kept, PlatformDescriptor platform, boolean quiet) {
        return WalCare.keep(platform, !kept.getEnding(), quiet);
    }

    @Override
    @Nullable
    String fault(WalArchiveKept found) {
        return found.getFault();
    }

    /** That its server does not answer then is no news. */
    @Override
    int excused(int failing) {
        return 0;
    }

    @Override
    WalArchive learned(WalArchive kept, Found<WalArchiveKept> found) {
        var answer = found.answer();
        var from = answer == null ? kept.getFrom() : answer.getFrom();
        var until = answer == null ? kept.getUntil() : answer.getUntil();
        boolean busy = answer != null && answer.getBusy();
        return WalArchive.newBuilder(kept)
                .setFrom(from)
                .setUntil(until)
                .setFault(found.fault())
                .setReach(until != null && canDerive(from, until) ? until : kept.getReach())
                .setNext(kept.getLast().plus(busy ? SOON : EVERY))
                .build();
    }

    /** That it has ended, that what is archived now does not follow what was, and that it is archived. */
    @Override
    Change<WalArchive> news(WalArchive before, WalArchive after, Found<WalArchiveKept> found) {
        if (after.getEnding() && after.getFault() == null) {
            return ended(after);
        }
        var notes = found.answer() == null ? List.<String>of() : found.answer().getNotes();
        var facts = new ArrayList<SpecificRecord>();
        boolean told = after.getTold();
        if (isBroken(before, after) && after.getFailing() != SURE) {
            var gap = notes.stream().filter(note -> note.startsWith("a gap: ")).findFirst();
            facts.add(interrupted(after, gap.orElse("what is archived now does not follow what was"), false));
            told = false;
        }
        if (!told && after.getFault() == null && canDerive(after.getFrom(), after.getUntil())) {
            facts.add(new WalArchived(after.getFrom(), notes));
            told = true;
        }
        return new Change<>(WalArchive.newBuilder(after).setTold(told).build(), facts);
    }

    private static boolean isBroken(WalArchive before, WalArchive after) {
        var from = after.getFrom();
        return before.getTold() && (from == null || from.isAfter(before.getReach()));
    }

    @Override
    WalArchive failing(WalArchive kept) {
        return WalArchive.newBuilder(kept).setTold(false).build();
    }

    @Override
    SpecificRecord interrupted(WalArchive kept, String why, boolean ended) {
        var until = kept.getUntil() == null && kept.getTold() ? kept.getReach() : kept.getUntil();
        return new WalArchiveInterrupted(until, why, ended);
    }

    @Override
    @Nullable
    Notice notice(WalArchive kept, String platform, String why) {
        return kept.getEnding() ? null : Notices.notArchived(platform, kept.getUntil(), why);
    }

    private static boolean canDerive(@Nullable Instant from, @Nullable Instant until) {
        return from != null && until != null && !until.isBefore(from);
    }

    /** All that was committed before can be derived; empty where nothing since the last gap can. */
    public static Optional<Instant> covered(@Nullable WalArchive archive) {
        return archive == null || !canDerive(archive.getFrom(), archive.getUntil())
                ? Optional.empty()
                : Optional.ofNullable(archive.getUntil());
    }

    /** What was committed since then may be lost; empty where nothing is archived. */
    public static Optional<Instant> reach(@Nullable WalArchive archive) {
        return Optional.ofNullable(archive).map(WalArchive::getReach);
    }
}
