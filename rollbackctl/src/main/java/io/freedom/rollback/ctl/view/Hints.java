package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.step.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What an operator may type next, where a rollback waits for one. */
final class Hints {
    private static final String REASON = " --reason \"…\"";

    private Hints() {}

    /** Empty while nobody is needed. */
    static List<String> of(RollbackStatus status) {
        if (status.getPermit() != null && status.getState() == RollbackState.RUNNING) {
            return turn(status);
        }
        return switch (status.getState()) {
            case PAUSED, HELD, AWAITING_APPROVAL -> hints(status);
            case COMPENSATION_FAILED -> undo(status);
            case RUNNING, COMPENSATING, SUCCEEDED, REFUSED, COMPENSATED, ABORTED -> List.of();
        };
    }

    /** It has not begun, and does when its turn at the site comes. */
    private static List<String> turn(RollbackStatus status) {
        var kind = status.getIncidentClass() == null
                ? ""
                : " --class "
                        + status.getIncidentClass()
                                .name()
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-');
        return List.of(
                "Start it at once: rollbackctl start " + status.getPlatform() + kind + REASON,
                "Do not start it: rollbackctl abort " + status.getRollbackId() + REASON);
    }

    private static List<String> undo(RollbackStatus status) {
        return status.getSteps().stream()
                .filter(step -> step.getState() == StepState.COMPENSATION_FAILED)
                .flatMap(step -> {
                    var named = status.getRollbackId() + " " + step.getId() + REASON;
                    return Stream.of(
                            "Mend what it says, then go on undoing: rollbackctl retry " + named,
                            "Go on without undoing this step: rollbackctl skip " + named);
                })
                .toList();
    }

    private static List<String> hints(RollbackStatus status) {
        var id = status.getRollbackId();
        var hints = new ArrayList<String>();
        boolean paused = status.getState() == RollbackState.PAUSED;
        if (paused) {
            hints.add("Go on: rollbackctl resume " + id);
        }
        for (var step : status.getSteps()) {
            var named = id + " " + step.getId();
            if (step.getState() == StepState.AWAITING_APPROVAL) {
                hints.add("Approve: rollbackctl approve " + named);
                hints.add("Reject: rollbackctl reject " + named + REASON);
            }
            if (step.getState() == StepState.HELD) {
                boolean gate = step.getWorker() == Worker.ORCHESTRATOR;
                if (!paused) {
                    hints.add((gate ? "Ask again" : "Try again") + ": rollbackctl retry " + named + REASON);
                }
                if (!gate) {
                    hints.add("Go on without it: rollbackctl skip " + named + REASON);
                }
            }
        }
        if (status.getIncidentClass() == IncidentClass.SECURITY_BREACH) {
            hints.add("Stop and leave it as it is: rollbackctl abort " + id + " --leave-as-is" + REASON);
            hints.add("Stop and go back INTO THE BREACHED STATE: rollbackctl abort " + id + REASON);
        } else {
            hints.add("Stop and undo: rollbackctl abort " + id + REASON);
        }
        return hints;
    }
}
