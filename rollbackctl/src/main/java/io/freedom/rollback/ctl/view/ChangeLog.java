package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.Phase;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A rollback as a log: one line for each change between two snapshots, one when a worker stays silent, and now and then one
 * that says how far a step is.
 */
public final class ChangeLog {
    /** A log is read afterwards: enough to see that it went on and how fast, not to drown what happened. */
    private static final Duration PROGRESS = Duration.ofSeconds(10);

    /** @param answers who has answered a gate, as its detail tells */
    private record Seen(StepState state, int attempt, String answers) {
        static Seen of(StepStatus step) {
            var answers = step.getState() == StepState.AWAITING_APPROVAL ? step.getDetail() : "";
            return new Seen(step.getState(), step.getAttempt(), answers);
        }
    }

    private record Told(Instant at, String reached) {}

    private final ZoneId zone;
    private final Style style;
    private final Map<String, Seen> seen = new HashMap<>();
    private final Map<String, Seen> silent = new HashMap<>();
    private final Map<String, Told> told = new HashMap<>();
    private final Set<Phase> begun = EnumSet.noneOf(Phase.class);
    private @Nullable RollbackStatus last;

    public ChangeLog(ZoneId zone, Style style) {
        this.zone = zone;
        this.style = style;
    }

    /** Lines for what is new; none when nothing is. */
    public List<String> next(RollbackStatus status, Instant now) {
        var lines = new ArrayList<String>();
        if (last == null) {
            lines.add(line(
                    status,
                    status.getStartedAt(),
                    style.bold(status.getRollbackId() + "  " + status.getPlatform() + "  "
                            + Texts.aim(status.getScenario(), status.getTarget()) + "  RTO "
                            + Texts.limit(status.getRto()) + trigger(status))));
        }
        for (var step : status.getSteps()) {
            phase(status, step.getPhase(), lines);
            step(status, step, now, lines);
            progress(status, step, lines);
        }
        var before = last;
        if (status.getDownSince() != null && (before == null || before.getDownSince() == null)) {
            lines.add(line(status, status.getDownSince(), style.yellow("▼ service goes down")));
        }
        if (status.getDownSince() != null
                && status.getUpSince() != null
                && (before == null || before.getUpSince() == null)) {
            var downtime = Duration.between(status.getDownSince(), status.getUpSince());
            lines.add(line(
                    status, status.getUpSince(), style.green("▲ service is back, downtime " + Texts.span(downtime))));
        }
        if (Steps.willMissRto(status) && (before == null || !Steps.willMissRto(before))) {
            lines.add(
                    line(status, status.getAt(), style.red("! too slow for its RTO: " + rto(status, status.getAt()))));
        }
        if (before == null || before.getState() != status.getState()) {
            stateLine(status, lines);
        }
        turn(status, lines);
        last = status;
        return lines;
    }

    /** Before it begins: where it is in the queue of its site. */
    private void turn(RollbackStatus status, List<String> lines) {
        if (status.getState() != RollbackState.RUNNING) {
            return;
        }
        var before = last;
        boolean waited = before != null && before.getPermit() != null;
        if (status.getPermit() == null) {
            if (waited) {
                lines.add(line(status, status.getAt(), style.cyan("▶ its turn has come")));
            }
        } else if (before == null || !waited || !status.getReason().equals(before.getReason())) {
            lines.add(line(status, status.getAt(), style.yellow("‖ " + status.getReason())));
            if (!waited) {
                Hints.of(status).forEach(hint -> lines.add(line(status, status.getAt(), style.bold("  " + hint))));
            }
        }
    }

    private void stateLine(RollbackStatus status, List<String> lines) {
        var at = status.getFinishedAt() == null ? status.getAt() : status.getFinishedAt();
        var reason = status.getReason().isEmpty() ? "" : ": " + status.getReason();
        switch (status.getState()) {
            case RUNNING -> {
                if (last != null) {
                    lines.add(line(status, at, style.cyan("▶ goes on" + reason)));
                }
            }
            case PAUSED, HELD, AWAITING_APPROVAL -> {
                lines.add(line(
                        status, at, Steps.coloured(status.getState(), "‖ " + Steps.meaning(status) + reason, style)));
                Hints.of(status).forEach(hint -> lines.add(line(status, at, style.bold("  " + hint))));
            }
            case COMPENSATING ->
                lines.add(line(status, at, style.yellow("↩ undoing what was done, " + rto(status, at) + reason)));
            case SUCCEEDED, REFUSED, COMPENSATED, COMPENSATION_FAILED, ABORTED -> {
                var took = " after " + Texts.span(Duration.between(status.getStartedAt(), at));
                var text = status.getRollbackId() + " " + Steps.meaning(status) + took + reason;
                lines.add(line(status, at, Steps.coloured(status.getState(), text, style)));
                Hints.of(status).forEach(hint -> lines.add(line(status, at, style.bold("  " + hint))));
            }
        }
    }

