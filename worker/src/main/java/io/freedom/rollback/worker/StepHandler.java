package io.freedom.rollback.worker;

import org.apache.avro.specific.SpecificRecord;

/**
 * Carries out one kind of action. A command may be delivered twice, by two processes, at any moment: {@link #probe}
 * looks at the real world first, and {@link #execute} must itself be safe to run over a half-done earlier attempt.
 *
 * @param <A> the action's record
 */
public interface StepHandler<A extends SpecificRecord> {
    Class<A> action();

    /**
     * Whether the action's effect is already there. Looks at Docker, git or the database, never at a memory of its own.
     * Actions that only read keep the default.
     */
    default Probe probe(A action, StepContext step) throws StepFailure, InterruptedException {
        return new Probe.NotApplied();
    }

    /** Acts, verifies, and says what came of it. Call {@link StepContext#checkpoint} right before each change. */
    Completed execute(A action, StepContext step) throws StepFailure, InterruptedException;
}
