package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.site.SitePermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.processor.api.Record;

/** The keeper of sites' permits: the processor that ships, on a store in memory; see {@link SimulatedTask}. */
public final class SimulatedKeeper {
    private static final byte[] IN_HAND = new byte[0];

    private final TopicCatalogue topics;
    private final SiteLimits limits;
    private final InstantSource clock;
    private final BiConsumer<Runnable, Long> timers;
    private final TransactionalStore<SitePermit> permits = new TransactionalStore<>(TopicCatalogue.PERMIT_STORE);
    private TaskContext context;
    private SiteProcessor processor;
    private SiteRequest requested;

    public SimulatedKeeper(
            TopicCatalogue topics, SiteLimits limits, InstantSource clock, BiConsumer<Runnable, Long> timers) {
        this.topics = topics;
        this.limits = limits;
        this.clock = clock;
        this.timers = timers;
    }

    /** Begins, or begins again after a crash, from what was committed. */
    public void start() {
        permits.rollBack();
        context = new TaskContext(clock, Map.of(TopicCatalogue.PERMIT_STORE, permits));
        processor = new SiteProcessor(topics, (_, _) -> requested, limits, new Mishaps());
        processor.init(context);
        for (var timer : List.copyOf(context.timers)) {
            fireNowAndThen(timer);
        }
    }

    private void fireNowAndThen(TaskContext.Timer timer) {
        timers.accept(
                () -> {
                    timer.punctuator.punctuate(clock.millis());
                    fireNowAndThen(timer);
                },
                timer.every);
    }

    public void take(SiteRequest request) {
        requested = request;
        processor.process(new Record<>(request.getSite(), IN_HAND, clock.millis()));
    }

    public boolean isDirty() {
        return !context.forwarded.isEmpty();
    }

    /** What was answered since the last time is there for all to see. */
    public List<StepEvent> commit() {
        permits.commit();
        var answers = context.forwarded.stream()
                .map(record -> (StepEvent) record.value().value())
                .toList();
        context.forwarded.clear();
        return answers;
    }

    /** All that is held or waited for. */
    public List<SitePermit> permits() {
        var all = new ArrayList<SitePermit>();
        try (var entries = permits.all()) {
            entries.forEachRemaining(entry -> all.add(entry.value));
        }
        return all;
    }
}
