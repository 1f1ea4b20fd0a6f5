package io.freedom.rollback.git;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** A step that counts its checkpoints, and can be cancelled at one of them. */
class RecordingStep implements StepContext {
    private final String rollbackId;
    private final int allowed;
    private final List<SpecificRecord> inputs = new ArrayList<>();
    int checkpoints;

    RecordingStep(String rollbackId) {
        this(rollbackId, Integer.MAX_VALUE);
    }

    RecordingStep(String rollbackId, int allowed) {
        this.rollbackId = rollbackId;
        this.allowed = allowed;
    }

    RecordingStep given(SpecificRecord result) {
        inputs.add(result);
        return this;
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
    public void stillWanted() {
        checkpoint();
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
    public void report(SpecificRecord event) {
        throw new UnsupportedOperationException("no step of this worker reports anything but its outcome");
    }

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return inputs.stream().filter(result::isInstance).map(result::cast).findFirst();
    }

    @Override
    public Secrets secrets() {
        return new Secrets(Map.of());
    }
}
