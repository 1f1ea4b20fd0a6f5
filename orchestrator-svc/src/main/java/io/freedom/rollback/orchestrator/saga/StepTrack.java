package io.freedom.rollback.orchestrator.saga;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a step, or the compensation of one, stands.
 *
 * @param attempt number of the newest attempt; 0 before the first
 * @param failures attempts that count against the plan's limit; those of dead workers do not
 * @param losses attempts of which nothing was heard
 * @param startedAt first dispatch
 * @param deadline when the newest attempt is given up
 * @param retryAt when the next attempt is due, while waiting
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
        String detail,
        @Nullable StepResult result,
        @Nullable FailureKind failure) {

    public enum Status {
        PENDING,
        DISPATCHED,
        RUNNING,
        WAITING,
        SUCCEEDED,
        FAILED,
        TOLERATED,
        SKIPPED
    }

    static final StepTrack PENDING =
            new StepTrack(Status.PENDING, 0, 0, 0, false, null, null, null, null, "", null, null);

    public boolean inFlight() {
        return switch (status) {
            case DISPATCHED, RUNNING -> true;
            case PENDING, WAITING, SUCCEEDED, FAILED, TOLERATED, SKIPPED -> false;
        };
    }

    public boolean over() {
        return switch (status) {
            case SUCCEEDED, FAILED, TOLERATED, SKIPPED -> true;
            case PENDING, DISPATCHED, RUNNING, WAITING -> false;
        };
    }

    /** A step that depends on this one may begin. */
    boolean satisfied() {
        return status == Status.SUCCEEDED || status == Status.TOLERATED;
    }

    StepTrack dispatched(int number, Instant at, Instant until) {
        var first = startedAt == null ? at : startedAt;
        return new StepTrack(
                Status.DISPATCHED, number, failures, losses, false, first, null, until, null, detail, null, null);
    }

    StepTrack acknowledged() {
        return new StepTrack(
                Status.RUNNING,
                attempt,
                failures,
                losses,
                cancelRequested,
                startedAt,
                null,
                deadline,
                null,
                detail,
                null,
                null);
    }

    StepTrack cancelling() {
        return new StepTrack(
                status, attempt, failures, losses, true, startedAt, null, deadline, retryAt, detail, null, null);
    }

    StepTrack waiting(@Nullable Instant until, boolean lost, String message) {
        return new StepTrack(
                Status.WAITING,
                attempt,
                lost ? failures : failures + 1,
                lost ? losses + 1 : losses,
                false,
                startedAt,
                null,
                null,
                until,
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

    private StepTrack ended(
            Status end, Instant at, String message, @Nullable StepResult outcome, @Nullable FailureKind kind) {
        return new StepTrack(
                end, attempt, failures, losses, cancelRequested, startedAt, at, null, null, message, outcome, kind);
    }
}
