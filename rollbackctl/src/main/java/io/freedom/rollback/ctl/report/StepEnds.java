package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.step.PlanStep;

/** How a step stands, in a mark and a line. */
record StepEnds(Mark mark, String text) {

    static StepEnds of(Chronicle chronicle, PlanStep step) {
        var id = step.getId();
        var success = chronicle.success(id, false);
        if (success.isPresent()) {
            var detail = success.get().getDetail();
            var text = detail.isEmpty() ? "done" : detail;
            var full = success.get().getAlreadyApplied() ? text + " (was already so)" : text;
            return chronicle.wasUndone(id) ? new StepEnds(Mark.UNDONE, full + "; undone later") : good(full);
        }
        var failure = chronicle.failure(id, false);
        if (failure.isPresent()) {
            var message = failure.get().getMessage();
            return bad(failure.get().getTolerated() ? message + " (the rollback went on without it)" : message);
        }
        var skip = chronicle.skip(id);
        if (skip.isPresent()) {
            return none("skipped, " + skip.get().getReason());
        }
        return unfinished(chronicle, id, false);
    }

    static StepEnds ofUndoing(Chronicle chronicle, String id) {
        var success = chronicle.success(id, true);
        if (success.isPresent()) {
            var detail = success.get().getDetail();
            return good(detail.isEmpty() ? "undone" : detail);
        }
        var failure = chronicle.failure(id, true);
        return failure.map(failed -> bad(failed.getMessage())).orElseGet(() -> unfinished(chronicle, id, true));
    }

    private static StepEnds unfinished(Chronicle chronicle, String id, boolean undo) {
        boolean begun = !chronicle.attempts(id, undo).isEmpty();
        if (chronicle.finished().isPresent()) {
            return none(begun ? "begun, its end is not in the history" : "not reached");
        }
        if (begun) {
            return new StepEnds(Mark.PENDING, "running");
        }
        return chronicle.isStopping() && !undo ? none("not reached") : new StepEnds(Mark.PENDING, "still to come");
    }

    private static StepEnds good(String text) {
        return new StepEnds(Mark.GOOD, text);
    }

    private static StepEnds bad(String text) {
        return new StepEnds(Mark.BAD, text);
    }

    private static StepEnds none(String text) {
        return new StepEnds(Mark.NONE, text);
    }
}
