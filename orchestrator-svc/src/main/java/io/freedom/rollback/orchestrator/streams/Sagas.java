package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Durations;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Reaction;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.PlanStep;
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

    Sagas(SagaStore store, History history, Notifications notifications, Aftercare aftercare, Publisher publisher) {
        this.store = store;
        this.history = history;
        this.notifications = notifications;
        this.aftercare = aftercare;
        this.publisher = publisher;
    }

    void start(RollbackCommand.Start start, String platform, String cause, Instant now) {
        if (Platforms.changes(start.plan())) {
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
        store.put(Platforms.running(state, start.rollbackId()));
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
        if (!leadsOn(live.rollback)) {
            publish(live, now);
        }
        if (!live.rollback.finished()) {
            return Optional.empty();
        }
        publisher.somebodyWaits();
        store.end(platform);
        var before = store.platform(platform);
        var outcome = Objects.requireNonNull(live.rollback.outcome());
        var after = Platforms.idle(
                Durations.remembered(before, live.rollback), live.rollback.id(), live.rollback.plan(), outcome);
        store.put(after);
        Stream.of(live.rollback.id(), before.getLeftBy(), before.getUndoable())
                .filter(id -> id != null && !id.equals(after.getLeftBy()) && !id.equals(after.getUndoable()))
                .forEach(store::forget);
        if (outcome == Outcome.SUCCEEDED && Platforms.changes(live.rollback.plan())) {
            aftercare.begin(platform, live.rollback.id(), live.rollback.startedAt(), now);
        }
        return Optional.of(live);
    }

    /** It only looked, and its end is published with what it leads to. */
    static boolean leadsOn(Rollback rollback) {
        return rollback.outcome() == Outcome.SUCCEEDED
                && rollback.plan().getScenario().equals(Scenario.SELECTIVE_ROLLBACK.id());
    }

    /** One that has succeeded, or whose undoing failed, runs again. */
    void reopen(String platform, String rollbackId, Instant now) {
        aftercare.end(platform, rollbackId + " goes on", now);
        store.begin(platform, store.finished(rollbackId).orElseThrow());
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
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)
                && result.getResult() instanceof RestorePointVerified point
                && trustworthy(live.rollback)) {
            var platform = live.rollback.plan().getPlatform();
            var known = new RestorePoint(
                    point.getRestorePointId(), point.getDirectory(), point.getTakenAt(), null, null, null);
            store.put(Schedules.objective(Platforms.restorable(store.platform(platform), known), now));
        }
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)
                && result.getResult() instanceof RestorePointsPruned pruned) {
            var platform = live.rollback.plan().getPlatform();
            store.put(Platforms.pruned(store.platform(platform), pruned.getRemoved()));
        }
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)
                && result.getResult() instanceof RestorePointProven proven) {
            var platform = live.rollback.plan().getPlatform();
            store.put(Platforms.proven(store.platform(platform), proven.getRestorePointId(), now));
        }
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)
                && result.getResult() instanceof RestorePointsFound found) {
            var platform = live.rollback.plan().getPlatform();
            store.put(Schedules.objective(knowing(store.platform(platform), found.getRestorePoints()), now));
        }
        if (event instanceof RollbackEvent.Failed(var step, var _, var kind, var message, var _)
                && kind == FailureKind.MISMATCH) {
            var platform = live.rollback.plan().getPlatform();
            examined(live.rollback.planStep(step)).ifPresent(bad -> withdrawn(platform, bad, message, now));
        }
        Reaction.react(event, live.rollback, now).ifPresent(reaction -> publisher.command(reaction, now));
    }

    /** Id of the restore point that a step reads back or restores into a throwaway server: what differs is offered no longer. */
    private static Optional<String> examined(PlanStep step) {
        var directory = switch (step.getAction().getAction()) {
            case VerifyRestorePoint verify -> verify.getDirectory();
            case ProveRestorePoint prove -> prove.getDirectory();
            default -> null;
        };
        return Optional.ofNullable(directory).map(path -> path.substring(path.lastIndexOf('/') + 1));
    }

    /** What serves analysis only is never offered for a restore; the plan of an older release does not say it. */
    private static boolean trustworthy(Rollback rollback) {
        var plan = rollback.plan();
        return plan.getDrillOf() == null // its restore points go with the copy
                && plan.getDistrust() == null
                && plan.getRestorePoint() == null
                && plan.getIncidentClass() != IncidentClass.DATA_CORRUPTION
                && plan.getIncidentClass() != IncidentClass.SECURITY_BREACH
                && hasItsDump(rollback);
    }

    private void withdrawn(String platform, String restorePoint, String why, Instant now) {
        var state = store.platform(platform);
        if (Platforms.offered(state).stream().anyMatch(point -> point.getId().equals(restorePoint))) {
            store.put(Schedules.objective(Platforms.blamed(state, restorePoint, why), now));
            notifications.tell(
                    Notices.withdrawn(platform, restorePoint, why), platform, restorePoint + ".withdrawn-" + now, now);
        }
    }

    private static PlatformState knowing(PlatformState state, List<FoundRestorePoint> found) {
        var knowing = state;
        for (var point : found) {
            if (point.getDistrust() == null) {
                knowing = Platforms.found(
                        knowing,
                        RestorePoint.newBuilder()
                                .setId(point.getRestorePointId())
                                .setDirectory(point.getDirectory())
                                .setTakenAt(point.getTakenAt())
                                .setProvenAt(point.getProvenAt())
                                .setFault(point.getFault())
                                .build());
            }
        }
        return knowing;
    }

    /** A reset goes on where the database could not be dumped: what it kept then has none to restore. */
    private static boolean hasItsDump(Rollback rollback) {
        return rollback.plan().getSteps().stream()
                .filter(step -> step.getAction().getAction() instanceof DumpDatabase)
                .allMatch(step -> rollback.track(step.getId(), false).status() == StepTrack.Status.SUCCEEDED);
    }

    /** The snapshot that operators see. */
    void publish(Live live, Instant now) {
        live.unpublished = false;
        publisher.status(StatusView.of(live.rollback, live.signs, now), now);
    }

    /** @param continuedBy the rollback that it has led to; null for none */
    void publishContinued(Live ended, @Nullable String continuedBy, String why, Instant now) {
        publisher.status(
                RollbackStatus.newBuilder(StatusView.of(ended.rollback, ended.signs, now))
                        .setContinuedBy(continuedBy)
                        .setReason(why)
                        .build(),
                now);
    }
}
