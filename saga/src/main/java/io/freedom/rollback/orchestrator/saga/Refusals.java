package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.FailurePolicy;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Why an operator's control is not followed, and what to do instead. */
public final class Refusals {
    static final Duration SHORTEST = Duration.ofSeconds(1);
    static final Duration LONGEST = Duration.ofDays(7);

    private final Rollback state;
    private final Instant now;

    private Refusals(Rollback state, Instant now) {
        this.state = state;
        this.now = now;
    }

    /** Empty when nothing speaks against it. */
    public static Optional<String> of(RollbackCommand.Control command, Rollback state, Instant now) {
        var refusals = new Refusals(state, now);
        boolean forFinished = command instanceof RollbackCommand.RetryStep
                || command instanceof RollbackCommand.SkipStep
                || command instanceof RollbackCommand.Undo;
        if (state.finished() && !forFinished) {
            return refusals.finished();
        }
        return switch (command) {
            case RollbackCommand.Pause _ -> refusals.pause();
            case RollbackCommand.Resume _ -> refusals.resume();
            case RollbackCommand.Abort c -> refusals.abort(c);
            case RollbackCommand.Undo c -> refusals.undo(c);
            case RollbackCommand.Approve c -> refusals.approve(c);
            case RollbackCommand.Reject c -> refusals.unanswerable(c.step());
            case RollbackCommand.RetryStep c -> refusals.retry(c);
            case RollbackCommand.SkipStep c -> refusals.skip(c);
            case RollbackCommand.TakeFasterWay c -> refusals.faster(c);
            case RollbackCommand.ChangeTimeout c -> refusals.timeout(c);
        };
    }

    // ---- the rollback ---------------------------------------------------------------------------

    private Optional<String> pause() {
        var pause = state.pause();
        if (pause != null) {
            return Optional.of(state.id() + " is paused already, by " + pause.operator() + ": `rollbackctl resume "
                    + state.id() + "` lets it go on");
        }
        var stop = state.stop();
        return stop != null && !stop.undo()
                ? Optional.of(state.id() + " ends as soon as nothing runs any more, and begins nothing: " + stop.why())
                : Optional.empty();
    }

    private Optional<String> resume() {
        return state.pause() == null
                ? Optional.of(
                        state.id() + " is not paused; `rollbackctl watch " + state.id() + "` shows what it waits for")
                : Optional.empty();
    }

    private Optional<String> abort(RollbackCommand.Abort command) {
        var stop = state.stop();
        if (state.undoing() != null) {
            return Optional.of(state.id() + " is already being undone, and that is not aborted half way: "
                    + state.stopping() + ". `rollbackctl pause " + state.id() + "` holds it between two steps");
        }
        if (state.plan().getDrillOf() != null && !command.undo()) {
            return Optional.of("the copy of a drill is not left as it is: abort " + state.id()
                    + " with undoing, which removes it");
        }
        if (stop == null) {
            return Optional.empty();
        }
        boolean sooner = stop.letFinish() && command.mode() == AbortMode.NOW;
        return sooner || stop.undo() != command.undo()
                ? Optional.empty()
                : Optional.of(state.id() + " is already being stopped: " + stop.why());
    }

    private Optional<String> undo(RollbackCommand.Undo command) {
        if (!state.finished()) {
            return Optional.of(state.id() + " still runs: `rollbackctl abort " + state.id() + "` stops and undoes it");
        }
        if (state.outcome() != Outcome.SUCCEEDED) {
            return finished();
        }
        var terms = state.plan().getUndo();
        var finishedAt = state.finishedAt();
        if (terms != null && terms.getWithin() != null && finishedAt != null) {
            var until = finishedAt.plusMillis(terms.getWithin());
            if (now.isAfter(until)) {
                return Optional.of(state.id() + " can no longer be undone: its restore point was held until " + until
                        + ", as `backups.hold` of the descriptor says");
            }
        }
        if (!state.gaveDataUp()) {
            return Optional.empty();
        }
        if (!command.acceptDataLoss()) {
            return Optional.of("undoing " + state.id() + " " + givesUp() + " since " + finishedAt
                    + " is given up. Say --accept-data-loss if that is meant");
        }
        var asked = state.askedToUndo(now);
        return terms != null && Gates.isAmong(asked, command.operator())
                ? Optional.of(command.operator() + " has asked to undo " + state.id() + " already; "
                        + (terms.getOperators() - asked.size()) + " more must come from somebody else")
                : Optional.empty();
    }

    private String givesUp() {
        if (state.did(RemoveVolumes.class)) {
            return "brings the previous volumes back: what was written to them";
        }
        boolean restored = state.did(RestoreDatabase.class);
        if (!state.did(ReplaceContainerData.class)) {
            return "swaps the previous database back: what was committed";
        }
        return restored
                ? "swaps the previous database back, and puts the previous data of containers back: what was committed, or written to them,"
                : "puts the previous data of containers back: what was written to them";
    }

    // ---- gates ----------------------------------------------------------------------------------

