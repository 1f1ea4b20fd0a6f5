package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Admission;
import io.freedom.rollback.orchestrator.admission.Decision;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Reaction;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepProgress;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** Feeds the deciders, stores and publishes what they decide. The only place where the saga meets clock and Kafka. */
final class SagaProcessor implements Processor<String, Inbound, String, Outbound> {
    /** Each tick is a transaction, and one that comes when a worker waits stands in its way. */
    private static final Duration TICK = Duration.ofMillis(500);

    private final TopicCatalogue topics;
    private final Deserializer<OperatorCommand> operatorCommands;
    private final Deserializer<StepEvent> stepEvents;

    private ProcessorContext<String, Outbound> context;
    private SagaStore store;
    /** Time only matters while something runs. */
    private @Nullable Cancellable ticking;
    /** Somebody waits for what was just decided: a worker, an operator. */
    private boolean awaited;

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
        ticking = null;
        tickWhileSomethingRuns();
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

    @Override
    public void process(Record<String, Inbound> inbound) {
        var now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        switch (inbound.value()) {
            case Inbound.Reported(var report) -> reported(report, now);
            case Inbound.FromOperator(var value) -> fromOperator(inbound.key(), value, now);
            case Inbound.FromWorker(var value) -> fromWorker(inbound.key(), value, now);
        }
        commitWhatIsAwaited();
        tickWhileSomethingRuns();
    }

    /**
     * Otherwise workers would see what follows from a step's outcome only after the commit interval. A transaction for
     * what nobody waits for, such as a sign of life, would stand in the way of the next that matters.
     */
    private void commitWhatIsAwaited() {
        if (awaited) {
            context.commit();
            awaited = false;
        }
    }

    // ---- incidents ------------------------------------------------------------------------------

    private void reported(ReportedIncident report, Instant now) {
        var incident = report.getIncident();
        var state = store.platform(incident.getPlatform());
        var live = store.live(incident.getPlatform());
        var decision = new Admission(state, live == null ? null : live.rollback, now).decide(incident);
        if (decision instanceof Decision.Unknown(var reason)) {
            var letter =
                    DeadLetter.newBuilder(report.getOrigin()).setReason(reason).setAt(now);
            deadLetter(topics.incidents(), incident.getPlatform(), letter.build(), now);
            return;
        }
        apply(decision, incident.getPlatform(), incident.getIncidentId(), now);
    }

    // ---- operators ------------------------------------------------------------------------------

    private void fromOperator(@Nullable String key, byte @Nullable [] value, Instant now) {
        OperatorCommand command;
        try {
            command = operatorCommands.deserialize(topics.operatorCommands().name(), present(value));
        } catch (UnreadableRecordException e) {
            refuse(topics.operatorCommands(), key, value, String.valueOf(e.getMessage()), now);
            return;
        }
        if (!command.getPlatform().equals(key)) {
            var reason = "the record's key is " + key + " but the command is for platform " + command.getPlatform()
                    + ": commands are keyed by platform";
            refuse(topics.operatorCommands(), key, value, reason, now);
            return;
        }
        var state = store.platform(command.getPlatform());
        var live = store.live(command.getPlatform());
        var decision = new Admission(state, live == null ? null : live.rollback, now).decide(command);
        if (decision instanceof Decision.AlreadyHandled) {
            return;
        }
        store.put(Platforms.handled(state, command.getCommandId()));
        apply(decision, command.getPlatform(), command.getCommandId(), now);
    }

    private static byte[] present(byte @Nullable [] value) {
        if (value == null) {
            throw new UnreadableRecordException("the record has no value", null);
        }
        return value;
    }

    private void apply(Decision decision, String platform, String cause, Instant now) {
        switch (decision) {
            case Decision.Register(var descriptor, var hash, var operator) -> {
                store.put(Platforms.registered(store.platform(platform), descriptor));
                platformFact(platform, cause, new PlatformRegistered(descriptor, hash, operator), now);
            }
            case Decision.Reject(var reason) -> platformFact(platform, cause, new CommandRejected(reason), now);
            case Decision.Preview(var plan) -> platformFact(platform, cause, new PlanPreviewed(plan), now);
            case Decision.Start(var start) -> start(start, platform, cause, now);
            case Decision.Abort(var abort) -> advance(platform, abort, cause, now);
            case Decision.AlreadyHandled _ -> {}
            case Decision.Duplicate(var incident, var rollbackId) ->
                platformFact(platform, cause, new IncidentDuplicated(incident, rollbackId), now);
            case Decision.Merge(var incident) -> merge(incident, platform, cause, now);
            case Decision.Queue(var incident) -> {
                store.put(Platforms.queued(store.platform(platform), incident));
                platformFact(platform, cause, new IncidentQueued(incident), now);
            }
            case Decision.Ignore(var incident, var reason) ->
                platformFact(platform, cause, new IncidentIgnored(incident, reason), now);
            case Decision.Unknown(var reason) -> platformFact(platform, cause, new CommandRejected(reason), now);
        }
    }

