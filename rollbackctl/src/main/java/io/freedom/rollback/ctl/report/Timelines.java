package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Bar;
import io.freedom.rollback.ctl.report.Report.Lane;
import io.freedom.rollback.ctl.report.Report.LaneKind;
import io.freedom.rollback.ctl.report.Report.Row;
import io.freedom.rollback.ctl.report.Report.Span;
import io.freedom.rollback.ctl.report.Report.Timeline;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Every step of the plan with its attempts, by phase, and what was undone below them. */
final class Timelines {
    private Timelines() {}

    static Timeline of(Chronicle chronicle) {
        var lanes = new ArrayList<Lane>();
        for (var phase : Phase.values()) {
            var rows = chronicle.plan().getSteps().stream()
                    .filter(step -> step.getPhase() == phase)
                    .map(step -> row(chronicle, step))
                    .toList();
            if (!rows.isEmpty()) {
                lanes.add(new Lane(Texts.phase(phase), kind(phase), rows));
            }
        }
        var undone = Undoings.rows(chronicle);
        if (!undone.isEmpty()) {
            lanes.add(new Lane("Undoing", LaneKind.UNDO, undone));
        }
        var from = chronicle.downSince();
        var down = from == null
                ? null
                : new Span(from, chronicle.upSince() == null ? chronicle.finishedAt() : chronicle.upSince());
        return new Timeline(chronicle.startedAt(), chronicle.end(), down, lanes);
    }

    private static Row row(Chronicle chronicle, PlanStep step) {
        var ends = StepEnds.of(chronicle, step);
        return new Row(
                step.getId(),
                step.getTitle(),
                ends.mark(),
                ends.text(),
                bars(chronicle, step.getId(), false),
                step.getExpected() == 0 ? null : Duration.ofMillis(step.getExpected()));
    }

    static List<Bar> bars(Chronicle chronicle, String stepId, boolean undo) {
        return chronicle.attempts(stepId, undo).stream()
                .map(attempt -> bar(attempt, chronicle))
                .toList();
    }

    private static Bar bar(Attempt attempt, Chronicle chronicle) {
        var failure = attempt.failure();
        var success = attempt.success();
        // What was out when the rollback ended, ended with it.
        var end = attempt.endedAt() == null ? chronicle.finishedAt() : attempt.endedAt();
        var text = failure != null ? failure.getMessage() : success != null ? success.getDetail() : "running";
        return new Bar(attempt.number(), attempt.begunAt(), end, failure != null, text);
    }

    private static LaneKind kind(Phase phase) {
        return switch (phase) {
            case ASSESS -> LaneKind.ASSESS;
            case PRESERVE -> LaneKind.PRESERVE;
            case SHUT_DOWN -> LaneKind.SHUT_DOWN;
            case REVERT -> LaneKind.REVERT;
            case RECOVER -> LaneKind.RECOVER;
            case VALIDATE -> LaneKind.VALIDATE;
            case FINISH -> LaneKind.FINISH;
        };
    }
}
