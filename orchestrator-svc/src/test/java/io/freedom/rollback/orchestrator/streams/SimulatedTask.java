package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.lang.reflect.Field;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * One task of the orchestrator: the processor that ships, on stores in memory. What it writes is seen when it commits, together
 * with its stores, and not at all if it crashes before, as exactly-once has it.
 */
public final class SimulatedTask {
    private static final byte[] IN_HAND = new byte[0];
    private static final Field STORE = field("store");

    /** What was written to where. */
    public record Written(String topic, @Nullable String key, SpecificRecord value) {}

    private final TopicCatalogue topics;
    private final SiteLimits limits;
    private final InstantSource clock;
    /** Starts a timer: what is to be done each time, and how many milliseconds lie between. */
    private final BiConsumer<Runnable, Long> timers;

    private final TransactionalStore<PlatformState> platforms = new TransactionalStore<>(SagaStore.PLATFORMS);
    private final TransactionalStore<HistoryEvent> events = new TransactionalStore<>(SagaStore.EVENTS);
    private TaskContext context;
    private SagaProcessor processor;
    private SagaStore store;
    private StepEvent reported;
    private OperatorCommand commanded;

    public SimulatedTask(
            TopicCatalogue topics, SiteLimits limits, InstantSource clock, BiConsumer<Runnable, Long> timers) {
        this.limits = limits;
        this.topics = topics;
        this.clock = clock;
        this.timers = timers;
    }

    /** What its stores have before it begins, by key. */
    void restored(Map<String, PlatformState> states, Map<String, HistoryEvent> facts) {
        states.forEach(platforms::put);
        facts.forEach(events::put);
        platforms.commit();
        events.commit();
    }

    /** Begins, or begins again after a crash, from what was committed. */
    public void start() {
        platforms.rollBack();
        events.rollBack();
        context = context();
        processor = new SagaProcessor(
                topics,
                (_, _) -> commanded,
                (_, _) -> reported,
                new Mishaps(),
                new RecoveryPoints(clock),
                limits,
                () -> true);
        processor.init(context);
        store = stored(processor);
        startTimers();
    }

    private TaskContext context() {
        return new TaskContext(clock, Map.of(SagaStore.PLATFORMS, platforms, SagaStore.EVENTS, events));
    }

    private void startTimers() {
        for (var timer : List.copyOf(context.timers)) {
            timers.accept(() -> fire(timer), timer.every);
        }
        context.timers.clear();
    }

    private void fire(TaskContext.Timer timer) {
        if (!timer.cancelled) {
            timer.punctuator.punctuate(clock.millis());
            startTimers();
            if (!timer.cancelled) {
                timers.accept(() -> fire(timer), timer.every);
            }
        }
    }

    /** As if a plan had been admitted, whatever it is like; before {@link #start}, and committed by the caller. */
    public void begun(RollbackCommand.Start start) {
        context = context();
        var first = new SagaStore(platforms, events, _ -> {});
        var publisher = new Publisher(context, topics);
        var history = new History(first, publisher);
        var notifications = new Notifications(first, publisher);
        var aftercare = new Aftercare(first, history, notifications, publisher);
        new Sagas(first, history, notifications, aftercare, publisher)
                .start(start, start.plan().getPlatform(), start.rollbackId(), clock.instant());
    }

    public void report(StepEvent event, long offset) {
        reported = event;
        process(topics.stepEvents(), offset, event.getPlatform(), new Inbound.FromWorker(IN_HAND));
    }

    public void command(OperatorCommand command, long offset) {
        commanded = command;
        process(topics.operatorCommands(), offset, command.getPlatform(), new Inbound.FromOperator(IN_HAND));
    }

    public void report(Incident incident, long offset) {
        var letter = DeadLetter.newBuilder()
                .setTopic(topics.incidents().name())
                .setPartition(0)
                .setOffset(offset)
                .setAt(clock.instant())
                .setReason("")
                .build();
        process(
                topics.incidents(),
                offset,
                incident.getPlatform(),
                new Inbound.Reported(new ReportedIncident(incident, letter, false)));
    }

    private void process(Topic topic, long offset, String key, Inbound inbound) {
        context.inHand = new Metadata(topic.name(), offset);
        processor.process(new Record<>(key, inbound, clock.millis()));
        context.inHand = null;
        startTimers();
    }

    private record Metadata(String topic, long offset) implements RecordMetadata {
        @Override
        public int partition() {
            return 0;
        }
    }

    /** Somebody waits for what was decided. */
    public boolean wantsCommit() {
        return context.commitRequested;
    }

    /** Something was written that was not committed. */
    public boolean isDirty() {
        return !context.forwarded.isEmpty();
    }

    /** What was written since the last time is there for all to see. */
    public List<Written> commit() {
        platforms.commit();
        events.commit();
        var written = written();
        context.forwarded.clear();
        context.commitRequested = false;
        return written;
    }

    /** What the next commit would make visible. */
    public List<Written> written() {
        return context.forwarded.stream()
                .map(record -> new Written(
                        record.value().topic(), record.key(), record.value().value()))
                .toList();
    }

    /** A store that is not what was written to it. */
    public void loseTheNewestEvent() {
        events.rollBack();
        var keys = new ArrayList<String>();
        try (var all = events.all()) {
            all.forEachRemaining(entry -> keys.add(entry.key));
        }
        if (keys.size() > 1) {
            events.delete(keys.getLast());
            events.commit();
        }
    }

    /** One that knows no permits of sites, and so keeps none. */
    public void anEarlierReleaseRuns() {
        platforms.rollBack();
        var all = new ArrayList<PlatformState>();
        try (var stored = platforms.all()) {
            stored.forEachRemaining(entry -> all.add(entry.value));
        }
        all.forEach(state -> platforms.put(
                state.getPlatform(),
                PlatformState.newBuilder(Permits.with(state, null))
                        .setWaitingAtSite(List.of())
                        .build()));
        platforms.commit();
    }

    /** The platform's running rollback as the processor has it in memory. */
    public @Nullable Rollback live(String platform) {
        var live = store.live(platform);
        return live == null ? null : live.rollback;
    }

    public PlatformState platform(String name) {
        return store.platform(name);
    }

    /** A rollback as its stored events have it; empty where none are kept. */
    public Optional<Rollback> stored(String rollbackId) {
        Rollback rollback = null;
        try (var found = events.prefixScan(rollbackId + "/", new StringSerializer())) {
            while (found.hasNext()) {
                var event = found.next().value;
                var fact = fact(event);
                if (fact.isPresent()) {
                    rollback = RollbackDecider.evolve(rollback, List.of(fact.get()), event.getAt());
                }
            }
        }
        return Optional.ofNullable(rollback);
    }

    public static Optional<RollbackEvent> fact(HistoryEvent event) {
        return HistoryMapper.fromAvro(String.valueOf(event.getRollbackId()), event.getEvent());
    }

    private static SagaStore stored(SagaProcessor processor) {
        try {
            return (SagaStore) STORE.get(processor);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Field field(String name) {
        try {
            var field = SagaProcessor.class.getDeclaredField(name);
            field.setAccessible(true);
            return field;
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException(e);
        }
    }
}
