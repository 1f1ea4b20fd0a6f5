package io.freedom.rollback.orchestrator.records;

import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.schemas.step.StepProgress;
import org.jspecify.annotations.Nullable;

/** How far attempts are, as their workers say; no part of the history. */
@FunctionalInterface
public interface Progress {
    /** Nobody listens to the workers. */
    Progress UNKNOWN = _ -> null;

    @Nullable
    StepProgress of(AttemptId attempt);
}
