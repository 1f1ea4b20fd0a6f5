package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.StepCommand;

/** Orders attempts of one step: compensation supersedes the step, a higher attempt a lower one. */
record Generation(boolean compensation, int attempt) implements Comparable<Generation> {
    static Generation of(StepCommand command) {
        return new Generation(command.getCompensation(), command.getAttempt());
    }

    @Override
    public int compareTo(Generation other) {
        int byKind = Boolean.compare(compensation, other.compensation);
        return byKind != 0 ? byKind : Integer.compare(attempt, other.attempt);
    }
}