    /** When a phase begins: what is left of the time by then. Phases overlap, so an earlier one may still have lines. */
    private void phase(RollbackStatus status, Phase phase, List<String> lines) {
        if (begun.contains(phase)) {
            return;
        }
        status.getSteps().stream()
                .filter(step -> step.getPhase() == phase)
                .map(StepStatus::getStartedAt)
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .ifPresent(at -> {
                    begun.add(phase);
                    lines.add(line(status, at, style.bold("— " + Texts.phase(phase) + "  " + rto(status, at))));
                });
    }

    private static String rto(RollbackStatus status, Instant at) {
        var expected = Steps.expected(status, at);
        return "RTO " + Texts.left(Steps.rtoLeft(status, at)) + (expected.isEmpty() ? "" : ", " + expected);
    }

    private void progress(RollbackStatus status, StepStatus step, List<String> lines) {
        if (step.getState() != StepState.RUNNING && step.getState() != StepState.COMPENSATING) {
            told.remove(step.getId());
            return;
        }
        // The snapshot's time, not the clock's: what it says was true then.
        var reached = Steps.reached(step);
        var before = told.putIfAbsent(step.getId(), new Told(status.getAt(), reached));
        if (before == null
                || reached.isEmpty()
                || reached.equals(before.reached())
                || Duration.between(before.at(), status.getAt()).compareTo(PROGRESS) < 0) {
            return;
        }
        told.put(step.getId(), new Told(status.getAt(), reached));
        // A step's time counts from its first dispatch, which says nothing of how long undoing it takes.
        var text = step.getState() == StepState.COMPENSATING
                ? "… undoing " + step.getId() + "  " + step.getTitle()
                : "… " + step.getId() + "  " + step.getTitle() + " (" + Steps.took(step, status.getAt()) + ")";
        lines.add(line(status, status.getAt(), style.cyan(Texts.cut(text + ": " + reached, 400))));
    }

    private void step(RollbackStatus status, StepStatus step, Instant now, List<String> lines) {
        var current = Seen.of(step);
        var before = seen.put(step.getId(), current);
        // Before a worker accepts there is nothing to tell, unless it does not accept.
        boolean worthTelling = step.getState() != StepState.PENDING && step.getState() != StepState.DISPATCHED;
        if (!current.equals(before) && worthTelling) {
            var at = step.getFinishedAt() == null ? status.getAt() : step.getFinishedAt();
            lines.add(line(status, at, text(step, now)));
        }
        var detail = Steps.detail(step, status, now);
        if (detail.startsWith("waiting for") && !current.equals(silent.put(step.getId(), current))) {
            lines.add(line(status, now, style.yellow("… " + step.getId() + "  " + step.getTitle() + ": " + detail)));
        }
    }

    private String text(StepStatus step, Instant now) {
        var attempt = step.getAttempt() > 1 ? ", attempt " + step.getAttempt() : "";
        var time = Steps.isOver(step.getState()) && step.getFinishedAt() != null
                ? " (" + Steps.took(step, now) + attempt + ")"
                : attempt.isEmpty() ? "" : " (" + attempt.substring(2) + ")";
        var detail = step.getDetail().isEmpty() || step.getState() == StepState.RUNNING ? "" : ": " + step.getDetail();
        var text = Steps.symbol(step.getState()) + " " + step.getId() + "  " + step.getTitle() + time + detail;
        return Steps.coloured(step.getState(), Texts.cut(text, 400), style);
    }

    private static String trigger(RollbackStatus status) {
        return status.getTrigger().isEmpty() ? "" : "  because of " + status.getTrigger();
    }

    private String line(RollbackStatus status, Instant at, String text) {
        var offset = Texts.span(Duration.between(status.getStartedAt(), at));
        return Texts.clock(at, zone) + "  " + Texts.pad("+" + offset, 10) + "  " + text;
    }
}
