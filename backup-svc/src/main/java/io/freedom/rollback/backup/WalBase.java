package io.freedom.rollback.backup;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A base backup that can be recovered from.
 *
 * @param at when it was complete: no earlier moment can be reached from it
 * @param startLsn where replay begins
 * @param endLsn from where on it is consistent
 * @param tablespaces besides the standard ones
 * @param bytes on disk
 * @param cluster bytes of all databases of the server then
 * @param made how, as far as others depend on it; null before PostgreSQL 17, and of a release before
 */
record WalBase(
        String id,
        Instant at,
        String startLsn,
        String endLsn,
        int tablespaces,
        long bytes,
        long cluster,
        @Nullable Made made) {
    /** Id of the one that it is incremental to; empty for a full one. */
    Optional<String> after() {
        return Optional.ofNullable(made).map(Made::after);
    }

    Lsn start() {
        return Lsn.of(startLsn).orElseThrow();
    }

    Lsn end() {
        return Lsn.of(endLsn).orElseThrow();
    }

    /**
     * How a base backup was taken.
     *
     * @param after id of the one that it is incremental to, and of no use without; null for a full one
     * @param why it is a full one, though the server could have given an incremental one; null otherwise
     * @param checksums whether the server's pages had checksums
     * @param unpacked bytes of the files in it
     */
    record Made(@Nullable String after, @Nullable String why, boolean checksums, long unpacked) {}
}
