package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.UnknownRecordException;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** Reads what reaches a platform's task, and gives it the time. The only place where the saga meets clock and Kafka. */
final class SagaProcessor implements Processor<String, Inbound, String, Outbound> {
    /** Each tick is a transaction, and one that comes when a worker waits stands in its way. */
    private static final Duration TICK = Duration.ofMillis(500);

    /** How exactly a platform is looked at in time, after a rollback. */
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final TopicCatalogue topics;
    private final Deserializer<OperatorCommand> operatorCommands;
    private final Deserializer<StepEvent> stepEvents;

    private ProcessorContext<String, Outbound> context;
    private SagaStore store;
    private Publisher publisher;
    private Sagas sagas;
    private Admissions admissions;
    private Aftercare aftercare;
    /** Time only matters while something runs. */
    private @Nullable Cancellable ticking;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    SagaProcessor(
            TopicCatalogue topics, Deserializer<OperatorCommand> operatorCommands, Deserializer<StepEvent> stepEvents) {
        this.topics = topics;
        this.operatorCommands = operatorCommands;
        this.stepEvents = stepEvents;
    }

    @Override
    public void init(ProcessorContext<String, Outbound> processorContext) {
        context = processorContext;
        store = new SagaStore(context.getStateStore(SagaStore.PLATFORMS), context.getStateStore(SagaStore.EVENTS));
        publisher = new Publisher(context, topics);
        var history = new History(store, publisher);
        var notifications = new Notifications(store, publisher);
        aftercare = new Aftercare(store, history, notifications, publisher);
        sagas = new Sagas(store, history, notifications, aftercare, publisher);
        admissions = new Admissions(store, sagas, history, notifications, publisher);
        ticking = null;
        context.schedule(LOOK, PunctuationType.WALL_CLOCK_TIME, at -> look(Instant.ofEpochMilli(at)));
        tickWhileSomethingRuns();
    }

    /** Costs nothing where nothing is watched: no record is written, so no transaction begins. */
    private void look(Instant now) {
        aftercare.tick(now);
        publisher.commitWhatIsAwaited();
    }

    private void tickWhileSomethingRuns() {
        boolean running = store.anythingRuns();
        if (running && ticking == null) {
            ticking = context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, at -> tick(Instant.ofEpochMilli(at)));
        } else if (!running && ticking != null) {
            ticking.cancel();
            ticking = null;
        }
    }

    private void tick(Instant now) {
        for (var live : store.live()) {
            var platform = live.rollback.plan().getPlatform();
            for (var command : SagaTimers.due(live.rollback, live.signs, now)) {
                if (live.rollback.finished()) {
                    break; // the next one of this platform may have steps of the same names
                }
                admissions.advance(platform, command, null, now);
            }
            if (live.unpublished && !live.rollback.finished()) {
                sagas.publish(live, now);
            }
        }
        publisher.commitWhatIsAwaited();
        tickWhileSomethingRuns();
    }

    @Override
    public void process(Record<String, Inbound> inbound) {
        var now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        switch (inbound.value()) {
            case Inbound.Reported(var report) -> admissions.reported(report, now);
            case Inbound.FromOperator(var value) -> fromOperator(inbound.key(), value, now);
            case Inbound.FromWorker(var value) -> fromWorker(inbound.key(), value, now);
        }
        publisher.commitWhatIsAwaited();
        tickWhileSomethingRuns();
    }

    private void fromOperator(@Nullable String key, byte @Nullable [] value, Instant now) {
        read(topics.operatorCommands(), operatorCommands, key, value, now).ifPresent(command -> {
            if (command.getPlatform().equals(key)) {
                admissions.commanded(command, now);
            } else {
                var reason = "the record's key is " + key + " but the command is for platform " + command.getPlatform()
                        + ": commands are keyed by platform";
                publisher.refuse(topics.operatorCommands(), key, value, reason, now);
            }
        });
    }

    private void fromWorker(@Nullable String key, byte @Nullable [] value, Instant now) {
        try {
            var event = stepEvents.deserialize(topics.stepEvents().name(), present(value));
            if (aftercare.heard(event, now)) {
                return;
            }
            WorkerReports.hear(event, store.live(event.getPlatform()), now)
                    .ifPresent(command -> admissions.advance(event.getPlatform(), command, null, now));
        } catch (UnreadableRecordException e) {
            publisher.refuse(topics.stepEvents(), key, value, String.valueOf(e.getMessage()), now);
            // Its end is not to be waited for; taken as lost, the step would be sent again and again.
            if (e instanceof UnknownRecordException later
                    && later.known() instanceof StepEvent event
                    && event.getEvent() instanceof StepDone) {
                WorkerReports.notUnderstood(event, later.unknown(), store.live(event.getPlatform()))
                        .ifPresent(command -> admissions.advance(event.getPlatform(), command, null, now));
            }
        }
    }

    private static byte[] present(byte @Nullable [] value) {
        if (value == null) {
            throw new UnreadableRecordException("the record has no value", null);
        }
        return value;
    }

    /** What cannot be read becomes a dead letter. */
    private <T extends SpecificRecord> Optional<T> read(
            Topic topic, Deserializer<T> reader, @Nullable String key, byte @Nullable [] value, Instant now) {
        try {
            return Optional.of(reader.deserialize(topic.name(), present(value)));
        } catch (UnreadableRecordException e) {
            publisher.refuse(topic, key, value, String.valueOf(e.getMessage()), now);
            return Optional.empty();
        }
    }
}