    private void merge(Incident incident, String platform, String cause, Instant now) {
        var live = store.live(platform);
        if (live == null) {
            throw new IllegalStateException("merged into a rollback that does not run: " + platform);
        }
        store.put(Platforms.answered(store.platform(platform), incident, live.rollback.id()));
        awaited = true;
        fact(live, cause, new IncidentMerged(incident), now);
    }

    private void start(RollbackCommand.Start start, String platform, String cause, Instant now) {
        var state = Platforms.handled(store.platform(platform), start.rollbackId());
        var incident = start.incident();
        if (incident != null) {
            state = Platforms.answered(state, incident, start.rollbackId());
        }
        store.put(Platforms.running(state, start.rollbackId()));
        var events = RollbackDecider.decide(start, null, now);
        var live = new Live(RollbackDecider.evolve(null, events.subList(0, 1), now), HashChain.EMPTY);
        store.begin(platform, live);
        fact(live, cause, HistoryMapper.toAvro(events.getFirst()), now);
        events.subList(1, events.size()).forEach(event -> happened(live, event, cause, now));
        published(live, now);
    }

    // ---- workers --------------------------------------------------------------------------------

    private void fromWorker(@Nullable String key, byte @Nullable [] value, Instant now) {
        StepEvent event;
        try {
            event = stepEvents.deserialize(topics.stepEvents().name(), present(value));
        } catch (UnreadableRecordException e) {
            refuse(topics.stepEvents(), key, value, String.valueOf(e.getMessage()), now);
            return;
        }
        var live = store.live(event.getPlatform());
        if (live == null || !live.rollback.id().equals(event.getRollbackId())) {
            return; // of a rollback that has ended: too late to mean anything
        }
        var attempt = new AttemptId(event.getStepId(), event.getCompensation(), event.getAttempt());
        if (event.getEvent() instanceof StepProgress progress) {
            if (live.rollback.isCurrent(attempt)) {
                live.signs.progress(attempt, progress, now);
                live.unpublished = true;
                acknowledged(event, live, attempt, now);
            }
            return;
        }
        live.signs.heard(attempt, now);
        advance(event.getPlatform(), command(event, attempt), null, now);
    }

    /** The acceptance may have been lost with a broker; progress says as much. */
    private void acknowledged(StepEvent event, Live live, AttemptId attempt, Instant now) {
        advance(
                live.rollback.plan().getPlatform(),
                new RollbackCommand.Acknowledge(attempt, event.getWorkerId()),
                null,
                now);
    }

    private static RollbackCommand command(StepEvent event, AttemptId attempt) {
        return switch (event.getEvent()) {
            case StepAccepted _ -> new RollbackCommand.Acknowledge(attempt, event.getWorkerId());
            case StepDone e ->
                new RollbackCommand.Complete(attempt, e.getResult(), e.getDetail(), e.getAlreadyApplied());
            case StepError e -> new RollbackCommand.Fail(attempt, e.getKind(), e.getMessage());
            case StepCancelled e -> new RollbackCommand.Cancelled(attempt, e.getReason());
            default ->
                throw new IllegalStateException(
                        "unknown event " + event.getEvent().getClass());
        };
    }

    // ---- time -----------------------------------------------------------------------------------

    private void tick(Instant now) {
        for (var live : store.live()) {
            var platform = live.rollback.plan().getPlatform();
            for (var command : SagaTimers.due(live.rollback, live.signs, now)) {
                advance(platform, command, null, now);
            }
            if (live.unpublished && !live.rollback.finished()) {
                published(live, now);
            }
        }
        commitWhatIsAwaited();
        tickWhileSomethingRuns();
    }

    // ---- what is decided is stored and published ----------------------------------------------------

