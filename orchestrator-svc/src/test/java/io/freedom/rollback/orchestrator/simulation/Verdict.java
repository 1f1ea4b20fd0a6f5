package io.freedom.rollback.orchestrator.simulation;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The first promise that was broken: those after it may follow from it. */
final class Verdict {
    private @Nullable Violation violation;

    void require(boolean holds, String invariant, Supplier<String> what) {
        if (!holds) {
            broken(invariant, what.get());
        }
    }

    /** Kept, since the code under test may take what is thrown for a failure of a step. */
    void broken(String invariant, String what) {
        if (violation == null) {
            violation = new Violation(invariant, what);
        }
    }

    /** @throws Violation if one was seen */
    void check() {
        if (violation != null) {
            throw violation;
        }
    }
}
