package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Row;
import io.freedom.rollback.ctl.report.Report.Undoing;
import java.util.List;

/** What was to be undone, in the order in which it was. */
final class Undoings {
    private Undoings() {}

    static List<Undoing> of(Chronicle chronicle) {
        return rows(chronicle).stream()
                .map(row -> new Undoing(row.stepId(), row.title(), row.mark(), row.result()))
                .toList();
    }

    static List<Row> rows(Chronicle chronicle) {
        return chronicle
                .compensation()
                .map(compensation -> compensation.getSteps().stream()
                        .map(id -> row(chronicle, id))
                        .toList())
                .orElse(List.of());
    }

    private static Row row(Chronicle chronicle, String id) {
        var ends = StepEnds.ofUndoing(chronicle, id);
        return new Row(id, title(chronicle, id), ends.mark(), ends.text(), Timelines.bars(chronicle, id, true), null);
    }

    static String title(Chronicle chronicle, String id) {
        return chronicle
                .step(id)
                .map(step -> step.getCompensation() == null
                        ? "Undo: " + step.getTitle()
                        : step.getCompensation().getTitle())
                .orElse("Undo " + id);
    }
}
