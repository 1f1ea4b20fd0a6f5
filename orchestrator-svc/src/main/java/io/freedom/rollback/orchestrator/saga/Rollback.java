package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One execution of one plan: the fold of its events.
 *
 * @param order ids of the steps in the order of their first dispatch
 * @param stopping why no further step begins and what was done will be undone; null while all is well
 * @param undoing steps to undo, in order; null until compensation started
 */
public record Rollback(
        String id,
        Plan plan,
        Instant startedAt,
        @Nullable Incident incident,
        @Nullable String operator,
        @Nullable String startReason,
        Map<String, StepTrack> steps,
        Map<String, StepTrack> undo,
        List<String> order,
        @Nullable String stopping,
        @Nullable List<String> undoing,
        @Nullable Instant downSince,
        @Nullable Instant upSince,
        @Nullable Outcome outcome,
        @Nullable Instant finishedAt,
        String finishReason) {

    public boolean finished() {
        return outcome != null;
    }

    public PlanStep planStep(String id) {
        return plan.getSteps().stream()
                .filter(step -> step.getId().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no step " + id + " in the plan of " + this.id));
    }

    public StepTrack track(AttemptId attempt) {
        return track(attempt.step(), attempt.compensation());
    }

    public StepTrack track(String step, boolean compensation) {
        var track = compensation ? undo.get(step) : steps.get(step);
        return track == null ? StepTrack.PENDING : track;
    }

    boolean knows(AttemptId attempt) {
        return (attempt.compensation() ? undo : steps).containsKey(attempt.step());
    }

    /** The attempt is the newest of its step and not over: anything else that is said of it comes too late. */
    public boolean isCurrent(AttemptId attempt) {
        var track = track(attempt);
        return knows(attempt) && track.attempt() == attempt.number() && track.inFlight();
    }

    /** Newest attempts of all steps and compensations that are out at a worker. */
    public List<AttemptId> inFlight() {
        return select(StepTrack::inFlight);
    }

    /** Newest attempts of all steps and compensations that wait for their next attempt. */
    public List<AttemptId> waiting() {
        return select(track -> track.status() == Status.WAITING);
    }

    private List<AttemptId> select(java.util.function.Predicate<StepTrack> wanted) {
        var found = new ArrayList<AttemptId>();
        steps.forEach((step, track) -> {
            if (wanted.test(track)) {
                found.add(new AttemptId(step, false, track.attempt()));
            }
        });
        undo.forEach((step, track) -> {
            if (wanted.test(track)) {
                found.add(new AttemptId(step, true, track.attempt()));
            }
        });
        return found;
    }

    /** Something of the platform itself, not only of the rollback's own files, may have been changed. */
    boolean touchedPlatform() {
        return order.stream()
                .map(this::planStep)
                .anyMatch(step -> step.getPhase().compareTo(Phase.SHUT_DOWN) >= 0);
    }

    public Duration downtime(Instant now) {
        if (downSince == null) {
            return Duration.ZERO;
        }
        return Duration.between(downSince, upSince == null ? now : upSince);
    }

    // ---- evolve ---------------------------------------------------------------------------------

    /** State before the first event is null. */
    static Rollback evolve(@Nullable Rollback state, RollbackEvent event, Instant at) {
        if (event instanceof RollbackEvent.Started started) {
            return begun(started, at);
        }
        if (state == null) {
            throw new IllegalStateException("a rollback begins with Started, not " + event);
        }
        return state.evolve(event, at);
    }

    private Rollback evolve(RollbackEvent event, Instant at) {
        return switch (event) {
            case RollbackEvent.Started e -> throw new IllegalStateException("started twice: " + e.rollbackId());
            case RollbackEvent.Dispatched e -> dispatched(e, at);
            case RollbackEvent.Acknowledged e ->
                with(e.attempt(), track(e.attempt()).acknowledged());
            case RollbackEvent.Succeeded e -> succeeded(e, at);
            case RollbackEvent.AttemptFailed e ->
                with(e.attempt(), track(e.attempt()).waiting(e.retryAt(), e.lost(), e.message()));
            case RollbackEvent.Failed e -> failed(e, at);
            case RollbackEvent.Skipped e ->
                with(e.step(), false, track(e.step(), false).skipped(at, e.reason()));
            case RollbackEvent.CancelRequested e ->
                with(e.attempt(), track(e.attempt()).cancelling());
            case RollbackEvent.AbortRequested e ->
                stopping("aborted by " + e.operator() + (e.reason() == null ? "" : ": " + e.reason()));
            case RollbackEvent.CompensationStarted e -> undoing(e.steps());
            case RollbackEvent.Finished e -> finished(e, at);
        };
    }

    private static Rollback begun(RollbackEvent.Started started, Instant at) {
        var tracks = new LinkedHashMap<String, StepTrack>();
        started.plan().getSteps().forEach(step -> tracks.put(step.getId(), StepTrack.PENDING));
        return new Rollback(
                started.rollbackId(),
                started.plan(),
                at,
                started.incident(),
                started.operator(),
                started.reason(),
                tracks,
                Map.of(),
                List.of(),
                null,
                null,
                null,
                null,
                null,
                null,
                "");
    }

    private Rollback dispatched(RollbackEvent.Dispatched event, Instant at) {
        var attempt = event.attempt();
        var next = with(attempt, track(attempt).dispatched(attempt.number(), at, event.deadline()));
        if (attempt.compensation() || order.contains(attempt.step())) {
            return next;
        }
        var extended = new ArrayList<>(order);
        extended.add(attempt.step());
        boolean goesDown = planStep(attempt.step()).getAvailability() == Availability.GOES_DOWN;
        return next.withOrder(extended, goesDown && downSince == null ? at : downSince);
    }

    private Rollback succeeded(RollbackEvent.Succeeded event, Instant at) {
        var attempt = event.attempt();
        var next = with(attempt, track(attempt).succeeded(at, event.detail(), event.result()));
        var back = attempt.compensation() ? Availability.GOES_DOWN : Availability.COMES_BACK;
        boolean comesBack = planStep(attempt.step()).getAvailability() == back && downSince != null;
        return comesBack ? next.withUp(at) : next;
    }

    private Rollback failed(RollbackEvent.Failed event, Instant at) {
        var track =
                track(event.step(), event.compensation()).failed(event.tolerated(), at, event.message(), event.kind());
        var next = with(event.step(), event.compensation(), track);
        return event.tolerated() || event.compensation()
                ? next
                : next.stopping(planStep(event.step()).getTitle() + " failed: " + event.message());
    }

    private Rollback with(AttemptId attempt, StepTrack track) {
        return with(attempt.step(), attempt.compensation(), track);
    }

    private Rollback with(String step, boolean compensation, StepTrack track) {
        var changed = new LinkedHashMap<>(compensation ? undo : steps);
        changed.put(step, track);
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                compensation ? steps : changed,
                compensation ? changed : undo,
                order,
                stopping,
                undoing,
                downSince,
                upSince,
                outcome,
                finishedAt,
                finishReason);
    }

    private Rollback withOrder(List<String> extended, @Nullable Instant down) {
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                steps,
                undo,
                extended,
                stopping,
                undoing,
                down,
                upSince,
                outcome,
                finishedAt,
                finishReason);
    }

    private Rollback withUp(Instant at) {
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                steps,
                undo,
                order,
                stopping,
                undoing,
                downSince,
                at,
                outcome,
                finishedAt,
                finishReason);
    }

    /** The first reason counts. */
    private Rollback stopping(String why) {
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                steps,
                undo,
                order,
                stopping == null ? why : stopping,
                undoing,
                downSince,
                upSince,
                outcome,
                finishedAt,
                finishReason);
    }

    private Rollback undoing(List<String> toUndo) {
        var tracks = new LinkedHashMap<String, StepTrack>();
        toUndo.forEach(step -> tracks.put(step, StepTrack.PENDING));
        // Whatever the steps brought back is being taken down again: service returns with the last undo.
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                steps,
                tracks,
                order,
                stopping,
                toUndo,
                downSince,
                null,
                outcome,
                finishedAt,
                finishReason);
    }

    private Rollback finished(RollbackEvent.Finished event, Instant at) {
        return new Rollback(
                id,
                plan,
                startedAt,
                incident,
                operator,
                startReason,
                steps,
                undo,
                order,
                stopping,
                undoing,
                downSince,
                upSince,
                event.outcome(),
                at,
                event.reason());
    }

    Optional<String> nextToUndo() {
        return undoing == null
                ? Optional.empty()
                : undoing.stream().filter(step -> !track(step, true).over()).findFirst();
    }
}
