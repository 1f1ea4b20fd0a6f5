package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Admission;
import io.freedom.rollback.orchestrator.admission.Decision;
import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.Resolutions;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.streams.SagaStore.Live;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.FollowUpDone;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.NotificationsTested;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlanPreviewed;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartAtMoment;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.state.PermitState;
import io.freedom.rollback.schemas.state.ReportedIncident;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Carries out what admission decides about incidents and operators' commands, and lets in those that wait. */
final class Admissions {
    private static final String WAITS = "it waits: what was before it left the platform to an operator";

    private final SagaStore store;
    private final Sagas sagas;
    private final Reports reports;
    private final SitePermits permits;
    private final History history;
    private final Notifications notifications;
    private final Publisher publisher;

    Admissions(
            SagaStore store,
            Sagas sagas,
            Reports reports,
            SitePermits permits,
            History history,
            Notifications notifications,
            Publisher publisher) {
        this.store = store;
        this.sagas = sagas;
        this.reports = reports;
        this.permits = permits;
        this.history = history;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    void reported(ReportedIncident report, Instant now) {
        var incident = report.getIncident();
        var decision = admission(incident.getPlatform(), now).decide(incident);
        if (decision instanceof Decision.Unknown(var reason)) {
            var letter =
                    DeadLetter.newBuilder(report.getOrigin()).setReason(reason).setAt(now);
            publisher.refuse(incident.getPlatform(), letter.build(), now);
        } else {
            if (incident.getStatus() == IncidentStatus.RESOLVED) {
                store.put(Resolutions.remembered(store.platform(incident.getPlatform()), incident, now));
            }
            apply(decision, incident.getPlatform(), incident.getIncidentId(), report.getAwaited(), now);
            settle(incident.getPlatform(), now);
        }
        if (report.getAwaited()) {
            publisher.somebodyWaits();
        }
    }

    void commanded(OperatorCommand command, Instant now) {
        var live = store.live(command.getPlatform());
        boolean waits = live != null && isInTheWay(live.rollback) && doesNotWait(command);
        var decision =
                admission(command.getPlatform(), waits ? null : live, now).decide(command);
        if (decision instanceof Decision.AlreadyHandled) {
            return;
        }
        if (waits && (decision instanceof Decision.Start || decision instanceof Decision.Reopen)) {
            store.put(Platforms.starting(store.platform(command.getPlatform()), command));
            var why = "an operator starts something, which does not wait for it";
            // Not caused by the command: its answer is what comes of the start.
            endLook(command.getPlatform(), why, null, now);
            return;
        }
        store.put(Platforms.handled(store.platform(command.getPlatform()), command.getCommandId()));
        apply(decision, command.getPlatform(), command.getCommandId(), now);
        settle(command.getPlatform(), now);
    }

    /** What it asks for cannot be done, for a reason that admission does not know. */
    void refused(OperatorCommand command, String reason, Instant now) {
        var platform = command.getPlatform();
        store.put(Platforms.handled(store.platform(platform), command.getCommandId()));
        apply(new Decision.Reject(reason), platform, command.getCommandId(), now);
    }

    /** Somebody has to look, since nothing will be started for it. */
    void unanswered(Incident incident, String reason, Instant now) {
        apply(new Decision.Ignore(incident, reason, true), incident.getPlatform(), incident.getIncidentId(), now);
    }

    private Admission admission(String platform, Instant now) {
        return admission(platform, store.live(platform), now);
    }

    private Admission admission(String platform, @Nullable Live live, Instant now) {
        return new Admission(
                store.platform(platform),
                live == null ? null : live.rollback,
                id -> store.finished(id).map(it -> it.rollback),
                permits.limits(),
                now);
    }

    private void apply(Decision decision, String platform, String cause, Instant now) {
        apply(decision, platform, cause, false, now);
    }

    /** @param awaited whether somebody waits to be told what becomes of an incident, however often he was told */
    private void apply(Decision decision, String platform, String cause, boolean awaited, Instant now) {
        switch (decision) {
            case Decision.Register(var descriptor, var hash, var operator) -> {
                store.put(Schedules.planned(Platforms.registered(store.platform(platform), descriptor), now));
                history.add(platform, cause, new PlatformRegistered(descriptor, hash, operator), now);
            }
            case Decision.Reject(var reason) -> history.add(platform, cause, new CommandRejected(reason), now);
            case Decision.Preview(var plan, var look, var notLooked) -> {
                history.add(platform, cause, new PlanPreviewed(plan, notLooked), now);
                if (look != null) {
                    sagas.start(look, platform, cause, now);
                }
            }
            case Decision.Start(var start) -> sagas.start(start, platform, cause, now);
            case Decision.Control(var control) -> advance(platform, control, cause, now);
            case Decision.Reopen(var rollbackId, var control) -> {
                sagas.reopen(platform, rollbackId, now);
                advance(platform, control, cause, now);
            }
            case Decision.Note(var rollbackId, var control) -> sagas.note(platform, rollbackId, control, cause, now);
            case Decision.AlreadyHandled _ -> {}
            case Decision.Duplicate(var incident, var rollbackId) ->
                reports.tell(
                        incident,
                        "answered by " + rollbackId,
                        rollbackId,
                        awaited,
                        () -> history.note(platform, cause, new IncidentDuplicated(incident, rollbackId), now),
                        now);
            case Decision.Merge(var incident) -> merge(incident, platform, cause, awaited, now);
            case Decision.Queue(var incident) -> {
                var queued = Platforms.queued(store.platform(platform), incident);
                store.put(Permits.isAwaited(queued) ? Permits.waiting(queued, now) : queued);
                reports.tell(
                        incident,
                        "it waits",
                        null,
                        awaited,
                        () -> history.note(platform, cause, new IncidentQueued(incident), now),
                        now);
                tellWhatWaits(platform, now);
                endLook(platform, "an incident was reported, which does not wait for it", cause, now);
            }
            case Decision.Ask(var incident, var start) -> {
                store.put(Platforms.queuedFirst(store.platform(platform), incident));
                permits.ask(platform, start, now);
            }
            case Decision.GiveUp(var incident, var rollbackId, var reason) -> {
                var withdrawn = Platforms.withdrawn(store.platform(platform), incident);
                store.put(Platforms.attended(Platforms.answered(withdrawn, incident, rollbackId, now), now));
                ignore(incident, reason, platform, cause, true, now);
                permits.giveUp(platform, now);
                admitNext(platform, now);
            }
            case Decision.Hold(var incident, var reason) -> {
                var held = Platforms.braked(Platforms.queued(store.platform(platform), incident), reason);
                store.put(Platforms.told(held, incident, reason));
                history.add(platform, cause, new IncidentHeld(incident, reason), now);
                notifications.tell(Notices.unanswered(incident, reason), platform, cause, now);
            }
            case Decision.Withdraw(var incident, var reason) -> {
                store.put(Platforms.withdrawn(store.platform(platform), incident));
                ignore(incident, reason, platform, cause, awaited, now);
            }
            case Decision.Ignore(var incident, var reason, var unanswered) -> {
                ignore(incident, reason, platform, cause, awaited, now);
                // Alerting reports the same again and again.
                if (unanswered && !Platforms.isTold(store.platform(platform), incident, reason)) {
                    store.put(Platforms.told(store.platform(platform), incident, reason));
                    notifications.tell(Notices.unanswered(incident, reason), platform, cause, now);
                }
            }
            case Decision.FollowedUp(var id, var operator, var reason) -> {
                store.put(Platforms.followedUp(store.platform(platform), id));
                history.add(platform, cause, new FollowUpDone(id, operator, reason), now);
            }
            case Decision.TestNotifications(var channels, var operator) -> {
                var ids = notifications.test(channels, operator, platform, cause, now);
                history.add(platform, cause, new NotificationsTested(operator, ids), now);
            }
            case Decision.Unknown(var reason) -> history.add(platform, cause, new CommandRejected(reason), now);
        }
    }

    private void ignore(Incident incident, String reason, String platform, String cause, boolean awaited, Instant now) {
        reports.tell(
                incident,
                reason,
                null,
                awaited,
                () -> history.note(platform, cause, new IncidentIgnored(incident, reason), now),
                now);
    }

    /** What only shows something to whoever asked is nothing that an incident waits for. */
    private void endLook(String platform, String why, @Nullable String cause, Instant now) {
        var live = store.live(platform);
        if (live != null && isInTheWay(live.rollback) && live.rollback.stopping() == null) {
            advance(platform, new RollbackCommand.Abort("the orchestrator", why, AbortMode.NOW, true), cause, now);
        }
    }

    private static boolean doesNotWait(OperatorCommand command) {
        return command.getCommand() instanceof StartRollback
                || command.getCommand() instanceof StartAtMoment
                || command.getCommand() instanceof UndoRollback;
    }

    /** Something that yields to what is due now, where that runs. */
    void endWhatYields(String platform, String why, Instant now) {
        endLook(platform, why, null, now);
    }

    /** Nobody asked for what the schedule starts; what is only about restore points, or a look, is over with what it would tell. */
    static boolean isInTheWay(Rollback rollback) {
        if (rollback.plan().getFollowedBy() != null) {
            return false; // it is the first half of what an operator wants
        }
        return Scenario.onlyShows(rollback.plan().getScenario())
                || onlyProves(rollback)
                || Schedules.started(rollback.operator(), rollback.plan());
    }

    /** About restore points, and taking none, or not any more. */
    static boolean onlyProves(Rollback rollback) {
        var scenario = rollback.plan().getScenario();
        boolean takesOne =
                Scenario.of(scenario).filter(Scenario::takesRestorePoint).isPresent();
        return takesOne ? isVerified(rollback) : Scenario.isHousekeeping(scenario);
    }

    /** What comes after that, the trial above all, may take long. */
    private static boolean isVerified(Rollback rollback) {
        return rollback.plan().getSteps().stream()
                .filter(step -> step.getPhase() != Phase.FINISH)
                .allMatch(step -> rollback.track(step.getId(), false).over());
    }

    /** It flaps: its first beginning since is said in the rollback's own chain, and all count as answered. */
    private void merge(Incident incident, String platform, String cause, boolean awaited, Instant now) {
        var live = store.live(platform);
        if (live == null) {
            throw new IllegalStateException("merged into a rollback that does not run: " + platform);
        }
        store.put(Platforms.answered(store.platform(platform), incident, live.rollback.id(), now));
        reports.tell(
                incident,
                "joined " + live.rollback.id(),
                live.rollback.id(),
                awaited,
                () -> history.add(live, cause, new IncidentMerged(incident), now),
                now);
    }

    /** The running rollback goes on; where it has ended with that, the incidents that wait are let in. */
    void advance(String platform, RollbackCommand command, @Nullable String cause, Instant now) {
        var ended = sagas.advance(platform, command, cause, now);
        if (ended.isPresent()) {
            goOn(ended.get(), platform, now);
            startNext(platform, now);
            permits.returnUsed(platform, now);
            admitNext(platform, now);
            tellWhatWaits(platform, now);
        }
        settle(platform, now);
    }

    // ---- permits of sites -----------------------------------------------------------------------

    /** Platforms that wait for a permit of their site, have one or may need one. */
    List<String> atSites() {
        return permits.concerned();
    }

    /** No broker answers. */
    void brokersAreSilent() {
        permits.forgetSilence();
    }

    /** What the keeper of its site's permits tells a platform. */
    void heard(StepEvent event, Instant now) {
        if (permits.heard(event, now)) {
            itsTurn(event.getPlatform(), now);
        }
    }

    void tick(String platform, Instant now) {
        if (permits.tick(platform, now) || Platforms.isForgotten(store.platform(platform))) {
            itsTurn(platform, now);
        } else {
            settle(platform, now);
        }
    }

    private void itsTurn(String platform, Instant now) {
        if (store.live(platform) == null) {
            admitNext(platform, now);
            tellWhatWaits(platform, now);
        } else {
            endLook(platform, "what waited for its turn at the site begins", null, now);
        }
        settle(platform, now);
    }

    private void settle(String platform, Instant now) {
        if (permits.isOvertaken(platform)) {
            join(platform, now);
        }
        permits.settle(platform, now);
    }

    /** What waited while nothing ran may be answered by what runs now. */
    private void join(String platform, Instant now) {
        for (var incident : store.platform(platform).getQueue()) {
            store.put(Platforms.dequeued(store.platform(platform)));
            var decision = admission(platform, now).decide(incident);
            if (decision instanceof Decision.Merge || decision instanceof Decision.Duplicate) {
                apply(decision, platform, incident.getIncidentId(), now);
            } else {
                store.put(Platforms.queued(store.platform(platform), incident)); // as it was
            }
        }
    }

    /** Nothing starts of itself any more: not what waited for that either. */
    private void tellWhatWaits(String platform, Instant now) {
        if (store.live(platform) == null && Platforms.waitsForOperator(store.platform(platform))) {
            var braked = store.platform(platform).getBraked();
            var why = store.platform(platform).getLeftBy() == null && braked != null ? braked : WAITS;
            store.platform(platform).getQueue().forEach(incident -> {
                if (!Platforms.isTold(store.platform(platform), incident, why)) {
                    store.put(Platforms.told(store.platform(platform), incident, why));
                    notifications.tell(Notices.unanswered(incident, why), platform, incident.getIncidentId(), now);
                }
            });
        }
    }

    /** What operators have asked for goes before what alerts have. */
    private void startNext(String platform, Instant now) {
        while (store.live(platform) == null
                && !store.platform(platform).getStarting().isEmpty()) {
            var command = store.platform(platform).getStarting().getFirst();
            store.put(Platforms.begun(store.platform(platform), command));
            commanded(command, now);
        }
    }

    /**
     * From one that only looked to the rollback of what it found, from one that made a restore point to that for which it was made, from
     * one whose restore point was damaged to the same with the next.
     */
    private void goOn(Live ended, String platform, Instant now) {
        if (!sagas.leadsOn(ended)) {
            return;
        }
        var next = admission(platform, now).continuing(ended.rollback);
        if (next.isEmpty()) {
            sagas.publish(ended, now);
            return;
        }
        if (next.get() instanceof Decision.Start(var start)) {
            store.put(Platforms.continued(store.platform(platform), ended.rollback.id(), start.rollbackId()));
        }
        apply(next.get(), platform, ended.rollback.id(), now);
        switch (next.get()) {
            case Decision.Start(var start) ->
                sagas.publishContinued(
                        ended,
                        start.rollbackId(),
                        "goes on as " + start.rollbackId() + ", " + start.plan().getScenario() + ": " + start.reason(),
                        now);
            case Decision.Ignore(var _, var reason, var _) -> {
                if (ended.rollback.outcome() == Outcome.SUCCEEDED) {
                    sagas.publishContinued(ended, null, reason, now);
                } else {
                    sagas.publish(ended, now); // it says itself why it ended
                }
            }
            case Decision.Reject(var reason) -> {
                sagas.publishContinued(ended, null, reason, now);
                var id = ended.rollback.id();
                notifications.tell(Notices.notFollowed(platform, id, reason), platform, id + ".not-followed", now);
            }
            default -> throw new IllegalStateException("nothing that follows another: " + next.get());
        }
    }

    /** One that starts nothing must not keep those behind it waiting. */
    private void admitNext(String platform, Instant now) {
        var permit = store.platform(platform).getPermit();
        boolean isItsTurn = permit != null && permit.getState() == PermitState.GRANTED && store.live(platform) == null;
        while (store.live(platform) == null
                && !Platforms.waitsForOperator(store.platform(platform))
                && !Permits.isAwaited(store.platform(platform))
                && !store.platform(platform).getQueue().isEmpty()) {
            var waiting = store.platform(platform);
            var next = waiting.getQueue().getFirst();
            store.put(Platforms.dequeued(waiting));
            apply(admission(platform, now).decide(next), platform, next.getIncidentId(), now);
        }
        if (isItsTurn && store.live(platform) != null) {
            join(platform, now);
        }
    }
}
