package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.action.DatabaseChecked;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAction;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One execution of one plan: the fold of its events.
 *
 * @param order ids of the steps in the order of their first dispatch
 * @param pause who wants nothing to begin; null when nobody does
 * @param stop why no further step begins, and what follows; null while all is well
 * @param atRisk it was said that it will not be over in time
 * @param faster ids of the steps that are done in their faster way
 * @param undoAsked who asked to undo it, where others have to ask as well; null for nobody
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
        @Nullable Pause pause,
        @Nullable Stop stop,
        @Nullable List<String> undoing,
        @Nullable Instant downSince,
        @Nullable Instant upSince,
        boolean atRisk,
        Set<String> faster,
        @Nullable UndoAsked undoAsked,
        @Nullable Outcome outcome,
        @Nullable Instant finishedAt,
        String finishReason) {

    public record Pause(String operator, @Nullable String reason, Instant since) {}

    /**
     * @param letFinish steps that run end as they would, instead of being cancelled
     * @param undo what was done is undone, instead of left as it is
     */
    public record Stop(String why, boolean letFinish, boolean undo) {}

    /** @param deadline until when their word counts together with that of others */
    public record UndoAsked(List<String> operators, Instant deadline) {}

    public boolean finished() {
        return outcome != null;
    }

    /** Why no further step begins; null while all is well. */
    public @Nullable String stopping() {
        return stop == null ? null : stop.why();
    }

    public PlanStep planStep(String id) {
        return find(id).orElseThrow(() -> new IllegalStateException("no step " + id + " in the plan of " + this.id));
    }

    Optional<PlanStep> find(String id) {
        return plan.getSteps().stream().filter(step -> step.getId().equals(id)).findFirst();
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

    /** Gates that operators have yet to answer. */
    public List<String> openGates() {
        return with(Status.OPEN);
    }

    /** Steps that are out of attempts and wait for an operator's decision. */
    public List<String> held() {
        return with(Status.HELD);
    }

    private List<String> with(Status status) {
        return steps.entrySet().stream()
                .filter(entry -> entry.getValue().status() == status)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The step, or what undoes it once that is its turn: what an operator means who names the step. */
    AttemptId newest(String step) {
        boolean compensation = undo.containsKey(step);
        return new AttemptId(step, compensation, track(step, compensation).attempt());
    }

    /** Nothing may begin, neither a step nor a further attempt. */
    boolean idle() {
        return pause != null || stop == null && !held().isEmpty();
    }

    /** How long an attempt may take: what an operator said last, else the plan. */
    Duration timeout(AttemptId attempt) {
        var changed = track(attempt).timeout();
        if (changed != null) {
            return changed;
        }
        var step = planStep(attempt.step());
        return Duration.ofMillis(attempt.compensation() ? step.getCompensation().getTimeout() : step.getTimeout());
    }

    private List<AttemptId> select(Predicate<StepTrack> wanted) {
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
        return downSince != null
                || order.stream()
                        .map(this::planStep)
                        .anyMatch(step -> step.getPhase().compareTo(Phase.SHUT_DOWN) >= 0);
    }

    /** Whether service was down then, by what this has done. */
    public boolean wasDown(Instant at) {
        return downSince != null && !at.isBefore(downSince) && (upSince == null || !at.isAfter(upSince));
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
                with(e.attempt(), track(e.attempt()).waiting(e.retryAt(), !counts(e), e.message()));
            case RollbackEvent.Failed e -> failed(e, at);
            case RollbackEvent.Skipped e ->
                with(
                                e.step(),
                                e.compensation(),
                                track(e.step(), e.compensation()).skipped(at, e.reason()))
                        .unfinished();
            case RollbackEvent.Held e ->
                with(e.step(), false, track(e.step(), false).held(e.message()));
            case RollbackEvent.RetryRequested e ->
                with(
                                e.step(),
                                e.compensation(),
                                track(e.step(), e.compensation()).renewed())
                        .unfinished();
            case RollbackEvent.TimeoutChanged e ->
                with(e.attempt(), track(e.attempt()).limited(e.timeout(), e.deadline()));
            case RollbackEvent.GateOpened e ->
                with(e.step(), false, track(e.step(), false).opened(at, e.deadline()));
            case RollbackEvent.GateApproved e ->
                with(e.step(), false, track(e.step(), false).approvedBy(e.operator()));
            case RollbackEvent.GateRejected _, RollbackEvent.GateExpired _ -> this; // the step's end follows
            case RollbackEvent.CancelRequested e ->
                with(e.attempt(), track(e.attempt()).cancelling());
            case RollbackEvent.Paused e -> change(draft -> draft.pause = new Pause(e.operator(), e.reason(), at));
            case RollbackEvent.Resumed _ -> resumed(at);
            case RollbackEvent.AbortRequested e -> aborted(e);
            case RollbackEvent.UndoApproved e -> undoAskedBy(e);
            case RollbackEvent.UndoRequested e -> undone(e, at);
            case RollbackEvent.FasterWayChosen e -> hastened(e.step());
            case RollbackEvent.RtoAtRisk _ -> change(draft -> draft.atRisk = true);
            case RollbackEvent.CompensationStarted e -> undoing(e.steps());
            case RollbackEvent.Finished e ->
                change(draft -> {
                    draft.outcome = e.outcome();
                    draft.finishedAt = at;
                    draft.finishReason = e.reason();
                    draft.pause = null; // nothing is left to hold back; should it run again, that begins at once
                });
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
                false,
                Set.of(),
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
        return next.change(draft -> {
            draft.order = List.copyOf(extended);
            draft.downSince = goesDown && downSince == null ? at : downSince;
        });
    }

    private Rollback succeeded(RollbackEvent.Succeeded event, Instant at) {
        var attempt = event.attempt();
        var next = with(attempt, track(attempt).succeeded(at, event.detail(), event.result()));
        var back = attempt.compensation() ? Availability.GOES_DOWN : Availability.COMES_BACK;
        boolean comesBack = planStep(attempt.step()).getAvailability() == back && downSince != null;
        return comesBack ? next.change(draft -> draft.upSince = at) : next;
    }

    /** It is tried until Docker answers again: giving up would help nobody. Else it has as many attempts as planned. */
    boolean sitsOutOutages(AttemptId attempt) {
        return attempt.compensation()
                || touchedPlatform() && planStep(attempt.step()).getOnFailure() != FailurePolicy.CONTINUE;
    }

    /** Against the plan's limit. */
    private boolean counts(RollbackEvent.AttemptFailed event) {
        return !event.lost() && !(event.kind() == FailureKind.OUTAGE && sitsOutOutages(event.attempt()));
    }

    private Rollback failed(RollbackEvent.Failed event, Instant at) {
        var track =
                track(event.step(), event.compensation()).failed(event.tolerated(), at, event.message(), event.kind());
        var next = with(event.step(), event.compensation(), track);
        if (event.tolerated() || event.compensation() || stop != null) {
            return next;
        }
        var why = failed(planStep(event.step()), event.message());
        return next.change(draft -> draft.stop = new Stop(why, false, true));
    }

    private String failed(PlanStep step, String message) {
        return title(step) + " failed: " + message;
    }

    /** That it failed did stop it, and nobody else has: no operator, no other step. */
    public boolean stoppedBy(PlanStep step) {
        var track = track(step.getId(), false);
        return track.status() == Status.FAILED && failed(step, track.detail()).equals(stopping());
    }

    /** Where undoing had failed, the rollback had ended: now it goes on. */
    private Rollback unfinished() {
        return change(draft -> {
            draft.outcome = null;
            draft.finishedAt = null;
            draft.finishReason = "";
        });
    }

    /** Those whose time is over count no more. */
    private Rollback undoAskedBy(RollbackEvent.UndoApproved event) {
        var before = undoAsked;
        var operators = new ArrayList<String>();
        if (before != null && before.deadline().equals(event.deadline())) {
            operators.addAll(before.operators());
        }
        operators.add(event.operator());
        return change(draft -> draft.undoAsked = new UndoAsked(List.copyOf(operators), event.deadline()));
    }

    /** Whoever had asked to undo it before this moment, and still counts. */
    List<String> askedToUndo(Instant now) {
        return undoAsked == null || now.isAfter(undoAsked.deadline()) ? List.of() : undoAsked.operators();
    }

    /** Undone, a rollback that replaced data gives up what was written since. */
    boolean gaveDataUp() {
        return did(RestoreDatabase.class) || did(RemoveVolumes.class) || did(ReplaceContainerData.class);
    }

    boolean did(Class<?> action) {
        return order.stream()
                .map(this::planStep)
                .anyMatch(step -> action.isInstance(step.getAction().getAction()));
    }

    /** What undoing did not bring back, or nobody knows whether it did, one line each. */
    public List<String> differences() {
        return undo.entrySet().stream()
                .flatMap(undone -> {
                    var track = undone.getValue();
                    if (track.status() == Status.SKIPPED) {
                        return Stream.of(
                                "not undone, as operators decided: \"" + title(planStep(undone.getKey())) + "\"");
                    }
                    return track.result() != null && track.result().getResult() instanceof DatabaseChecked rows
                            ? rows.getDifferences().stream()
                            : Stream.empty();
                })
                .toList();
    }

    /** What a step does, in the way that was chosen. */
    StepAction action(PlanStep step) {
        var other = step.getFaster();
        return other != null && faster.contains(step.getId()) ? other.getAction() : step.getAction();
    }

    /** The same for a human. */
    public String title(PlanStep step) {
        var other = step.getFaster();
        return other != null && faster.contains(step.getId()) ? other.getTitle() : step.getTitle();
    }

    private Rollback hastened(String step) {
        var next = with(step, false, track(step, false).renewed());
        var chosen = new HashSet<>(faster);
        chosen.add(step);
        return next.change(draft -> draft.faster = Set.copyOf(chosen));
    }

    /** Its times count from now: what it took and was down when it rolled back was told when it ended. */
    private Rollback undone(RollbackEvent.UndoRequested event, Instant at) {
        boolean goesDown = downSince != null;
        return unfinished().change(draft -> {
            draft.startedAt = at;
            draft.stop = new Stop("undone by " + Gates.words(event.operator(), event.reason()), false, true);
            draft.undoAsked = null;
            draft.downSince = goesDown ? at : null;
            draft.upSince = null;
        });
    }

    /** The first reason counts; who aborts again wants it sooner, or wants other things to become of it. */
    private Rollback aborted(RollbackEvent.AbortRequested event) {
        var why = "aborted by " + Gates.words(event.operator(), event.reason());
        var before = stop;
        var next = new Stop(
                before == null ? why : before.why() + "; " + why,
                event.mode() == AbortMode.AFTER_STEP && (before == null || before.letFinish()),
                event.undo());
        return change(draft -> {
            draft.stop = next;
            draft.pause = null;
        });
    }

    /** Time does not count against a gate while its rollback is paused. */
    private Rollback resumed(Instant at) {
        var paused = pause == null ? Duration.ZERO : Duration.between(pause.since(), at);
        var changed = new LinkedHashMap<>(steps);
        openGates().forEach(gate -> changed.put(gate, track(gate, false).putOff(paused)));
        return change(draft -> {
            draft.steps = changed;
            draft.pause = null;
        });
    }

    private Rollback undoing(List<String> toUndo) {
        var tracks = new LinkedHashMap<String, StepTrack>();
        toUndo.forEach(step -> tracks.put(step, StepTrack.PENDING));
        return change(draft -> {
            draft.undo = tracks;
            draft.undoing = toUndo;
            // Whatever the steps brought back is being taken down again: service returns with the last undo.
            draft.upSince = null;
        });
    }

    private Rollback with(AttemptId attempt, StepTrack track) {
        return with(attempt.step(), attempt.compensation(), track);
    }

    private Rollback with(String step, boolean compensation, StepTrack track) {
        var changed = new LinkedHashMap<>(compensation ? undo : steps);
        changed.put(step, track);
        return change(draft -> {
            if (compensation) {
                draft.undo = changed;
            } else {
                draft.steps = changed;
            }
        });
    }

    private Rollback change(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.rollback();
    }

    /** The next state while it is being made. */
    private static final class Draft {
        private final Rollback before;
        Instant startedAt;
        Map<String, StepTrack> steps;
        Map<String, StepTrack> undo;
        List<String> order;

        @Nullable
        Pause pause;

        @Nullable
        Stop stop;

        @Nullable
        List<String> undoing;

        @Nullable
        Instant downSince;

        @Nullable
        Instant upSince;

        boolean atRisk;
        Set<String> faster;

        @Nullable
        UndoAsked undoAsked;

        @Nullable
        Outcome outcome;

        @Nullable
        Instant finishedAt;

        String finishReason;

        Draft(Rollback before) {
            this.before = before;
            startedAt = before.startedAt;
            steps = before.steps;
            undo = before.undo;
            order = before.order;
            pause = before.pause;
            stop = before.stop;
            undoing = before.undoing;
            downSince = before.downSince;
            upSince = before.upSince;
            atRisk = before.atRisk;
            faster = before.faster;
            undoAsked = before.undoAsked;
            outcome = before.outcome;
            finishedAt = before.finishedAt;
            finishReason = before.finishReason;
        }

        Rollback rollback() {
            return new Rollback(
                    before.id,
                    before.plan,
                    startedAt,
                    before.incident,
                    before.operator,
                    before.startReason,
                    steps,
                    undo,
                    order,
                    pause,
                    stop,
                    undoing,
                    downSince,
                    upSince,
                    atRisk,
                    faster,
                    undoAsked,
                    outcome,
                    finishedAt,
                    finishReason);
        }
    }

    Optional<String> nextToUndo() {
        return undoing == null
                ? Optional.empty()
                : undoing.stream().filter(step -> !track(step, true).over()).findFirst();
    }
}