    private Optional<String> approve(RollbackCommand.Approve command) {
        var refusal = unanswerable(command.step());
        if (refusal.isPresent()) {
            return refusal;
        }
        var gate = state.track(command.step(), false);
        int missing = Gates.of(state.planStep(command.step())).getApprovals()
                - gate.approvals().size();
        return Gates.hasApproved(gate, command.operator())
                ? Optional.of(command.operator() + " has approved " + command.step() + " already; " + missing
                        + " more must come from somebody else")
                : Optional.empty();
    }

    private Optional<String> unanswerable(String id) {
        var step = state.find(id);
        if (step.isEmpty()) {
            return unknown(id);
        }
        if (!Gates.isGate(step.get())) {
            return Optional.of(id + " is no gate: nobody needs to approve it");
        }
        var gate = state.track(id, false);
        return switch (gate.status()) {
            case OPEN ->
                Gates.isOverdue(gate, clock(gate))
                        ? Optional.of("the time to answer " + id + " was over at " + gate.deadline())
                        : Optional.empty();
            case PENDING -> notBegun(step.get());
            case SUCCEEDED, FAILED, TOLERATED, SKIPPED -> Optional.of(id + " is closed: " + gate.detail());
            case HELD ->
                Optional.of(id + " was answered: " + gate.detail() + ". `rollbackctl retry " + state.id() + " " + id
                        + "` asks again");
            case DISPATCHED, RUNNING, WAITING -> throw new IllegalStateException(id + " is a gate, but " + gate);
        };
    }

    // ---- steps ----------------------------------------------------------------------------------

    private Optional<String> retry(RollbackCommand.RetryStep command) {
        var id = command.step();
        var step = state.find(id);
        if (step.isEmpty()) {
            return unknown(id);
        }
        if (Gates.isGate(step.get()) && state.track(id, false).status() != Status.HELD) {
            return gate(id);
        }
        if (state.pause() != null) {
            return Optional.of(
                    state.id() + " is paused, so no attempt begins: `rollbackctl resume " + state.id() + "` first");
        }
        var attempt = state.newest(id);
        if (!attempt.compensation() && state.stop() != null) {
            return stopping();
        }
        return switch (state.track(attempt).status()) {
            case WAITING, HELD, DISPATCHED, RUNNING -> Optional.empty();
            case PENDING -> notBegun(step.get());
            // What could not be undone, an operator may have mended.
            case FAILED -> state.outcome() == Outcome.COMPENSATION_FAILED ? Optional.empty() : over(attempt);
            case OPEN, SUCCEEDED, TOLERATED, SKIPPED -> state.finished() ? finished() : over(attempt);
        };
    }

    private Optional<String> faster(RollbackCommand.TakeFasterWay command) {
        var id = command.step();
        var step = state.find(id);
        if (step.isEmpty()) {
            return unknown(id);
        }
        var way = step.get().getFaster();
        if (way == null) {
            var others = state.plan().getSteps().stream()
                    .filter(other -> other.getFaster() != null)
                    .map(PlanStep::getId)
                    .toList();
            return Optional.of("there is no faster way for " + id
                    + (others.isEmpty() ? ", nor for any other step" : ", but for " + String.join(", ", others)));
        }
        if (state.faster().contains(id)) {
            return Optional.of(id + " is done in its faster way already: " + way.getTitle());
        }
        if (state.stop() != null) {
            return stopping();
        }
        var attempt = state.newest(id);
        return switch (state.track(attempt).status()) {
            case PENDING -> Optional.empty();
            case WAITING, HELD, DISPATCHED, RUNNING ->
                state.pause() == null
                        ? Optional.empty()
                        : Optional.of(state.id() + " is paused, so no attempt begins: `rollbackctl resume " + state.id()
                                + "` first");
            case OPEN, SUCCEEDED, FAILED, TOLERATED, SKIPPED -> over(attempt);
        };
    }

    private Optional<String> skip(RollbackCommand.SkipStep command) {
        var id = command.step();
        var step = state.find(id);
        if (step.isEmpty()) {
            return unknown(id);
        }
        if (Gates.isGate(step.get())) {
            return gate(id);
        }
        var attempt = state.newest(id);
        if (attempt.compensation()) {
            return skipUndo(attempt, step.get());
        }
        if (state.stop() != null) {
            return stopping();
        }
        return switch (state.track(attempt).status()) {
            case PENDING, WAITING, HELD -> neededBy(step.get());
            case DISPATCHED, RUNNING ->
                Optional.of(id + " runs: wait for its end, or `rollbackctl abort " + state.id() + "`");
            case OPEN, SUCCEEDED, FAILED, TOLERATED, SKIPPED -> state.finished() ? finished() : over(attempt);
        };
    }

