package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepContext;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** A step that restores for a purpose of its own, maybe another platform's restore point: databases are named by that. */
record Purposed(StepContext step, String platform, String rollbackId) implements StepContext {
    static StepContext of(StepContext step, RestoreDatabase action) {
        var platform = action.getPlatform();
        var purpose = action.getPurpose();
        return platform == null && purpose == null
                ? step
                : new Purposed(
                        step,
                        platform == null ? step.platform() : platform,
                        step.rollbackId() + (purpose == null ? "" : "-" + purpose));
    }

    @Override
    public String stepId() {
        return step.stepId();
    }

    @Override
    public int attempt() {
        return step.attempt();
    }

    @Override
    public Instant deadline() {
        return step.deadline();
    }

    @Override
    public void checkpoint() {
        step.checkpoint();
    }

    @Override
    public void stillWanted() {
        step.stillWanted();
    }

    @Override
    public void progress(long done, long total, String unit, String note) {
        step.progress(done, total, unit, note);
    }

    @Override
    public void report(SpecificRecord event) {
        step.report(event);
    }

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return step.find(result);
    }

    @Override
    public Secrets secrets() {
        return step.secrets();
    }
}
