package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a step, or the compensation of one, stands.
 *
 * @param attempt number of the newest attempt; 0 before the first
 * @param failures attempts that count against the plan's limit; those of dead workers or without a Docker engine do not
 * @param losses attempts that do not count
 * @param startedAt first dispatch
 * @param deadline when the newest attempt is given up, or the open gate expires
 * @param retryAt when the next attempt is due, while waiting
 * @param timeout how long an attempt may take, where an operator changed what the plan says
 * @param approvals operators who approved, of a gate
 * @param detail result or error in one line
 * @param failure why it failed for good
 */
public record StepTrack(
        Status status,
        int attempt,
        int failures,
        int losses,
        boolean cancelRequested,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        @Nullable Instant deadline,
        @Nullable Instant retryAt,
        @Nullable Duration timeout,
        List<String> approvals,
        String detail,
        @Nullable StepResult result,
        @Nullable FailureKind failure) {

    public enum Status {
        PENDING,
        DISPATCHED,
        RUNNING,
        WAITING,
        /** A gate that operators have yet to answer. */
        OPEN,
        /** Out of attempts; an operator is to decide. */
        HELD,
        SUCCEEDED,
        FAILED,
        TOLERATED,
        SKIPPED
    }

    static final StepTrack PENDING =
            new StepTrack(Status.PENDING, 0, 0, 0, false, null, null, null, null, null, List.of(), "", null, null);

    public boolean inFlight() {
        return switch (status) {
            case DISPATCHED, RUNNING -> true;
            case PENDING, WAITING, OPEN, HELD, SUCCEEDED, FAILED, TOLERATED, SKIPPED -> false;
        };
    }

    public boolean over() {
        return switch (status) {
            case SUCCEEDED, FAILED, TOLERATED, SKIPPED -> true;
            case PENDING, DISPATCHED, RUNNING, WAITING, OPEN, HELD -> false;
        };
    }

    /** A step that depends on this one may begin: it succeeded, or it was decided to go on without it. */
    boolean satisfied() {
        return switch (status) {
            case SUCCEEDED, TOLERATED, SKIPPED -> true;
            case PENDING, DISPATCHED, RUNNING, WAITING, OPEN, HELD, FAILED -> false;
        };
    }

    StepTrack dispatched(int number, Instant at, Instant until) {
        var first = startedAt == null ? at : startedAt;
        return new StepTrack(
                Status.DISPATCHED,
                number,
                failures,
                losses,
                false,
                first,
                null,
                until,
                null,
                timeout,
                approvals,
                detail,
                null,
                null);
    }

    StepTrack acknowledged() {
        return still(Status.RUNNING, deadline, retryAt, detail);
    }

    StepTrack cancelling() {
        return new StepTrack(
                status,
                attempt,
                failures,
                losses,
                true,
                startedAt,
                finishedAt,
                deadline,
                retryAt,
                timeout,
                approvals,
                detail,
                null,
                null);
    }

    StepTrack waiting(@Nullable Instant until, boolean uncounted, String message) {
        return new StepTrack(
                Status.WAITING,
                attempt,
                uncounted ? failures : failures + 1,
                uncounted ? losses + 1 : losses,
                false,
                startedAt,
                null,
                null,
                until,
                timeout,
                approvals,
                message,
                null,
                null);
    }

    StepTrack succeeded(Instant at, String message, StepResult outcome) {
        return ended(Status.SUCCEEDED, at, message, outcome, null);
    }

    StepTrack failed(boolean tolerated, Instant at, String message, FailureKind kind) {
        return ended(tolerated ? Status.TOLERATED : Status.FAILED, at, message, null, kind);
    }

    StepTrack skipped(Instant at, String message) {
        return ended(Status.SKIPPED, at, message, null, null);
    }

    StepTrack held(String message) {
        return still(Status.HELD, null, null, message);
    }

    /** What had run out of attempts gets them anew: whoever wants it tried again has mended something. */
    StepTrack renewed() {
        return switch (status) {
            case HELD, FAILED ->
                new StepTrack(
                        Status.HELD,
                        attempt,
                        0,
                        0,
                        false,
                        startedAt,
                        null,
                        null,
                        null,
                        timeout,
                        approvals,
                        detail,
                        null,
                        null);
            case PENDING, DISPATCHED, RUNNING, WAITING, OPEN, SUCCEEDED, TOLERATED, SKIPPED -> this;
        };
    }

    StepTrack limited(Duration limit, @Nullable Instant until) {
        return new StepTrack(
                status,
                attempt,
                failures,
                losses,
                cancelRequested,
                startedAt,
                null,
                until == null ? deadline : until,
                retryAt,
                limit,
                approvals,
                detail,
                null,
                null);
    }

    StepTrack opened(Instant at, Instant until) {
        return new StepTrack(
                Status.OPEN, 1, 0, 0, false, at, null, until, null, timeout, List.of(), detail, null, null);
    }

    StepTrack approvedBy(String operator) {
        var longer = new ArrayList<>(approvals);
        longer.add(operator);
        return new StepTrack(
                status,
                attempt,
                failures,
                losses,
                cancelRequested,
                startedAt,
                null,
                deadline,
                null,
                timeout,
                List.copyOf(longer),
                detail,
                null,
                null);
    }

    StepTrack putOff(Duration by) {
        return still(status, deadline == null ? null : deadline.plus(by), retryAt, detail);
    }

    private StepTrack ended(
            Status end, Instant at, String message, @Nullable StepResult outcome, @Nullable FailureKind kind) {
        return new StepTrack(
                end,
                attempt,
                failures,
                losses,
                cancelRequested,
                startedAt,
                at,
                null,
                null,
                timeout,
                approvals,
                message,
                outcome,
                kind);
    }

    private StepTrack still(Status now, @Nullable Instant until, @Nullable Instant again, String message) {
        return new StepTrack(
                now,
                attempt,
                failures,
                losses,
                cancelRequested,
                startedAt,
                null,
                until,
                again,
                timeout,
                approvals,
                message,
                null,
                null);
    }
}
