package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.LogCare;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The logs of a platform's containers. Each look keeps what came since the one before. */
public final class LogKeeping extends Care<LogLooks, LogsKept> {
    /** Of the commands; no plan has such a step. */
    public static final String STEP = "container.keep-logs";

    /** Where there was more than one look keeps. */
    private static final Duration SOON = Duration.ofSeconds(5);
    /** After one that kept nothing, where the next would not be sooner. */
    private static final Duration AGAIN = Duration.ofMinutes(5);

    public LogKeeping() {
        super(new Kind<>(
                "the logs",
                STEP,
                Worker.CONTAINER,
                Duration.ofMinutes(5),
                "done",
                "logs",
                LogsKept.class,
                PlatformState::getLogs,
                Platforms::logged));
    }

    @Override
    LogLooks begun(String id, Instant now) {
        return LogLooks.newBuilder().setId(id).setNext(now).setLast(now).build();
    }

    @Override
    boolean isWanted(PlatformDescriptor platform) {
        return platform.backups().logs() != null;
    }

    @Override
    boolean isTold(LogLooks kept) {
        return kept.getTold();
    }

    @Override
    LogLooks asked(LogLooks kept, PlatformDescriptor platform) {
        var every = Objects.requireNonNull(platform.backups().logs()).every();
        return LogLooks.newBuilder(kept).setEvery(every.toMillis()).build();
    }

    @Override
    SpecificRecord action(LogLooks kept, PlatformDescriptor platform, boolean quiet) {
        return LogCare.keep(platform);
    }

    @Override
    LogLooks learned(LogLooks kept, Found<LogsKept> found) {
        var answer = found.answer();
        var every = Duration.ofMillis(kept.getEvery());
        var pause = answer == null ? shorter(AGAIN, every) : answer.getMore() ? shorter(SOON, every) : every;
        var until = answer == null || answer.getUntil() == null ? kept.getUntil() : answer.getUntil();
        return LogLooks.newBuilder(kept)
                .setFault(found.fault())
                .setUntil(until)
                .setNext(kept.getLast().plus(pause))
                .build();
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** That they are kept, or that what is left out has changed. */
    @Override
    Change<LogLooks> news(LogLooks before, LogLooks after, Found<LogsKept> found) {
        var answer = found.answer();
        if (answer == null
                || answer.getMore()
                || after.getTold() && after.getNotes().equals(answer.getNotes())) {
            return new Change<>(after, List.of());
        }
        return new Change<>(
                LogLooks.newBuilder(after)
                        .setTold(true)
                        .setNotes(answer.getNotes())
                        .build(),
                List.of(new LogsArchived(after.getEvery(), answer.getNotes())));
    }

    @Override
    LogLooks failing(LogLooks kept) {
        return LogLooks.newBuilder(kept).setTold(false).build();
    }

    @Override
    SpecificRecord interrupted(LogLooks kept, String why, boolean ended) {
        return new LogArchiveInterrupted(kept.getUntil(), kept.getEvery(), why, ended);
    }

    @Override
    Notice notice(LogLooks kept, String platform, String why) {
        return Notices.logsNotKept(platform, kept.getUntil(), why);
    }

    /** What was logged before is kept; empty for nothing. */
    public static Optional<Instant> until(@Nullable LogLooks looks) {
        return Optional.ofNullable(looks).map(LogLooks::getUntil);
    }
}
