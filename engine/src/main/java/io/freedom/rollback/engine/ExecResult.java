package io.freedom.rollback.engine;

/**
 * A program that ran to its end in a container.
 *
 * @param truncated whether a stream was longer than what is kept of it
 */
public record ExecResult(long exitCode, String stdout, String stderr, boolean truncated) {
    public boolean succeeded() {
        return exitCode == 0;
    }
}
