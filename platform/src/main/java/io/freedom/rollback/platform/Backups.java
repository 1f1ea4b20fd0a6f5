package io.freedom.rollback.platform;

/**
 * Where restore points are kept.
 *
 * @param directory absolute path
 * @param reserve bytes that must stay free
 */
public record Backups(String directory, long reserve) {}
