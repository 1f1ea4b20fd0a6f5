package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** How the states of steps and rollbacks look, and the words for how far they are. */
final class Steps {
    /** A worker accepts a command in milliseconds and reports every 2 s: after this long something is wrong. */
    static final Duration SILENCE = Duration.ofSeconds(6);

    private Steps() {}

    static String symbol(StepState state) {
        return switch (state) {
            case PENDING -> "·";
            case DISPATCHED -> "○";
            case RUNNING -> "▶";
            case WAITING_TO_RETRY -> "↻";
            case SUCCEEDED -> "✔";
            case FAILED -> "✘";
            case SKIPPED -> "–";
            case COMPENSATING -> "↩";
            case COMPENSATED -> "↶";
            case COMPENSATION_FAILED -> "‼";
            case AWAITING_APPROVAL -> "?";
            case HELD -> "■";
        };
    }

    static String coloured(StepState state, String text, Style style) {
        return switch (state) {
            case PENDING, SKIPPED -> style.dim(text);
            case DISPATCHED, RUNNING -> style.cyan(text);
            case WAITING_TO_RETRY, COMPENSATING, COMPENSATED, AWAITING_APPROVAL -> style.yellow(text);
            case SUCCEEDED -> style.green(text);
            case FAILED, COMPENSATION_FAILED, HELD -> style.red(text);
        };
    }

    static String coloured(RollbackState state, String text, Style style) {
        return switch (state) {
            case RUNNING -> style.cyan(text);
            case SUCCEEDED -> style.green(text);
            case COMPENSATING, COMPENSATED, REFUSED, PAUSED, AWAITING_APPROVAL -> style.yellow(text);
            case COMPENSATION_FAILED, HELD, ABORTED -> style.red(text);
        };
    }

    static boolean isActive(StepState state) {
        return switch (state) {
            case DISPATCHED, RUNNING, WAITING_TO_RETRY, COMPENSATING, AWAITING_APPROVAL, HELD -> true;
            case PENDING, SUCCEEDED, FAILED, SKIPPED, COMPENSATED, COMPENSATION_FAILED -> false;
        };
    }

    static boolean isOver(StepState state) {
        return state != StepState.PENDING && !isActive(state);
    }

    static String took(StepStatus step, Instant now) {
        if (step.getStartedAt() == null) {
            return "";
        }
        var end = step.getFinishedAt() == null ? now : step.getFinishedAt();
        return Texts.span(Duration.between(step.getStartedAt(), end));
    }

    /** Progress while a step runs, its result or error afterwards; whom it waits for when nobody answers. */
    static String detail(StepStatus step, RollbackStatus status, Instant now) {
        var silence = silence(step, status, now);
        if (!silence.isEmpty()) {
            return silence;
        }
        if (isActive(step.getState()) && (step.getTotal() > 0 || step.getDone() > 0)) {
            var progress = bar(step);
            return step.getDetail().isEmpty() ? progress : progress + "  " + step.getDetail();
        }
        return step.getDetail();
    }

    private static String silence(StepStatus step, RollbackStatus status, Instant now) {
        var since = switch (step.getState()) {
            // The snapshot may be much newer than the dispatch, when other steps run beside.
            case DISPATCHED ->
                step.getStartedAt() == null || step.getAttempt() > 1 ? status.getAt() : step.getStartedAt();
            // While a step runs its worker's progress makes a new snapshot every 2 s.
            case RUNNING, COMPENSATING -> status.getAt();
            case PENDING,
                    WAITING_TO_RETRY,
                    AWAITING_APPROVAL,
                    HELD,
                    SUCCEEDED,
                    FAILED,
                    SKIPPED,
                    COMPENSATED,
                    COMPENSATION_FAILED -> now;
        };
        var silent = Duration.between(since, now);
        return silent.compareTo(SILENCE) < 0
                ? ""
                : "waiting for the " + Texts.lower(step.getWorker()) + " worker (no answer for " + Texts.span(silent)
                        + ")";
    }

    private static String bar(StepStatus step) {
        if (step.getTotal() <= 0) {
            return progress(step);
        }
        int filled = percent(step) / 10;
        return "█".repeat(filled)
                + "░".repeat(10 - filled)
                + String.format(Locale.ROOT, " %3d %%  ", percent(step))
                + progress(step);
    }

    /** How far a step is, in words for a log; empty when its worker has told nothing yet. */
    static String reached(StepStatus step) {
        if (step.getTotal() <= 0 && step.getDone() <= 0) {
            return step.getDetail();
        }
        var reached = step.getTotal() > 0 ? percent(step) + " %, " + progress(step) : progress(step);
        return step.getDetail().isEmpty() ? reached : reached + ", " + step.getDetail();
    }

    private static String progress(StepStatus step) {
        boolean bytes = step.getUnit().equals("bytes");
        var done = bytes ? Texts.size(step.getDone()) : String.valueOf(step.getDone());
        if (step.getTotal() <= 0) {
            return bytes ? done : done + " " + step.getUnit();
        }
        var total = bytes ? Texts.size(step.getTotal()) : step.getTotal() + " " + step.getUnit();
        return done + " of " + total;
    }

    private static int percent(StepStatus step) {
        return (int) Math.min(100, step.getDone() * 100.0 / step.getTotal());
    }

    static Duration rtoLeft(RollbackStatus status, Instant now) {
        var end = status.getFinishedAt() == null ? now : status.getFinishedAt();
        return Duration.ofMillis(status.getRto()).minus(Duration.between(status.getStartedAt(), end));
    }

    /** When it is probably over, counted from {@code at}; empty where that is not known, or no news any more. */
    static String expected(RollbackStatus status, Instant at) {
        var end = status.getExpectedEnd();
        if (end == null || isOver(status.getState())) {
            return "";
        }
        var left = Duration.between(at, end);
        return left.toMillis() < 1000 ? "over any moment" : "over in about " + Texts.span(left);
    }

    /** By what is expected now. */
    static boolean willMissRto(RollbackStatus status) {
        var end = status.getExpectedEnd();
        return end != null && end.isAfter(status.getStartedAt().plusMillis(status.getRto()));
    }

    static boolean isOver(RollbackState state) {
        return switch (state) {
            case RUNNING, COMPENSATING, PAUSED, HELD, AWAITING_APPROVAL -> false;
            case SUCCEEDED, REFUSED, COMPENSATED, COMPENSATION_FAILED, ABORTED -> true;
        };
    }

    /** What an outcome means, and what to do. */
    static String meaning(RollbackStatus status) {
        return switch (status.getState()) {
            case RUNNING -> "is running";
            case COMPENSATING -> "is being undone";
            case SUCCEEDED -> "succeeded";
            case REFUSED -> "was refused before anything was touched";
            case COMPENSATED ->
                status.getDifferences().isEmpty()
                        ? "was undone: the platform is as it was before"
                        : "was undone, but the platform is NOT AS BEFORE";
            case COMPENSATION_FAILED -> "failed and could not be undone: the platform needs you now";
            case PAUSED -> "is paused";
            case HELD -> "is held: a step failed, and you decide";
            case AWAITING_APPROVAL -> "waits for approval";
            case ABORTED -> "was aborted and left as it is: the platform is yours to mend";
        };
    }

    static List<StepStatus> active(RollbackStatus status) {
        return status.getSteps().stream().filter(s -> isActive(s.getState())).toList();
    }
}
