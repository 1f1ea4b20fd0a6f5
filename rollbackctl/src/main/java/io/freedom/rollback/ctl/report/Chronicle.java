package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.view.Scenarios;
import io.freedom.rollback.schemas.history.AbortRequested;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.CompensationStarted;
import io.freedom.rollback.schemas.history.FasterWayChosen;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepRetryRequested;
import io.freedom.rollback.schemas.history.StepSkipped;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.UndoRequested;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The events of one rollback, folded: which attempts were made, how each ended, what was found. */
final class Chronicle {
    private record Key(String step, boolean undo, int number) {}

    /** A result with the step that brought it. */
    record Found<T>(PlanStep step, T result, Instant at, String detail) {}

    private final List<HistoryEvent> events;
    private final HistoryEvent first;
    private final RollbackStarted started;
    /** With each step in the way that was chosen. */
    private Plan plan;

    private final Instant now;
    private final Map<Key, Attempt> attempts = new LinkedHashMap<>();
    /** By step, forward and undo apart. */
    private final Map<String, StepFailed> failures = new HashMap<>();

    private final Map<String, StepFailed> undoFailures = new HashMap<>();
    private final Map<String, StepSkipped> skips = new HashMap<>();
    private @Nullable AbortRequested abort;
    private @Nullable CompensationStarted compensation;
    private @Nullable RollbackFinished finished;
    private @Nullable Instant finishedAt;
    private @Nullable Instant downSince;
    private @Nullable Instant upSince;

    private Chronicle(List<HistoryEvent> events, HistoryEvent first, RollbackStarted started, Instant now) {
        this.events = events;
        this.first = first;
        this.started = started;
        this.plan = started.getPlan();
        this.now = now;
        events.forEach(event -> fold(event.getEvent(), event.getAt()));
    }

    static Chronicle of(String rollbackId, List<HistoryEvent> history, Instant now) {
        var events = history.stream()
                .filter(event -> rollbackId.equals(event.getRollbackId()))
                .sorted(Comparator.comparing(HistoryEvent::getSequence))
                .toList();
        for (var event : events) {
            if (event.getEvent() instanceof RollbackStarted started) {
                // Senders choose the ids: another platform may have had the same one.
                var own = events.stream()
                        .filter(other -> other.getPlatform().equals(event.getPlatform()))
                        .toList();
                return new Chronicle(own, event, started, now);
            }
        }
        throw new IllegalArgumentException("the history of " + rollbackId + " does not tell how it started");
    }

    private void hasten(String chosen) {
        var steps = plan.getSteps().stream()
                .map(step -> step.getId().equals(chosen) && step.getFaster() != null
                        ? PlanStep.newBuilder(step)
                                .setTitle(step.getFaster().getTitle())
                                .setAction(step.getFaster().getAction())
                                .build()
                        : step)
                .toList();
        plan = Plan.newBuilder(plan).setSteps(steps).build();
    }

    private void fold(Object event, Instant at) {
        switch (event) {
            case StepDispatched e -> {
                put(Attempt.begun(e.getStepId(), e.getCompensation(), e.getAttempt(), at));
                if (is(e.getStepId(), Availability.GOES_DOWN) && !e.getCompensation() && downSince == null) {
                    downSince = at;
                }
            }
            case StepSucceeded e -> {
                put(attempt(e.getStepId(), e.getCompensation(), e.getAttempt(), at)
                        .succeeded(e, at));
                var back = e.getCompensation() ? Availability.GOES_DOWN : Availability.COMES_BACK;
                if (is(e.getStepId(), back) && downSince != null) {
                    upSince = at;
                }
            }
            case AttemptFailed e ->
                put(attempt(e.getStepId(), e.getCompensation(), e.getAttempt(), at)
                        .failed(e, at));
            case StepFailed e -> (e.getCompensation() ? undoFailures : failures).put(e.getStepId(), e);
            case StepRetryRequested e -> {
                (e.getCompensation() ? undoFailures : failures).remove(e.getStepId());
                finished = null; // what could not be undone is tried again
                finishedAt = null;
            }
            case StepSkipped e -> {
                if (e.getCompensation()) {
                    undoFailures.remove(e.getStepId());
                    finished = null; // undoing goes on without it
                    finishedAt = null;
                } else {
                    skips.put(e.getStepId(), e);
                }
            }
            case FasterWayChosen e -> hasten(e.getStepId());
            case AbortRequested e -> abort = e;
            case UndoRequested _ -> {
                finished = null;
                finishedAt = null;
                downSince = downSince == null ? null : at;
            }
            case CompensationStarted e -> {
                compensation = e;
                upSince = null; // what the steps brought back is taken down again
            }
            case RollbackFinished e -> {
                finished = e;
                finishedAt = at;
            }
            default -> {} // nothing that the steps' course follows from
        }
    }

