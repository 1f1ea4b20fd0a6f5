package io.freedom.rollback.health;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.avro.specific.SpecificRecord;

/** A step that remembers the progress it was told and lets a test act right before each try. */
record RecordedStep(
        Instant deadline,
        Secrets secrets,
        List<? extends SpecificRecord> inputs,
        List<String> notes,
        Runnable beforeTry)
        implements StepContext {

    static RecordedStep within(Duration time) {
        return new RecordedStep(
                Instant.now().plus(time), new Secrets(Map.of()), List.of(), new CopyOnWriteArrayList<>(), () -> {});
    }

    RecordedStep with(Map<String, String> environment) {
        return new RecordedStep(deadline, new Secrets(environment), inputs, notes, beforeTry);
    }

    RecordedStep after(SpecificRecord... results) {
        return new RecordedStep(deadline, secrets, List.of(results), notes, beforeTry);
    }

    RecordedStep beforeEachTry(Runnable hook) {
        return new RecordedStep(deadline, secrets, inputs, notes, hook);
    }

    @Override
    public String platform() {
        return "freedom";
    }

    @Override
    public String rollbackId() {
        return "rb-1";
    }

    @Override
    public String stepId() {
        return "health.step";
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public void stillWanted() {
        checkpoint();
    }

    @Override
    public void checkpoint() {
        beforeTry.run();
        if (Instant.now().isAfter(deadline)) {
            throw new StepCancelledException("its deadline passed");
        }
    }

    @Override
    public void progress(long done, long total, String unit, String note) {
        notes.add(done + "/" + total + " " + unit + " " + note);
    }

    @Override
    public void report(SpecificRecord event) {
        throw new UnsupportedOperationException("no step of this worker reports anything but its outcome");
    }

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return inputs.stream().filter(result::isInstance).map(result::cast).findFirst();
    }
}
