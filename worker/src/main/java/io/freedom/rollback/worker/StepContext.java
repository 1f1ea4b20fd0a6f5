package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.FailureKind;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** One attempt of a step, as its handler sees it. */
public interface StepContext {
    String platform();

    String rollbackId();

    String stepId();

    /** Counts from 1. */
    int attempt();

    /** When the orchestrator gives this attempt up; an operator may change it while the step runs. */
    Instant deadline();

    /**
     * Returns if this attempt may change something now, and waits as long as that is not known. To be called right before every
     * change to git, Docker, a database or files, and now and then while much is written. From then on the attempt is
     * interrupted when others may take it over.
     *
     * @throws StepCancelledException if it was cancelled, its deadline passed, a higher attempt is known, or this process was
     *     cut off from Kafka
     */
    void checkpoint();

    /**
     * Returns if this attempt may go on with what only looks. To be called now and then in long loops.
     *
     * @throws StepCancelledException if it was cancelled, its deadline passed, or a higher attempt is known
     */
    void stillWanted();

    /** Reports how far the step is; cheap, may be called often. {@code total} 0 when not known. */
    void progress(long done, long total, String unit, String note);

    /** Tells the orchestrator something besides the step's outcome, and returns once that is on the brokers. */
    void report(SpecificRecord event);

    /** Result of an earlier step of the wanted type, where the plan feeds one to this step. */
    <R extends SpecificRecord> Optional<R> find(Class<R> result);

    /** Like {@link #find}, for inputs without which the step makes no sense. */
    default <R extends SpecificRecord> R input(Class<R> result) throws StepFailure {
        return find(result)
                .orElseThrow(() -> new StepFailure(
                        FailureKind.INVALID,
                        "the command carries no " + result.getSimpleName() + " from an earlier step"));
    }

    /** Resolves the secret references in a text; see {@link Secrets}. */
    Secrets secrets();
}
