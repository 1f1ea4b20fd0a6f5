package io.freedom.rollback.backup;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepContext;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** An attempt as another sees it, but for what is overridden. */
interface DelegatedStep extends StepContext {
    StepContext step();

    @Override
    default String platform() {
        return step().platform();
    }

    @Override
    default String rollbackId() {
        return step().rollbackId();
    }

    @Override
    default String stepId() {
        return step().stepId();
    }

    @Override
    default int attempt() {
        return step().attempt();
    }

    @Override
    default Instant deadline() {
        return step().deadline();
    }

    @Override
    default void checkpoint() {
        step().checkpoint();
    }

    @Override
    default void stillWanted() {
        step().stillWanted();
    }

    @Override
    default void progress(long done, long total, String unit, String note) {
        step().progress(done, total, unit, note);
    }

    @Override
    default void report(SpecificRecord event) {
        step().report(event);
    }

    @Override
    default <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return step().find(result);
    }

    @Override
    default Secrets secrets() {
        return step().secrets();
    }
}
