package io.freedom.rollback.worker;

/** What the real world says about an action. */
public sealed interface Probe {
    /** The effect is there. */
    record Applied(Completed completed) implements Probe {}

    /** The effect is not there, or only in part. */
    record NotApplied() implements Probe {}

    /** It cannot be told; the action is executed, which must be safe. */
    record Unknown(String reason) implements Probe {}
}
