package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.TopicReader;
import io.freedom.rollback.ctl.view.ChangeLog;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A command that can follow a rollback to its end. */
abstract class WatchingVerb extends Verb {
    private static final Duration REDRAW = Duration.ofMillis(500);

    /** Follows a rollback that was started just now. */
    final RollbackStatus follow(ControlPlane plane, String rollbackId) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            return follow(reader, Statuses.read(reader), rollbackId);
        }
    }

    /** Waits for the end of one, showing nothing. */
    final void await(ControlPlane plane, String rollbackId) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            follow(reader, Statuses.read(reader), rollbackId, new RollbackView.Silent());
        }
    }

    /** To the end of what it leads to. */
    final RollbackStatus follow(TopicReader reader, Statuses statuses, String rollbackId) {
        var status = followOne(reader, statuses, rollbackId);
        var next = status.getContinuedBy();
        return next == null ? status : follow(reader, statuses, next);
    }

    private RollbackStatus followOne(TopicReader reader, Statuses statuses, String rollbackId) {
        var view = view();
        var goodbye = Thread.ofPlatform().unstarted(() -> interrupted(view, rollbackId));
        Runtime.getRuntime().addShutdownHook(goodbye);
        try {
            return follow(reader, statuses, rollbackId, view);
        } finally {
            Runtime.getRuntime().removeShutdownHook(goodbye);
            view.end();
        }
    }

    private RollbackStatus follow(TopicReader reader, Statuses statuses, String rollbackId, RollbackView view) {
        var status = awaitFirst(reader, statuses, rollbackId);
        view.show(status, now(), Duration.ZERO);
        while (Statuses.isRunning(status)) {
            statuses.apply(reader.poll(REDRAW));
            status = statuses.rollback(rollbackId).orElse(status);
            view.show(status, now(), reader.silence());
        }
        return status;
    }

    private RollbackStatus awaitFirst(TopicReader reader, Statuses statuses, String rollbackId) {
        var end = Instant.now().plus(timeout());
        while (statuses.rollback(rollbackId).isEmpty()) {
            if (Instant.now().isAfter(end)) {
                throw Failure.unreachable(
                        "No status of " + rollbackId + " within " + timeout().toSeconds()
                                + " s: is the orchestrator running? Ask again with: rollbackctl watch " + rollbackId);
            }
            statuses.apply(reader.poll(REDRAW));
        }
        return statuses.rollback(rollbackId).orElseThrow();
    }

    static int exitCode(RollbackStatus status) {
        boolean rolledBack = status.getState() == RollbackState.SUCCEEDED && !Statuses.isFirstOfTwo(status);
        return rolledBack ? ExitCode.OK : ExitCode.FAILED;
    }

    private RollbackView view() {
        if (json()) {
            return new RollbackView.JsonLines(out());
        }
        return surroundings().terminal().interactive()
                ? new RollbackView.Live(out(), surroundings().terminal(), style())
                : new RollbackView.Log(out(), new ChangeLog(zone(), style()));
    }

    private void interrupted(RollbackView view, String rollbackId) {
        view.end();
        err().println();
        err().println("The rollback goes on without you. Watch it again: rollbackctl watch " + rollbackId);
        err().println("Stop and undo it: rollbackctl abort " + rollbackId + " --reason \"…\"");
        err().flush();
    }
}
