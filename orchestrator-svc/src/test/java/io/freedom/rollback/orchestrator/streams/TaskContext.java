package io.freedom.rollback.orchestrator.streams;

import java.io.File;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.StreamsMetrics;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** What a processor sees of Kafka Streams; what it forwards is kept until somebody commits. */
final class TaskContext implements ProcessorContext<String, Outbound> {
    /** @param every milliseconds */
    static final class Timer implements Cancellable {
        final long every;
        final Punctuator punctuator;
        boolean cancelled;

        Timer(long every, Punctuator punctuator) {
            this.every = every;
            this.punctuator = punctuator;
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    private final InstantSource clock;
    private final Map<String, StateStore> stores;
    final List<Record<String, Outbound>> forwarded = new ArrayList<>();
    /** Begun since somebody last looked. */
    final List<Timer> timers = new ArrayList<>();

    boolean commitRequested;

    @Nullable
    RecordMetadata inHand;

    TaskContext(InstantSource clock, Map<String, StateStore> stores) {
        this.clock = clock;
        this.stores = stores;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <K extends String, V extends Outbound> void forward(Record<K, V> record) {
        forwarded.add((Record<String, Outbound>) (Record<?, ?>) record);
    }

    @Override
    public <K extends String, V extends Outbound> void forward(Record<K, V> record, String child) {
        forward(record);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <S extends StateStore> S getStateStore(String name) {
        return (S) stores.get(name);
    }

    @Override
    public Cancellable schedule(Duration interval, PunctuationType type, Punctuator callback) {
        var timer = new Timer(interval.toMillis(), callback);
        timers.add(timer);
        return timer;
    }

    @Override
    public Cancellable schedule(Instant start, Duration interval, PunctuationType type, Punctuator callback) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void commit() {
        commitRequested = true;
    }

    @Override
    public long currentSystemTimeMs() {
        return clock.millis();
    }

    @Override
    public long currentStreamTimeMs() {
        return clock.millis();
    }

    @Override
    public Optional<RecordMetadata> recordMetadata() {
        return Optional.ofNullable(inHand);
    }

    @Override
    public String applicationId() {
        return "simulation";
    }

    @Override
    public TaskId taskId() {
        return new TaskId(0, 0);
    }

    @Override
    public Serde<?> keySerde() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Serde<?> valueSerde() {
        throw new UnsupportedOperationException();
    }

    @Override
    public File stateDir() {
        throw new UnsupportedOperationException();
    }

    @Override
    public StreamsMetrics metrics() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Object> appConfigs() {
        return Map.of();
    }

    @Override
    public Map<String, Object> appConfigsWithPrefix(String prefix) {
        return Map.of();
    }
}
