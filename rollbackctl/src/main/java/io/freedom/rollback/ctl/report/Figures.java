package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Figure;
import io.freedom.rollback.ctl.view.Expectation;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.RtoAtRisk;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.step.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Time to recovery and time without service, against what was promised. */
final class Figures {
    private Figures() {}

    static List<Figure> of(Chronicle chronicle) {
        var figures = new ArrayList<>(List.of(recoveryTime(chronicle), downtime(chronicle)));
        expectedTime(chronicle).ifPresent(figures::add);
        foreseen(chronicle).ifPresent(figures::add);
        return figures;
    }

    /** What the plan was expected to take, by what its steps took before; without what tidies up at the end. */
    private static Optional<Figure> expectedTime(Chronicle chronicle) {
        if (Headlines.state(chronicle) != RollbackState.SUCCEEDED) {
            return Optional.empty(); // what ended early was not quick
        }
        return Expectation.total(chronicle.plan()).map(expected -> {
            var last = chronicle.plan().getSteps().stream()
                    .filter(step -> step.getPhase() != Phase.FINISH)
                    .flatMap(step -> chronicle.attempts(step.getId(), false).stream())
                    .flatMap(attempt -> Stream.ofNullable(attempt.endedAt()))
                    .max(Comparator.naturalOrder())
                    .orElse(chronicle.end());
            var took = Duration.between(chronicle.startedAt(), last);
            var longer = took.minus(expected);
            return new Figure(
                    "Time until validated, as expected",
                    Texts.span(expected),
                    Texts.span(took),
                    longer.isNegative()
                            ? Texts.span(longer.negated()) + " quicker than before"
                            : Texts.span(longer) + " longer than before",
                    Mark.NONE);
        });
    }

    private static Optional<Figure> foreseen(Chronicle chronicle) {
        return chronicle.events().stream()
                .filter(event -> event.getEvent() instanceof RtoAtRisk)
                .findFirst()
                .map(event -> {
                    var risk = (RtoAtRisk) event.getEvent();
                    var end = risk.getPredictedEnd();
                    var early = Duration.between(event.getAt(), risk.getDeadline());
                    return new Figure(
                            "RTO at risk, foreseen",
                            "–",
                            end == null
                                    ? "not known when"
                                    : "end after " + Texts.span(Duration.between(chronicle.startedAt(), end)),
                            early.isNegative()
                                    ? "said " + Texts.span(early.negated()) + " after the RTO had passed"
                                    : "said " + Texts.span(early) + " before the RTO would pass",
                            Mark.BAD);
                });
    }

    private static Figure recoveryTime(Chronicle chronicle) {
        var target = Duration.ofMillis(chronicle.plan().getRto());
        var took = chronicle.plan().getDrillOf() == null ? chronicle.took() : chronicle.played();
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
