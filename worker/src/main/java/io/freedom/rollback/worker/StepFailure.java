package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.FailureKind;
import org.jspecify.annotations.Nullable;

/** An expected failure: its kind decides about retries, its message says what is wrong and what to do. */
public final class StepFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final FailureKind kind;

    public StepFailure(FailureKind kind, String message) {
        this(kind, message, null);
    }

    public StepFailure(FailureKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public FailureKind kind() {
        return kind;
    }

    public String text() {
        var message = getMessage();
        return message == null ? kind.name() : message;
    }
}
