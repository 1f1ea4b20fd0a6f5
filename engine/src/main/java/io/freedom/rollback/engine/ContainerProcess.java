package io.freedom.rollback.engine;

/**
 * A process of a container, as the engine's machine sees it.
 *
 * @param memory resident, bytes
 */
public record ContainerProcess(long pid, long memory, String command) {}
