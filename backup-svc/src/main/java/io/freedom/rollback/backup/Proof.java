package io.freedom.rollback.backup;

import java.time.Instant;

/**
 * Content of proven.json: a restore point was restored whole into a throwaway server.
 *
 * @param manifestSha256 of the manifest that it had
 * @param serverVersion of the throwaway server
 */
record Proof(
        String restorePoint, Instant provenAt, String manifestSha256, String serverVersion, int tables, long rows) {}
