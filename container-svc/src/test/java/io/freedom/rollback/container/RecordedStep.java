package io.freedom.rollback.container;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.avro.specific.SpecificRecord;

/** A step of a rollback that keeps what its handler reports and what earlier steps gave. */
final class RecordedStep implements StepContext {
    private final String rollbackId = UUID.randomUUID().toString();
    private final List<SpecificRecord> inputs = new ArrayList<>();
    final List<String> notes = new CopyOnWriteArrayList<>();
    private Instant deadline = Instant.now().plus(Duration.ofMinutes(3));
    private volatile boolean cancelled;

    void feed(SpecificRecord result) {
        inputs.addFirst(result);
    }

    void within(Duration limit) {
        deadline = Instant.now().plus(limit);
    }

    void cancel() {
        cancelled = true;
    }

    @Override
    public String platform() {
        return "test";
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
        return deadline;
    }

    @Override
    public void stillWanted() {
        checkpoint();
    }

    @Override
    public void checkpoint() {
        if (cancelled) {
            throw new StepCancelledException("cancelled by the test");
        }
    }

    @Override
    public void progress(long done, long total, String unit, String note) {
        notes.add(note);
    }

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
