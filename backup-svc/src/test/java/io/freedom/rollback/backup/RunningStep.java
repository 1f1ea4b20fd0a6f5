package io.freedom.rollback.backup;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** A step whose worker can be killed at a chosen moment: right before a change, or when it first reports something. */
final class RunningStep implements StepContext {
    final List<SpecificRecord> reported = new ArrayList<>();
    private int attempt = 1;
    private final String rollbackId;
    private int checkpointsLeft = Integer.MAX_VALUE;
    private String killedAtNote = "\0";
    private String meanwhileAt = "\0";
    private Runnable meanwhile = () -> {};
    private final List<SpecificRecord> earlier = new ArrayList<>();
    private final Instant deadline = Instant.now().plus(Duration.ofMinutes(5));

    RunningStep(String rollbackId) {
        this.rollbackId = rollbackId;
    }

    RunningStep killedAtCheckpoint(int number) {
        checkpointsLeft = number - 1;
        return this;
    }

    RunningStep killedAtNote(String part) {
        killedAtNote = part;
        return this;
    }

    /** What happens to the platform each time that the step reports something like it. */
    RunningStep meanwhile(String note, Runnable happens) {
        meanwhileAt = note;
        meanwhile = happens;
        return this;
    }

    /** The results of earlier steps, as the plan would feed them to this one. */
    RunningStep after(SpecificRecord result) {
        earlier.removeIf(result.getClass()::isInstance);
        earlier.add(result);
        return this;
    }

    @Override
    public void stillWanted() {
        checkpoint();
    }

    @Override
    public void checkpoint() {
        if (checkpointsLeft-- <= 0) {
            throw new StepCancelledException("killed by the test");
        }
    }

    @Override
    public void progress(long done, long total, String unit, String note) {
        if (note.contains(killedAtNote)) {
            throw new StepCancelledException("killed by the test");
        }
        if (note.contains(meanwhileAt)) {
            meanwhile.run();
        }
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
        return "backup.test";
    }

    @Override
    public int attempt() {
        return attempt;
    }

    RunningStep attempt(int number) {
        attempt = number;
        return this;
    }

    @Override
    public Instant deadline() {
        return deadline;
    }

    @Override
    public void report(SpecificRecord event) {
        reported.add(event);
    }

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return earlier.stream().filter(result::isInstance).map(result::cast).findFirst();
    }

    @Override
    public Secrets secrets() {
        return new Secrets(Map.of("PG_PASSWORD", PostgresContainer.PASSWORD));
    }
}
