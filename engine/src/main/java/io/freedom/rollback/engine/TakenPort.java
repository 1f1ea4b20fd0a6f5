package io.freedom.rollback.engine;

/**
 * A port that a running container has.
 *
 * @param container its name
 * @param project compose project; empty for none
 */
public record TakenPort(String container, String project, HostPort port) {}
