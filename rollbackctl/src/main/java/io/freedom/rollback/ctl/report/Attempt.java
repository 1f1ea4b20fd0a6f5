package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One try of a step or of its undoing. Success and failure are null while it is out. */
record Attempt(
        String step,
        boolean undo,
        int number,
        Instant begunAt,
        @Nullable Instant endedAt,
        @Nullable StepSucceeded success,
        @Nullable AttemptFailed failure) {

    static Attempt begun(String step, boolean undo, int number, Instant at) {
        return new Attempt(step, undo, number, at, null, null, null);
    }

    Attempt succeeded(StepSucceeded event, Instant at) {
        return new Attempt(step, undo, number, begunAt, at, event, null);
    }

    Attempt failed(AttemptFailed event, Instant at) {
        return new Attempt(step, undo, number, begunAt, at, null, event);
    }
}
