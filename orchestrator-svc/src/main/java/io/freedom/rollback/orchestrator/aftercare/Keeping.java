package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.state.LogLooks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** What is kept as it comes. Each look keeps what came since the one before. */
abstract class Keeping<A> extends Care<LogLooks, A> {
    /** Where there was more than one look keeps. */
    private static final Duration SOON = Duration.ofSeconds(5);
    /** After one that kept nothing, where the next would not be sooner. */
    private static final Duration AGAIN = Duration.ofMinutes(5);

    Keeping(Kind<LogLooks, A> kind) {
        super(kind);
    }

    /**
     * What a look kept.
     *
     * @param until what came before is kept; null where that is not known
     * @param more whether there was more than one look keeps
     * @param notes what is left out and why, one line each
     */
    record Kept(@Nullable Instant until, boolean more, List<String> notes) {
        Kept {
            notes = List.copyOf(notes);
        }
    }

    abstract Kept kept(A answer);

    /** Null where nobody wants it. */
    abstract @Nullable Duration every(PlatformDescriptor platform);

    /** The fact that it is kept, but for what the notes name. */
    abstract SpecificRecord follows(long every, List<String> notes);

    @Override
    final LogLooks begun(String id, Instant now) {
        return LogLooks.newBuilder().setId(id).setNext(now).setLast(now).build();
    }

    @Override
    final boolean isWanted(PlatformDescriptor platform) {
        return every(platform) != null;
    }

    @Override
    final boolean isTold(LogLooks kept) {
        return kept.getTold();
    }

    @Override
    final LogLooks asked(LogLooks kept, PlatformDescriptor platform) {
        var every = Objects.requireNonNull(every(platform));
        return LogLooks.newBuilder(kept).setEvery(every.toMillis()).build();
    }

    @Override
    final LogLooks learned(LogLooks kept, Found<A> found) {
        var answer = Optional.ofNullable(found.answer()).map(this::kept);
        var every = Duration.ofMillis(kept.getEvery());
        var pause = answer.map(it -> it.more() ? shorter(SOON, every) : every).orElse(shorter(AGAIN, every));
        return LogLooks.newBuilder(kept)
                .setFault(found.fault())
                .setUntil(answer.map(Kept::until).orElse(kept.getUntil()))
                .setNext(kept.getLast().plus(pause))
                .build();
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** That they are kept, or that what is left out has changed. */
    @Override
    final Change<LogLooks> news(LogLooks before, LogLooks after, Found<A> found) {
        var answer = found.answer() == null ? null : kept(found.answer());
        if (answer == null
                || answer.more()
                || after.getTold() && after.getNotes().equals(answer.notes())) {
            return new Change<>(after, List.of());
        }
        return new Change<>(
                LogLooks.newBuilder(after)
                        .setTold(true)
                        .setNotes(answer.notes())
                        .build(),
                List.of(follows(after.getEvery(), answer.notes())));
    }

    @Override
    final LogLooks failing(LogLooks kept) {
        return LogLooks.newBuilder(kept).setTold(false).build();
    }
}
