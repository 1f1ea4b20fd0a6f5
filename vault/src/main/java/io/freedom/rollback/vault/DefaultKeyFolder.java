package io.freedom.rollback.vault;

/**
 * Contributed by who may make the folder of the key file where nobody has named a place for it. Others would make a second key there, which is lost with
 * what a worker's container has written.
 */
public record DefaultKeyFolder() {}