    private boolean is(String stepId, Availability availability) {
        return step(stepId)
                .filter(step -> step.getAvailability() == availability)
                .isPresent();
    }

    private void put(Attempt attempt) {
        attempts.put(new Key(attempt.step(), attempt.undo(), attempt.number()), attempt);
    }

    /** Where the dispatch is missing, the attempt has no length. */
    private Attempt attempt(String step, boolean undo, int number, Instant at) {
        var known = attempts.get(new Key(step, undo, number));
        return known == null ? Attempt.begun(step, undo, number, at) : known;
    }

    // ---- what there is to know --------------------------------------------------------------------

    /** When it is told. */
    Instant now() {
        return now;
    }

    List<HistoryEvent> events() {
        return events;
    }

    String id() {
        return Objects.requireNonNull(first.getRollbackId());
    }

    RollbackStarted started() {
        return started;
    }

    Plan plan() {
        return plan;
    }

    Instant startedAt() {
        return first.getAt();
    }

    /** When it ended; now, while it runs. */
    Instant end() {
        return finishedAt == null ? now : finishedAt;
    }

    @Nullable
    Instant finishedAt() {
        return finishedAt;
    }

    Duration took() {
        return finished == null ? Duration.between(startedAt(), now) : Duration.ofMillis(finished.getTook());
    }

    /** Of a drill, what its scenario took; without the copy that was made and removed, and what tidies up. */
    Duration played() {
        var played = plan().getSteps().stream()
                .filter(Scenarios::isPlayed)
                .flatMap(step -> attempts(step.getId(), false).stream())
                .toList();
        var begin = played.stream().map(Attempt::begunAt).min(Comparator.naturalOrder());
        var last = played.stream()
                .map(attempt -> attempt.endedAt() == null ? end() : attempt.endedAt())
                .max(Comparator.naturalOrder());
        return begin.isEmpty() || last.isEmpty() ? Duration.ZERO : Duration.between(begin.get(), last.get());
    }

    Optional<RollbackFinished> finished() {
        return Optional.ofNullable(finished);
    }

    Optional<AbortRequested> abort() {
        return Optional.ofNullable(abort);
    }

    Optional<CompensationStarted> compensation() {
        return Optional.ofNullable(compensation);
    }

    /** It is being undone, or is about to be. */
    boolean isStopping() {
        return abort != null
                || compensation != null
                || failures.values().stream().anyMatch(failure -> !failure.getTolerated());
    }

    @Nullable
    Instant downSince() {
        return downSince;
    }

    @Nullable
    Instant upSince() {
        return upSince;
    }

    Optional<PlanStep> step(String id) {
        return plan().getSteps().stream()
                .filter(step -> step.getId().equals(id))
                .findFirst();
    }

    /** Oldest first. */
    List<Attempt> attempts(String step, boolean undo) {
        return attempts.values().stream()
                .filter(attempt -> attempt.undo() == undo && attempt.step().equals(step))
                .toList();
    }

    Optional<StepSucceeded> success(String step, boolean undo) {
        return attempts(step, undo).stream()
                .map(Attempt::success)
                .flatMap(Stream::ofNullable)
                .reduce((_, last) -> last);
    }

    Optional<StepFailed> failure(String step, boolean undo) {
        return Optional.ofNullable((undo ? undoFailures : failures).get(step));
    }

    Optional<StepSkipped> skip(String step) {
        return Optional.ofNullable(skips.get(step));
    }

    boolean wasUndone(String step) {
        return success(step, true).isPresent();
    }

    /** Results of one kind, oldest first, whatever became of them later. */
    <T> List<Found<T>> found(Class<T> kind) {
        return found(kind, false);
    }

    <T> List<Found<T>> found(Class<T> kind, boolean undo) {
        var found = new ArrayList<Found<T>>();
        for (var attempt : attempts.values()) {
            var success = attempt.success();
            var at = attempt.endedAt();
            if (success == null || at == null || attempt.undo() != undo) {
                continue;
            }
            var result = success.getResult().getResult();
            if (kind.isInstance(result)) {
                step(attempt.step())
                        .ifPresent(step -> found.add(new Found<>(step, kind.cast(result), at, success.getDetail())));
            }
        }
        found.sort(Comparator.comparing(Found::at));
        return found;
    }

    <T> Optional<Found<T>> last(Class<T> kind) {
        return found(kind).reversed().stream().findFirst();
    }
}
