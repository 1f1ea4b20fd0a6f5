package io.freedom.rollback.backup;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Content of proven.json: what came of restoring a restore point into a throwaway server.
 *
 * @param at when
 * @param manifestSha256 of the manifest that it had
 * @param serverVersion of the throwaway server; null where it came to none
 * @param fault why it cannot be restored; null where all was as in the dump
 */
record Proof(
        String restorePoint,
        Instant at,
        String manifestSha256,
        @Nullable String serverVersion,
        int tables,
        long rows,
        @Nullable String fault) {}
