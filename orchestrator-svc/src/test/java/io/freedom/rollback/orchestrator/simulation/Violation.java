package io.freedom.rollback.orchestrator.simulation;

/** Something happened that must never happen. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    /** @param invariant the promise that was broken, a few words */
    Violation(String invariant, String what) {
        super(invariant + ": " + what);
    }
}
