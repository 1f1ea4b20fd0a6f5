package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A rollback as a log: one line for each change between two snapshots, and one when a worker stays silent. */
public final class ChangeLog {
    /** @param answers who has answered a gate, as its detail tells */
    private record Seen(StepState state, int attempt, String answers) {
        static Seen of(StepStatus step) {
            var answers = step.getState() == StepState.AWAITING_APPROVAL ? step.getDetail() : "";
            return new Seen(step.getState(), step.getAttempt(), answers);
        }
    }

    private final ZoneId zone;
    private final Style style;
    private final Map<String, Seen> seen = new HashMap<>();
    private final Map<String, Seen> silent = new HashMap<>();
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
        status.getSteps().forEach(step -> step(status, step, now, lines));
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
        if (before == null || before.getState() != status.getState()) {
            stateLine(status, lines);
        }
        last = status;
        return lines;
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
            case COMPENSATING -> lines.add(line(status, at, style.yellow("↩ undoing what was done" + reason)));
            case SUCCEEDED, REFUSED, COMPENSATED, COMPENSATION_FAILED, ABORTED -> {
                var took = " after " + Texts.span(Duration.between(status.getStartedAt(), at));
                var text = status.getRollbackId() + " " + Steps.meaning(status) + took + reason;
                lines.add(line(status, at, Steps.coloured(status.getState(), text, style)));
            }
        }
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
