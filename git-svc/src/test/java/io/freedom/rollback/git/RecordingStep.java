package io.freedom.rollback.git;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** A step that counts its checkpoints, and can be cancelled at one of them. */
final class RecordingStep implements StepContext {
    private final String rollbackId;
    private final int allowed;
    int checkpoints;

    RecordingStep(String rollbackId) {
        this(rollbackId, Integer.MAX_VALUE);
    }

    RecordingStep(String rollbackId, int allowed) {
        this.rollbackId = rollbackId;
        this.allowed = allowed;
    }

    @Override
    public String platform() {
        return "freedom";
    }

    @Override
    public String rollbackId() {
        return rollbackId;
    }

    @Override
    public String stepId() {
        return "step";
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public Instant deadline() {
        return Instant.MAX;
    }

    @Override
    public void checkpoint() {
        if (++checkpoints > allowed) {
            throw new StepCancelledException("cancelled by the test");
        }
    }

    @Override
    public void progress(long done, long total, String unit, String note) {}

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return Optional.empty();
    }

    @Override
    public Secrets secrets() {
        return new Secrets(Map.of());
    }
}
