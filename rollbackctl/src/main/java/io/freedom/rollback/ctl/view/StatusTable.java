package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;

/** Rollbacks at a glance, the newest first. */
public final class StatusTable {
    private StatusTable() {}

    public static List<String> lines(List<RollbackStatus> rollbacks, Instant now, ZoneId zone, Style style) {
        var table = new Table("ROLLBACK", "PLATFORM", "SCENARIO", "STATE", "STARTED", "TOOK", "RTO", "NOW");
        rollbacks.stream()
                .sorted(Comparator.comparing(RollbackStatus::getStartedAt).reversed())
                .forEach(r -> table.row(
                        line -> Steps.coloured(r.getState(), line, style),
                        r.getRollbackId(),
                        r.getPlatform(),
                        r.getScenario(),
                        Texts.lower(r.getState()),
                        Texts.moment(r.getStartedAt(), zone),
                        took(r, now),
                        rto(r, now),
                        Texts.cut(current(r), 80)));
        var lines = new ArrayList<>(table.lines(style));
        newest(rollbacks).forEach(r -> lines.addAll(waitsForYou(r, style)));
        return lines;
    }

    /** Of each platform: what failed to be undone long ago is nobody's business any more. */
    private static Collection<RollbackStatus> newest(List<RollbackStatus> rollbacks) {
        return rollbacks.stream()
                .collect(Collectors.toMap(
                        RollbackStatus::getPlatform,
                        r -> r,
                        BinaryOperator.maxBy(Comparator.comparing(RollbackStatus::getStartedAt)),
                        LinkedHashMap::new))
                .values();
    }

    private static List<String> waitsForYou(RollbackStatus r, Style style) {
        var hints = Hints.of(r);
        if (hints.isEmpty()) {
            return List.of();
        }
        var lines = new ArrayList<String>();
        lines.add("");
        var whom = r.getPermit() == null
                ? " waits for you"
                : " waits for its turn at site " + r.getPermit().getSite();
        lines.add(Steps.coloured(r.getState(), r.getRollbackId() + whom, style));
        r.getSteps().stream()
                .filter(step -> step.getState() == StepState.AWAITING_APPROVAL)
                .forEach(gate -> {
                    lines.add("  " + Texts.plain(gate.getTitle() + ", " + gate.getDetail()));
                    lines.addAll(known(r, gate));
                });
        hints.forEach(hint -> lines.add(style.bold("  " + hint)));
        return lines;
    }

    /** What to know before answering: what the gate waited for has found, and what went wrong before. */
    private static List<String> known(RollbackStatus r, StepStatus gate) {
        return r.getSteps().stream()
                .filter(step -> step.getState() == StepState.FAILED
                        || step.getState() == StepState.SUCCEEDED
                                && gate.getDependsOn().contains(step.getId()))
                .map(step -> "    " + (step.getState() == StepState.FAILED ? "Failed: " : "")
                        + Texts.plain(step.getTitle() + ": " + step.getDetail()))
                .toList();
    }

    private static String took(RollbackStatus r, Instant now) {
        return Texts.span(Duration.between(r.getStartedAt(), r.getFinishedAt() == null ? now : r.getFinishedAt()));
    }

    private static String rto(RollbackStatus r, Instant now) {
        var left = Steps.rtoLeft(r, now);
        if (r.getFinishedAt() != null && r.getState() != RollbackState.SUCCEEDED) {
            return "-";
        }
        if (r.getFinishedAt() != null && !left.isNegative()) {
            return "met";
        }
        return Texts.left(left) + (!left.isNegative() && Steps.willMissRto(r) ? ", at risk" : "");
    }

    private static String current(RollbackStatus r) {
        if (Steps.isOver(r.getState())) {
            return r.getReason();
        }
        if (!Hints.of(r).isEmpty()) {
            return r.getReason();
        }
        var active = Steps.active(r);
        return active.isEmpty()
                ? "nothing dispatched"
                : active.stream().map(StepStatus::getTitle).collect(Collectors.joining(", "));
    }
}
