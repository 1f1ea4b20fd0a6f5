package io.freedom.rollback.engine;

/** Takes a container's log as the engine keeps it, entry by entry: a line each, or a part of a long one. */
@FunctionalInterface
public interface LogEntries {
    /**
     * @param stamp when the engine got it, in nanoseconds: {@code 2026-11-26T13:00:05.123456789Z}
     * @param stderr false for stdout, and for both of a container with a terminal
     * @param complete whether the line ends with it
     * @param text without the end of the line
     * @return whether to go on
     */
    boolean take(String stamp, boolean stderr, boolean complete, byte[] text);
}