    /** Only what was tried in vain: that it cannot be undone has to be known first. */
    private Optional<String> skipUndo(AttemptId attempt, PlanStep step) {
        return switch (state.track(attempt).status()) {
            case WAITING -> Optional.empty();
            case FAILED -> state.outcome() == Outcome.COMPENSATION_FAILED ? Optional.empty() : over(attempt);
            case DISPATCHED, RUNNING ->
                Optional.of(step.getId() + " is being undone right now: wait for the end of it");
            case PENDING -> Optional.of(step.getId() + " has not been tried to be undone yet");
            case OPEN, HELD, SUCCEEDED, TOLERATED, SKIPPED -> state.finished() ? finished() : over(attempt);
        };
    }

    /** What may fail without harm may be missing as an input, too. */
    private Optional<String> neededBy(PlanStep step) {
        if (step.getOnFailure() == FailurePolicy.CONTINUE) {
            return Optional.empty();
        }
        if (step.getAvailability() == Availability.GOES_DOWN
                || step.getAction().getAction() instanceof VerifyRestorePoint) {
            return Optional.of("what comes after " + step.getId()
                    + " would do harm without it: retry it, or `rollbackctl abort " + state.id() + "`");
        }
        for (var other : state.plan().getSteps()) {
            var track = state.track(other.getId(), false);
            if (other.getId().equals(step.getId())) {
                continue;
            }
            if (!track.over() && other.getInputs().contains(step.getId())) {
                return Optional.of(other.getId() + " needs the result of " + step.getId()
                        + ": skip that one first, or `rollbackctl abort " + state.id() + "`");
            }
            var undo = other.getCompensation();
            boolean neverRan = track.over() && track.attempt() == 0;
            if (undo != null && !neverRan && undo.getInputs().contains(step.getId())) {
                return Optional.of("undoing " + other.getId() + " would need the result of " + step.getId()
                        + ": retry it, or `rollbackctl abort " + state.id() + "`");
            }
        }
        return Optional.empty();
    }

    private Optional<String> timeout(RollbackCommand.ChangeTimeout command) {
        var id = command.step();
        if (state.find(id).isEmpty()) {
            return unknown(id);
        }
        var limit = command.timeout();
        if (limit.compareTo(SHORTEST) < 0 || limit.compareTo(LONGEST) > 0) {
            return Optional.of("a step may take between 1 second and 7 days, not " + limit.toMillis() + " ms");
        }
        var attempt = state.newest(id);
        var track = state.track(attempt);
        if (track.over()) {
            return over(attempt);
        }
        if (!attempt.compensation() && state.stop() != null && !track.inFlight()) {
            return stopping();
        }
        if (limit.equals(state.timeout(attempt))) {
            return Optional.of(id + " may take " + limit.toSeconds() + " s already");
        }
        if (track.cancelRequested()) {
            return Optional.of(id + " is being stopped already: its time can be changed no more");
        }
        if (track.deadline() != null && clock(track).isAfter(track.deadline())) {
            return Optional.of("the time of " + id + " was over at " + track.deadline() + ": it is being ended");
        }
        var deadline = Controls.newDeadline(state, attempt, command);
        return deadline != null && !deadline.isAfter(clock(track))
                ? Optional.of(id + " has taken longer already: give it more, or `rollbackctl abort " + state.id() + "`")
                : Optional.empty();
    }

    /** Time stands still for the gates of a paused rollback. */
    private Instant clock(StepTrack track) {
        var pause = state.pause();
        return pause != null && track.status() == Status.OPEN ? pause.since() : now;
    }

    // ---- reasons --------------------------------------------------------------------------------

    private Optional<String> unknown(String id) {
        return Optional.of("there is no step " + id + " in " + state.id() + ": `rollbackctl status " + state.id()
                + " --output json` lists its steps");
    }

    private Optional<String> finished() {
        var failed = state.undo().entrySet().stream()
                .filter(entry -> entry.getValue().status() == Status.FAILED)
                .map(entry -> "; what could not be undone can be tried again: `rollbackctl retry " + state.id() + " "
                        + entry.getKey() + "`, or left: `rollbackctl skip " + state.id() + " " + entry.getKey() + "`")
                .findFirst();
        return Optional.of(state.id() + " is over" + failed.orElse(""));
    }

    private Optional<String> gate(String id) {
        return Optional.of(id + " is a gate: approve or reject it, with `rollbackctl approve " + state.id() + " " + id
                + "` or `rollbackctl reject " + state.id() + " " + id + "`");
    }

    private Optional<String> stopping() {
        return Optional.of(state.id() + " is being stopped: " + state.stopping());
    }

    private Optional<String> notBegun(PlanStep step) {
        if (state.stop() != null) {
            return stopping();
        }
        List<String> before = step.getDependsOn().stream()
                .filter(id -> !state.track(id, false).satisfied())
                .toList();
        return Optional.of(step.getId() + " has not begun"
                + (before.isEmpty() ? "" : ": it comes after " + String.join(", ", before)));
    }

    private Optional<String> over(AttemptId attempt) {
        var words = state.track(attempt).status().name().toLowerCase(Locale.ROOT);
        return Optional.of(attempt.step() + " is over (" + words + (attempt.compensation() ? ", undone" : "") + ")");
    }
}
