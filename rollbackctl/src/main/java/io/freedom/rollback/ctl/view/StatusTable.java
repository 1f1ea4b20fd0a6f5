package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.List;
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
        return table.lines(style);
    }

    private static String took(RollbackStatus r, Instant now) {
        return Texts.span(Duration.between(r.getStartedAt(), r.getFinishedAt() == null ? now : r.getFinishedAt()));
    }

    private static String rto(RollbackStatus r, Instant now) {
        var left = Steps.rtoLeft(r, now);
        if (r.getFinishedAt() != null && r.getState() != RollbackState.SUCCEEDED) {
            return "-";
        }
        return r.getFinishedAt() != null && !left.isNegative() ? "met" : Texts.left(left);
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
