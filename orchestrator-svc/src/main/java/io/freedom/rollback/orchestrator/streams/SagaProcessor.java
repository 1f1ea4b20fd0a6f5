package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.streams.Mishaps.Mishap;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.UnknownRecordException;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
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

    /** Ticks lie no farther apart, unless this process stood still or its clock jumped: then silence means nothing. */
    private static final Duration GAP = Duration.ofSeconds(3);

    /** How exactly a platform is looked at in time, after a rollback. */
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final TopicCatalogue topics;
    private final Deserializer<OperatorCommand> operatorCommands;
    private final Deserializer<StepEvent> stepEvents;
    private final Mishaps mishaps;
    private final RecoveryPoints recoveryPoints;
    private final SiteLimits limits;
    private final BooleanSupplier brokersAnswer;
    /** Platforms that this task looks after. */
    private final Set<String> known = new HashSet<>();

    private ProcessorContext<String, Outbound> context;
    private SagaStore store;
    private Publisher publisher;
    private Sagas sagas;
    private Reports reports;
    private Admissions admissions;
    private Schedules schedules;
    private Aftercare aftercare;
    private Caretaker caretaker;
    /** Time only matters while something runs. */
    private @Nullable Cancellable ticking;

    private @Nullable Instant lastTick;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    SagaProcessor(
            TopicCatalogue topics,
            Deserializer<OperatorCommand> operatorCommands,
            Deserializer<StepEvent> stepEvents,
            Mishaps mishaps,
            RecoveryPoints recoveryPoints,
            SiteLimits limits,
            BooleanSupplier brokersAnswer) {
        this.limits = limits;
        this.brokersAnswer = brokersAnswer;
        this.topics = topics;
        this.recoveryPoints = recoveryPoints;
        this.mishaps = mishaps;
        this.operatorCommands = operatorCommands;
        this.stepEvents = stepEvents;
    }

    @Override
    public void init(ProcessorContext<String, Outbound> processorContext) {
        context = processorContext;
        store = new SagaStore(
                context.getStateStore(SagaStore.PLATFORMS), context.getStateStore(SagaStore.EVENTS), state -> {
                    known.add(state.getPlatform());
                    recoveryPoints.note(state);
                });
        publisher = new Publisher(context, topics);
        var history = new History(store, publisher);
        var notifications = new Notifications(store, publisher);
        aftercare = new Aftercare(store, history, notifications, publisher);
        caretaker = new Caretaker(store, history, notifications, publisher);
        sagas = new Sagas(store, history, notifications, aftercare, publisher);
        reports = new Reports(store, history);
        var permits = new SitePermits(store, limits, history, notifications, publisher);
        admissions = new Admissions(store, sagas, reports, permits, history, notifications, publisher);
        schedules = new Schedules(store, admissions, history, notifications);
        ticking = null;
        context.schedule(LOOK, PunctuationType.WALL_CLOCK_TIME, at -> look(Instant.ofEpochMilli(at)));
        tickWhileSomethingRuns();
    }

    @Override
    public void close() {
        known.forEach(recoveryPoints::forget);
    }

    /** Costs nothing where nothing is watched, overdue or to be backed up: no record is written, so no transaction begins. */
    private void look(Instant now) {
        for (var platform : aftercare.watched()) {
            mishaps.guardOrPutAside("the watch of " + platform, () -> aftercare.tick(platform, now));
        }
        for (var platform : aftercare.toRemind(now)) {
            mishaps.guardOrPutAside("what is to be done about " + platform, () -> aftercare.remind(platform, now));
        }
        for (var care : Caretaker.CARES) {
            for (var platform : caretaker.lookedAfter(care)) {
                mishaps.guardOrLeave(care.name() + " of " + platform, () -> caretaker.tick(care, platform, now));
            }
        }
        if (!brokersAnswer.getAsBoolean()) {
            admissions.brokersAreSilent();
        }
        for (var platform : admissions.atSites()) {
            mishaps.guardOrLeave("the turn of " + platform, () -> admissions.tick(platform, now));
        }
        for (var platform : schedules.due(now)) {
            mishaps.guardOrLeave("the schedule of " + platform, () -> schedules.tick(platform, now));
        }
        for (var platform : reports.due(now)) {
            mishaps.guardOrPutAside("the repeated alerts of " + platform, () -> reports.sumUp(platform, now));
        }
        for (var platform : schedules.atRisk(now)) {
            mishaps.guardOrPutAside("the objective of " + platform, () -> schedules.warn(platform, now));
        }
        for (var platform : schedules.partsAtRisk(now)) {
            mishaps.guardOrPutAside(
                    "the objectives of the parts of " + platform, () -> schedules.warnOfParts(platform, now));
        }
        for (var platform : schedules.toProve(now)) {
            mishaps.guardOrLeave("the proofs of " + platform, () -> schedules.prove(platform, now));
        }
        for (var platform : schedules.toDrop(now)) {
            mishaps.guardOrLeave("what was replaced of " + platform, () -> schedules.drop(platform, now));
        }
        for (var platform : schedules.toProveWal(now)) {
            mishaps.guardOrLeave("the proofs of the WAL of " + platform, () -> schedules.proveWal(platform, now));
        }
        publisher.commits().awaited();
        tickWhileSomethingRuns();
    }

    private void tickWhileSomethingRuns() {
        boolean running = store.anythingRuns();
        if (running && ticking == null) {
            lastTick = null;
            ticking = context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, at -> tick(Instant.ofEpochMilli(at)));
        } else if (!running && ticking != null) {
            ticking.cancel();
            ticking = null;
        }
    }

    private void tick(Instant now) {
        boolean stoodStill = lastTick != null && (now.isBefore(lastTick) || now.isAfter(lastTick.plus(GAP)));
        if (stoodStill || !brokersAnswer.getAsBoolean()) {
            store.live().forEach(live -> live.signs.beginAnew());
        }
        lastTick = now;
        for (var live : store.live()) {
            mishaps.guardOrLeave(
                    "the time of rollback " + live.rollback.id() + " of "
                            + live.rollback.plan().getPlatform(),
                    () -> tick(live, now));
        }
        publisher.commits().awaited();
        tickWhileSomethingRuns();
    }

    private void tick(Live live, Instant now) {
        for (var command : SagaTimers.due(live.rollback, live.signs, now)) {
            if (live.rollback.finished()) {
                break; // the next one of this platform may have steps of the same names
            }
            admissions.advance(live.rollback.plan().getPlatform(), command, null, now);
        }
        if (live.unpublished && !live.rollback.finished()) {
            sagas.publish(live, now);
        }
    }

    @Override
    public void process(Record<String, Inbound> inbound) {
        var now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        var place = Mishaps.placeOf(context);
        var before = mishaps.at(place);
        mishaps.guard(place, () -> {
            if (before.isPresent()) {
                putAside(inbound, before.get(), now);
            } else {
                take(inbound, now);
            }
        });
        publisher.commits().recordProcessed();
        tickWhileSomethingRuns();
    }

    private void take(Record<String, Inbound> inbound, Instant now) {
        switch (inbound.value()) {
            case Inbound.Reported(var report) -> admissions.reported(report, now);
            case Inbound.FromOperator(var value) -> fromOperator(inbound.key(), value, now);
            case Inbound.FromWorker(var value) -> fromWorker(inbound.key(), value, now);
        }
    }

    /** It becomes a dead letter; who waits for what follows from it is told, unless that has failed as well. */
    private void putAside(Record<String, Inbound> inbound, Mishap mishap, Instant now) {
        var reason = mishap.reason();
        switch (inbound.value()) {
            case Inbound.Reported(var report) -> {
                if (!mishap.isHopeless()) {
                    admissions.unanswered(report.getIncident(), reason, now);
                }
                publisher.refuse(
                        inbound.key(),
                        DeadLetter.newBuilder(report.getOrigin())
                                .setReason(reason)
                                .setAt(now)
                                .build(),
                        now);
            }
            case Inbound.FromOperator(var value) -> {
                if (!mishap.isHopeless()) {
                    read(topics.operatorCommands(), operatorCommands, inbound.key(), value, now)
                            .ifPresent(command -> admissions.refused(command, reason, now));
                }
                publisher.refuse(topics.operatorCommands(), inbound.key(), value, reason, now);
            }
            case Inbound.FromWorker(var value) -> {
                if (!mishap.isHopeless()) {
                    read(topics.stepEvents(), stepEvents, inbound.key(), value, now)
                            .filter(event -> event.getEvent() instanceof StepDone)
                            .ifPresent(event ->
                                    endWithoutResult(event, "its worker reports that it is done, but " + reason, now));
                }
                publisher.refuse(topics.stepEvents(), inbound.key(), value, reason, now);
            }
        }
    }

    /** The step's end is not to be waited for; taken as lost, it would be sent again and again. */
    private void endWithoutResult(StepEvent event, String why, Instant now) {
        WorkerReports.notUnderstood(event, why, store.live(event.getPlatform()))
                .ifPresent(command -> admissions.advance(event.getPlatform(), command, null, now));
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
            if (aftercare.heard(event, now) || caretaker.heard(event, now)) {
                return;
            }
            if (SitePermits.isAbout(event.getEvent())) {
                admissions.heard(event, now);
                return;
            }
            if (event.getEvent() instanceof CataloguedRestorePoint point) {
                sagas.catalogued(event, point, now);
                return;
            }
            WorkerReports.hear(event, store.live(event.getPlatform()), now)
                    .ifPresent(command -> admissions.advance(event.getPlatform(), command, null, now));
        } catch (UnreadableRecordException e) {
            publisher.refuse(topics.stepEvents(), key, value, String.valueOf(e.getMessage()), now);
            if (e instanceof UnknownRecordException later
                    && later.known() instanceof StepEvent event
                    && event.getEvent() instanceof StepDone) {
                var why = "its worker reports a " + later.unknown()
                        + ", which this orchestrator does not know: upgrade the orchestrator";
                endWithoutResult(event, why, now);
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
