package io.freedom.rollback.backup;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that was committed until then is archived.
 *
 * @param at by the server's clock
 * @param lsn end of a record that is archived, and was written by then
 * @param through end of the transaction of our own that follows it; null where a release before did not note it
 * @param transaction id of that
 * @param alone whether nobody else was writing then
 * @param changed others may have committed until then; null where that is not known
 */
record WalCovered(
        Instant at,
        String lsn,
        @Nullable String through,
        @Nullable Long transaction,
        @Nullable Boolean alone,
        @Nullable Instant changed) {
    Lsn position() {
        return Lsn.of(lsn).orElseThrow();
    }

    /** Whether more than our own transactions may have been committed since. */
    boolean isBehind(WalCovered newer) {
        return newer.changed == null || newer.changed.isAfter(at);
    }

    /** The last segment that it needs: with a transaction behind the moment. Empty where that is not known. */
    Optional<Long> lastSegment(long segmentSize) {
        return Optional.ofNullable(through).flatMap(Lsn::of).map(end -> new Lsn(end.bytes() - 1).segment(segmentSize));
    }

    WalCovered after(WalCovered before) {
        boolean idle = Boolean.TRUE.equals(before.alone)
                && transaction != null
                && before.transaction != null
                && transaction == before.transaction + 1;
        return idle ? new WalCovered(at, lsn, through, transaction, alone, before.changed) : this;
    }
}
