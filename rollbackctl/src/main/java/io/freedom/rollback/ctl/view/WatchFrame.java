package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import io.freedom.rollback.schemas.step.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** One picture of a rollback that fits a terminal: what is over is folded first, then what has not begun. */
public final class WatchFrame {
    private final RollbackStatus status;
    private final Instant now;
    private final int width;
    private final Style style;

    private WatchFrame(RollbackStatus status, Instant now, int width, Style style) {
        this.status = status;
        this.now = now;
        this.width = width;
        this.style = style;
    }

    /**
     * The lines, without line ends.
     *
     * @param height most lines; when even the folded picture is taller, its end is cut
     */
    public static List<String> lines(RollbackStatus status, Instant now, int width, int height, Style style) {
        var frame = new WatchFrame(status, now, width, style);
        var lines = frame.lines(false, false);
        if (lines.size() > height) {
            lines = frame.lines(true, false);
        }
        if (lines.size() > height) {
            lines = frame.lines(true, true);
        }
        if (lines.size() > height) {
            int hidden = lines.size() - height + 1;
            lines = new ArrayList<>(lines.subList(0, Math.max(0, height - 1)));
            lines.add(style.dim("… " + hidden + " more lines: enlarge the terminal"));
        }
        return lines;
    }

    /** What is to be known while no broker answers. */
    public static List<String> away(Duration silence, int width, Style style) {
        return Texts.wrap(away(silence), width).stream().map(style::red).toList();
    }

    public static String away(Duration silence) {
        return "Kafka has not answered for " + silence.toSeconds()
                + " s: this is from before, and workers change nothing meanwhile; it goes on by itself";
    }

    private List<String> lines(boolean foldOver, boolean foldPending) {
        var lines = new ArrayList<>(head());
        for (var phase : Phase.values()) {
            var steps = status.getSteps().stream()
                    .filter(s -> s.getPhase() == phase)
                    .toList();
            if (steps.isEmpty()) {
                continue;
            }
            lines.add(phaseLine(phase, steps));
            boolean over = steps.stream().allMatch(s -> isQuiet(s.getState()));
            boolean pending = steps.stream().allMatch(s -> s.getState() == StepState.PENDING);
            if (!(over && foldOver) && !(pending && foldPending)) {
                steps.forEach(step -> lines.add(stepLine(step)));
            }
        }
        if (Steps.isOver(status.getState())) {
            lines.add("");
            Texts.wrap(outcome(), width).forEach(line -> lines.add(Steps.coloured(status.getState(), line, style)));
        }
        return lines;
    }

    /** Over, and nothing to worry about: errors stay in the picture. */
    private static boolean isQuiet(StepState state) {
        return state == StepState.SUCCEEDED || state == StepState.SKIPPED || state == StepState.COMPENSATED;
    }

    private List<String> head() {
        var state = Texts.lower(status.getState());
        var title = status.getPlatform() + "  " + Texts.aim(status.getScenario(), status.getTarget()) + "  "
                + status.getRollbackId() + "  ";
        var lines = new ArrayList<String>();
        lines.add(style.bold(Texts.cut(title, width - state.length() - 2)) + "  "
                + Steps.coloured(status.getState(), state, style));
        if (!status.getTrigger().isEmpty()) {
            lines.add(Texts.cut("because of " + status.getTrigger(), width));
        }
        lines.addAll(clocks());
        lines.addAll(waitsForYou());
        lines.add("");
        return lines;
    }

    /** Why nothing goes on, what gates ask, and the commands to type. */
    private List<String> waitsForYou() {
        var hints = Hints.of(status);
        if (hints.isEmpty()) {
            return List.of();
        }
        var lines = new ArrayList<String>();
        lines.add("");
        Texts.wrap(status.getReason(), width)
                .forEach(line -> lines.add(Steps.coloured(status.getState(), line, style)));
        status.getSteps().stream()
                .filter(step -> step.getState() == StepState.AWAITING_APPROVAL)
                .forEach(gate -> Texts.wrap(gate.getTitle() + ", " + gate.getDetail(), width)
                        .forEach(line -> lines.add(style.yellow(line))));
        // A command that is cut cannot be typed.
        hints.forEach(hint -> Texts.wrap(hint, width).forEach(line -> lines.add(style.bold(line))));
        return lines;
    }

    private List<String> clocks() {
        var end = status.getFinishedAt() == null ? now : status.getFinishedAt();
        var elapsed = Texts.span(Duration.between(status.getStartedAt(), end));
        var left = Steps.rtoLeft(status, now);
        var expected = Steps.expected(status, now);
        var rto = "RTO " + Texts.limit(status.getRto()) + ", " + Texts.left(left)
                + (expected.isEmpty() ? "" : " · " + expected);
        var first = Texts.cut("took " + elapsed + " · " + downtime(), width);
        var warned = left.isNegative() || Steps.willMissRto(status) ? style.red(rto) : rto;
        boolean fits = first.length() + 3 + rto.length() <= width;
        return fits ? List.of(first + " · " + warned) : List.of(first, warned);
    }

    private String downtime() {
        var downSince = status.getDownSince();
        if (downSince == null) {
            return "no downtime so far";
        }
        var upSince = status.getUpSince();
        return upSince == null
                ? "DOWN for " + Texts.span(Duration.between(downSince, now))
                : "downtime " + Texts.span(Duration.between(downSince, upSince));
    }

    private String phaseLine(Phase phase, List<StepStatus> steps) {
        long over = steps.stream().filter(s -> Steps.isOver(s.getState())).count();
        var states = steps.stream().map(StepStatus::getState).collect(Collectors.toSet());
        var text = Texts.pad(Texts.phase(phase), 16) + over + "/" + steps.size();
        if (states.contains(StepState.FAILED) || states.contains(StepState.COMPENSATION_FAILED)) {
            return style.bold(style.red(text));
        }
        return states.equals(Set.of(StepState.PENDING)) ? style.dim(text) : style.bold(text);
    }

    private String stepLine(StepStatus step) {
        int titles = Math.min(width / 2, longestTitle());
        var title = Texts.pad(Texts.cut(step.getTitle(), titles), titles);
        var took = Texts.pad(Steps.took(step, now), 9);
        var attempt = step.getAttempt() > 1 ? "attempt " + step.getAttempt() + "  " : "";
        var before = "  " + Steps.symbol(step.getState()) + " " + title + "  " + took + "  ";
        var detail = Texts.cut(attempt + Steps.detail(step, status, now), width - before.length());
        var shown = "  " + Steps.coloured(step.getState(), Steps.symbol(step.getState()), style) + " "
                + (step.getState() == StepState.PENDING ? style.dim(title) : title) + "  " + took + "  ";
        boolean failed = step.getState() == StepState.FAILED || step.getState() == StepState.COMPENSATION_FAILED;
        return (shown + (failed ? style.red(detail) : detail)).stripTrailing();
    }

    private int longestTitle() {
        return status.getSteps().stream()
                .mapToInt(s -> s.getTitle().length())
                .max()
                .orElse(0);
    }

    private String outcome() {
        var reason = status.getReason().isEmpty() ? "" : ": " + status.getReason();
        return status.getRollbackId() + " " + Steps.meaning(status) + reason;
    }
}
