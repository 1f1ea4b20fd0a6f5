package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Admission;
import io.freedom.rollback.orchestrator.admission.Durations;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.records.HistoryMapper;
import io.freedom.rollback.orchestrator.records.StatusView;
import io.freedom.rollback.orchestrator.saga.Reaction;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs rollbacks: what their decider decides is stored and published, and workers are sent what follows from it. */
final class Sagas {
    private final SagaStore store;
    private final History history;
    private final Notifications notifications;
    private final Aftercare aftercare;
    private final Publisher publisher;
    private final Catalogue catalogue;
    private final Replaced replaced;

    Sagas(SagaStore store, History history, Notifications notifications, Aftercare aftercare, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.aftercare = aftercare;
        this.publisher = publisher;
        catalogue = new Catalogue(store, notifications, publisher);
        replaced = new Replaced(store);
    }

    void start(RollbackCommand.Start start, String platform, String cause, Instant now) {
        if (Platforms.changes(start.plan()) || Platforms.stops(start.plan())) {
            aftercare.end(platform, start.rollbackId() + " has begun", now);
        }
        var state = Platforms.handled(store.platform(platform), start.rollbackId());
        var incident = start.incident();
        if (incident != null) {
            state = Platforms.answered(state, incident, start.rollbackId(), now);
        } else if (!Scenario.onlyShows(start.plan().getScenario())
                && !Schedules.started(start.operator(), start.plan())) {
            state = Platforms.attended(state, now);
        }
        store.put(Platforms.running(replaced.accepting(state, start.plan()), start.rollbackId()));
        var events = RollbackDecider.decide(start, null, now);
        var live = new Live(RollbackDecider.evolve(null, events.subList(0, 1), now), HashChain.EMPTY);
        store.begin(platform, live);
        history.add(live, cause, HistoryMapper.toAvro(events.getFirst()), now);
        events.subList(1, events.size()).forEach(event -> happened(live, event, cause, now));
        notifications.of(events, live, now);
        publisher.somebodyWaits();
        publish(live, now);
    }

    /** The platform's rollback, where it has ended with this; a command to a platform where none runs means nothing. */
    Optional<Live> advance(String platform, RollbackCommand command, @Nullable String cause, Instant now) {
        var live = store.live(platform);
        if (live == null) {
            return Optional.empty();
        }
        var events = RollbackDecider.decide(command, live.rollback, now);
        if (events.isEmpty()) {
            return Optional.empty();
        }
        events.forEach(event -> happened(live, event, cause, now));
        notifications.of(events, live, now);
        if (cause != null) {
            publisher.somebodyWaits(); // the operator, even where no worker is told anything
        }
        if (events.stream().allMatch(RollbackEvent.Acknowledged.class::isInstance)) {
            live.unpublished = true; // with what comes next, or the clock: nobody waits for it
        } else if (!leadsOn(live)) {
            publish(live, now);
        }
        if (!live.rollback.finished()) {
            return Optional.empty();
        }
        publisher.somebodyWaits();
        store.end(platform);
        var before = store.platform(platform);
        var outcome = Objects.requireNonNull(live.rollback.outcome());
        var after = Platforms.stopped(
                Platforms.idle(
                        Durations.remembered(before, live.rollback), live.rollback.id(), live.rollback.plan(), outcome),
                live.rollback);
        store.put(after);
        Stream.of(live.rollback.id(), before.getLeftBy(), before.getUndoable())
                .filter(id -> id != null && !id.equals(after.getLeftBy()) && !id.equals(after.getUndoable()))
                .forEach(store::forget);
        if (outcome == Outcome.SUCCEEDED && Platforms.changes(live.rollback.plan())) {
            aftercare.begin(platform, live.rollback.id(), live.rollback.startedAt(), now);
        }
        return Optional.of(live);
    }

    /** Another is to follow it, and its end is published with that. */
    boolean leadsOn(Live live) {
        var rollback = live.rollback;
        return switch (rollback.outcome()) {
            case SUCCEEDED -> isFirstOfTwo(rollback.plan());
            case REFUSED -> isAnswerOfDamage(rollback);
            // It had the platform down: that is not done without end, nor where somebody has decided meanwhile.
            case COMPENSATED ->
                isAnswerOfDamage(rollback)
                        && rollback.differences().isEmpty()
                        && !Admission.isThirdOfItsKind(rollback.plan())
                        && !live.reopened;
            case null, default -> false;
        };
    }

    private static boolean isAnswerOfDamage(Rollback rollback) {
        return rollback.incident() != null && Catalogue.foundDamaged(rollback);
    }

    /** Of one that only looks, or makes a restore point for another. */
    static boolean isFirstOfTwo(Plan plan) {
        return plan.getScenario().equals(Scenario.SELECTIVE_ROLLBACK.id()) || plan.getFollowedBy() != null;
    }

    /** One that has succeeded, or whose undoing failed, runs again. */
    void reopen(String platform, String rollbackId, Instant now) {
        aftercare.end(platform, rollbackId + " goes on", now);
        var ended = store.finished(rollbackId).orElseThrow();
        ended.reopened = true;
        store.begin(platform, ended);
        store.put(Platforms.running(store.platform(platform), rollbackId));
    }

    /** Of one that is over, and stays so. */
    void note(String platform, String rollbackId, RollbackCommand command, String cause, Instant now) {
        var live = store.finished(rollbackId).orElseThrow();
        var events = RollbackDecider.decide(command, live.rollback, now);
        events.forEach(event -> happened(live, event, cause, now));
        notifications.of(events, live, now);
        publisher.somebodyWaits();
        publish(live, now);
    }

    private void happened(Live live, RollbackEvent event, @Nullable String cause, Instant now) {
        live.rollback = RollbackDecider.evolve(live.rollback, List.of(event), now);
        history.add(live, cause, HistoryMapper.toAvro(event), now);
        if (event instanceof RollbackEvent.Dispatched(var attempt, var _)) {
            live.signs.heard(attempt, now);
        }
        catalogue.learn(live.rollback, event, now);
        replaced.learn(live.rollback, event, now);
        Reaction.react(event, live.rollback, now).ifPresent(reaction -> publisher.command(reaction, now));
    }

    /** A worker says what describes a restore point. */
    void catalogued(StepEvent event, CataloguedRestorePoint point, Instant now) {
        catalogue.note(event, point, now);
    }

    /** The snapshot that operators see. */
    void publish(Live live, Instant now) {
        live.unpublished = false;
        publisher.status(StatusView.of(live.rollback, live.signs::progressOf, now), now);
    }

    /** @param continuedBy the rollback that it has led to; null for none */
    void publishContinued(Live ended, @Nullable String continuedBy, String why, Instant now) {
        publisher.status(
                RollbackStatus.newBuilder(StatusView.of(ended.rollback, ended.signs::progressOf, now))
                        .setContinuedBy(continuedBy)
                        .setReason(why)
                        .build(),
                now);
    }
}
