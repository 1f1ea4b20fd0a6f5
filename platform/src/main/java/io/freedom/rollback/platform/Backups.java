package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * Where restore points are kept.
 *
 * @param directory absolute path
 * @param reserve bytes that must stay free
 * @param hold how long the restore point of a rollback may not be removed
 */
public record Backups(String directory, long reserve, Duration hold) {}
