package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * How all that the database commits is archived, so that any moment can be derived as a restore point.
 *
 * @param base how often a base backup is taken, which recovery begins from
 * @param keep how far the way back to any moment reaches
 * @param bound bytes of WAL that the server keeps for the archive at most, while nobody fetches it
 * @param summarize whether the server is told to summarize its WAL, which incremental base backups need; where it does already, they are
 *     taken anyway
 */
public record WalPolicy(Duration base, Duration keep, long bound, boolean summarize) {}
