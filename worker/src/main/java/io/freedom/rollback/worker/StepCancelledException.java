package io.freedom.rollback.worker;

/** Thrown by {@link StepContext#checkpoint}: this attempt must change nothing any more. Let it pass through. */
public final class StepCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StepCancelledException(String reason) {
        super(reason);
    }
}
