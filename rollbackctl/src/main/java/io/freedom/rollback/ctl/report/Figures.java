package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Figure;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.RollbackFinished;
import java.time.Duration;
import java.util.List;

/** Time to recovery and time without service, against what was promised. */
final class Figures {
    private Figures() {}

    static List<Figure> of(Chronicle chronicle) {
        return List.of(recoveryTime(chronicle), downtime(chronicle));
    }

    private static Figure recoveryTime(Chronicle chronicle) {
        var target = Duration.ofMillis(chronicle.plan().getRto());
        var took = chronicle.took();
        var left = target.minus(took);
        var spare = left.isNegative()
                ? "missed by " + Texts.span(left.negated())
                : "met, " + Texts.span(left) + " to spare";
        return switch (Headlines.state(chronicle)) {
            case SUCCEEDED -> recoveryTime(target, took, spare, left.isNegative() ? Mark.BAD : Mark.GOOD);
            case RUNNING, PAUSED, HELD, AWAITING_APPROVAL, COMPENSATING ->
                recoveryTime(
                        target,
                        took,
                        left.isNegative()
                                ? "passed " + Texts.span(left.negated()) + " ago, still running"
                                : Texts.span(left) + " left",
                        left.isNegative() ? Mark.BAD : Mark.PENDING);
            case REFUSED, COMPENSATED, COMPENSATION_FAILED, ABORTED ->
                recoveryTime(target, took, "not met: the platform was not rolled back", Mark.BAD);
        };
    }

    private static Figure recoveryTime(Duration target, Duration took, String verdict, Mark mark) {
        return new Figure(
                "Recovery time (RTO)",
                target.isZero() ? "none set" : Texts.limit(target.toMillis()),
                Texts.span(took),
                verdict,
                mark);
    }

    private static Figure downtime(Chronicle chronicle) {
        var down = chronicle.downSince();
        if (down == null) {
            return new Figure("Downtime", "none set", "none", "service was never taken down", Mark.GOOD);
        }
        var up = chronicle.upSince();
        var took = chronicle
                .finished()
                .map(RollbackFinished::getDowntime)
                .map(Duration::ofMillis)
                .orElseGet(() -> Duration.between(down, up == null ? chronicle.end() : up));
        if (up != null) {
            var after =
                    "service was back " + Texts.span(Duration.between(chronicle.startedAt(), up)) + " after the start";
            return new Figure("Downtime", "none set", Texts.span(took), after, Mark.GOOD);
        }
        boolean over = chronicle.finished().isPresent();
        return new Figure(
                "Downtime",
                "none set",
                Texts.span(took),
                over ? "service was not back when the rollback ended" : "service is not back yet",
                over ? Mark.BAD : Mark.PENDING);
    }
}