    private void advance(String platform, RollbackCommand command, @Nullable String cause, Instant now) {
        var live = store.live(platform);
        if (live == null) {
            return;
        }
        var events = RollbackDecider.decide(command, live.rollback, now);
        if (events.isEmpty()) {
            return;
        }
        events.forEach(event -> happened(live, event, cause, now));
        published(live, now);
        if (live.rollback.finished()) {
            finished(platform, live.rollback, now);
        }
    }

    private void happened(Live live, RollbackEvent event, @Nullable String cause, Instant now) {
        live.rollback = RollbackDecider.evolve(live.rollback, List.of(event), now);
        fact(live, cause, HistoryMapper.toAvro(event), now);
        if (event instanceof RollbackEvent.Dispatched(var attempt, var _)) {
            live.signs.heard(attempt, now);
        }
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)
                && result.getResult() instanceof RestorePointVerified point
                && trustworthy(live.rollback)) {
            var platform = live.rollback.plan().getPlatform();
            store.put(Platforms.restorable(
                    store.platform(platform),
                    new RestorePoint(point.getRestorePointId(), point.getDirectory(), point.getTakenAt())));
        }
        Reaction.react(event, live.rollback, now).ifPresent(reaction -> {
            awaited = true;
            forward(topics.commands(reaction.worker()), reaction.command().getPlatform(), reaction.command(), now);
        });
    }

    /** What is kept of a database that is known to be corrupt serves analysis, never a restore. */
    private static boolean trustworthy(Rollback rollback) {
        var incident = rollback.incident();
        // A plan that an older release recorded does not name the class.
        boolean reported = incident != null && incident.getIncidentClass() == IncidentClass.DATA_CORRUPTION;
        return !reported && rollback.plan().getIncidentClass() != IncidentClass.DATA_CORRUPTION;
    }

    private void finished(String platform, Rollback rollback, Instant now) {
        awaited = true;
        store.forget(platform, rollback.id());
        store.put(Platforms.idle(store.platform(platform)));
        // One that starts nothing must not keep those behind it waiting.
        while (store.live(platform) == null
                && !store.platform(platform).getQueue().isEmpty()) {
            var waiting = store.platform(platform);
            var next = waiting.getQueue().getFirst();
            store.put(Platforms.dequeued(waiting));
            apply(new Admission(store.platform(platform), null, now).decide(next), platform, next.getIncidentId(), now);
        }
    }

    private void fact(Live live, @Nullable String cause, SpecificRecord fact, Instant now) {
        var platform = live.rollback.plan().getPlatform();
        var event = live.chain.next(platform, live.rollback.id(), now, cause, fact);
        live.chain = HashChain.endingWith(event);
        store.append(live.rollback.id(), event);
        forward(topics.history(), platform, event, now);
    }

    private void platformFact(String platform, String cause, SpecificRecord fact, Instant now) {
        awaited = true;
        var state = store.platform(platform);
        var event = new HashChain(state.getSequence(), state.getLastHash()).next(platform, null, now, cause, fact);
        store.put(Platforms.chained(state, event.getSequence(), event.getHash()));
        forward(topics.history(), platform, event, now);
    }

    private void published(Live live, Instant now) {
        live.unpublished = false;
        forward(topics.status(), live.rollback.id(), StatusView.of(live.rollback, live.signs, now), now);
    }

    private void refuse(Topic topic, @Nullable String key, byte @Nullable [] value, String reason, Instant now) {
        var letter = DeadLetter.newBuilder()
                .setTopic(topic.name())
                .setPartition(context.recordMetadata()
                        .map(metadata -> metadata.partition())
                        .orElse(-1))
                .setOffset(context.recordMetadata()
                        .map(metadata -> metadata.offset())
                        .orElse(-1L))
                .setAt(now)
                .setReason(reason)
                .setKey(key == null ? null : ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)))
                .setValue(value == null ? null : ByteBuffer.wrap(value));
        deadLetter(topic, key, letter.build(), now);
    }

    private void deadLetter(Topic topic, @Nullable String key, DeadLetter letter, Instant now) {
        awaited = true;
        forward(topics.deadLetters(topic), key, letter, now);
    }

    private void forward(Topic topic, @Nullable String key, SpecificRecord value, Instant now) {
        context.forward(new Record<>(key, new Outbound(topic.name(), value), now.toEpochMilli()));
    }
}
