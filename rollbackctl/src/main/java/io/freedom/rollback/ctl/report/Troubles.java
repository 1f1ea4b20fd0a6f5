package io.freedom.rollback.ctl.report;

import io.freedom.rollback.ctl.report.Report.Trouble;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.AttemptFailed;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSkipped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Every attempt that failed, with what followed. */
final class Troubles {
    private Troubles() {}

    static List<Trouble> of(Chronicle chronicle) {
        return chronicle.events().stream()
                .map(event -> trouble(chronicle, event))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<Trouble> trouble(Chronicle chronicle, HistoryEvent event) {
        return switch (event.getEvent()) {
            case AttemptFailed e ->
                Optional.of(new Trouble(
                        event.getAt(),
                        step(chronicle, e.getStepId(), e.getCompensation()),
                        e.getAttempt(),
                        e.getLost() ? "lost" : Words.lower(e.getKind()),
                        e.getMessage(),
                        then(chronicle, e, event)));
            // One that was given up without an attempt of its own having failed.
            case StepFailed e
            when chronicle.attempts(e.getStepId(), e.getCompensation()).stream()
                    .noneMatch(attempt -> attempt.failure() != null) ->
                Optional.of(new Trouble(
                        event.getAt(),
                        step(chronicle, e.getStepId(), e.getCompensation()),
                        1,
                        Words.lower(e.getKind()),
                        e.getMessage(),
                        over(chronicle, e.getStepId(), e.getCompensation())));
            case StepSkipped e
            when chronicle.attempts(e.getStepId(), false).isEmpty() ->
                Optional.of(new Trouble(
                        event.getAt(), step(chronicle, e.getStepId(), false), 0, "skipped", e.getReason(), "left out"));
            default -> Optional.empty();
        };
    }

    private static String then(Chronicle chronicle, AttemptFailed failed, HistoryEvent event) {
        var retryAt = failed.getRetryAt();
        if (retryAt == null) {
            return over(chronicle, failed.getStepId(), failed.getCompensation());
        }
        boolean again = chronicle.attempts(failed.getStepId(), failed.getCompensation()).stream()
                .anyMatch(attempt -> attempt.number() > failed.getAttempt());
        var pause = Duration.between(event.getAt(), retryAt);
        if (again) {
            return failed.getLost() ? "sent again" : "tried again after " + Texts.span(pause);
        }
        return chronicle.finished().isPresent() || chronicle.isStopping() ? "not tried again" : "will be tried again";
    }

    private static String over(Chronicle chronicle, String stepId, boolean undo) {
        var failure = chronicle.failure(stepId, undo);
        if (failure.isEmpty()) {
            return "stopped";
        }
        if (failure.get().getTolerated()) {
            return "given up, the rollback went on without it";
        }
        return undo ? "given up, an operator is needed" : "given up, the rollback was undone";
    }

    static String step(Chronicle chronicle, String id, boolean undo) {
        return undo
                ? Undoings.title(chronicle, id)
                : chronicle.step(id).map(step -> step.getTitle()).orElse(id);
    }
}
