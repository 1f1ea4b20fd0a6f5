package io.freedom.rollback.orchestrator.saga;

/**
 * One attempt of a step or of its compensation.
 *
 * @param number counts from 1
 */
public record AttemptId(String step, boolean compensation, int number) {
    /** The attempt after this one. */
    public AttemptId next() {
        return new AttemptId(step, compensation, number + 1);
    }

    @Override
    public String toString() {
        return (compensation ? "undo of " : "") + step + "#" + number;
    }
}
