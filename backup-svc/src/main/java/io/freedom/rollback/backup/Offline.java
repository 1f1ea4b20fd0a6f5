package io.freedom.rollback.backup;

import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepContext;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/** Work that nobody waits for, and that only Ctrl-C ends. */
final class Offline implements StepContext {
    @Override
    public String platform() {
        return "";
    }

    @Override
    public String rollbackId() {
        return "";
    }

    @Override
    public String stepId() {
        return "";
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
    public void checkpoint() {}

    @Override
    public void stillWanted() {}

    @Override
    public void progress(long done, long total, String unit, String note) {}

    @Override
    public void report(SpecificRecord event) {}

    @Override
    public <R extends SpecificRecord> Optional<R> find(Class<R> result) {
        return Optional.empty();
    }

    @Override
    public Secrets secrets() {
        return new Secrets(Map.of());
    }
}
