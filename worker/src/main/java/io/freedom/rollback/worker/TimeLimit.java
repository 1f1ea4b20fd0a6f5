package io.freedom.rollback.worker;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long something may take that a step does on its own thread. Where an operator gives the running step more time, that
 * is added: a build that is about to be ended is not to be ended all the same because its limit was taken at its start.
 */
public final class TimeLimit {
    private static final ThreadLocal<Attempt> CURRENT = new ThreadLocal<>();

    private final long end;
    private final @Nullable Attempt attempt;
    private final Duration extendedBefore;

    private TimeLimit(long end, @Nullable Attempt attempt) {
        this.end = end;
        this.attempt = attempt;
        this.extendedBefore = attempt == null ? Duration.ZERO : attempt.extendedBy();
    }

    /** From now on. */
    public static TimeLimit of(Duration limit) {
        return new TimeLimit(System.nanoTime() + limit.toNanos(), CURRENT.get());
    }

    static void bind(Attempt attempt) {
        CURRENT.set(attempt);
    }

    static void unbind() {
        CURRENT.remove();
    }

    /** Nanoseconds; none are left when not positive. */
    public long left() {
        var more = attempt == null ? Duration.ZERO : attempt.extendedBy().minus(extendedBefore);
        return end - System.nanoTime() + (more.isNegative() ? 0 : more.toNanos());
    }
}
