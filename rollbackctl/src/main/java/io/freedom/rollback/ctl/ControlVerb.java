package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.status.StepState;
import io.freedom.rollback.schemas.status.StepStatus;
import java.util.List;
import java.util.Locale;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** A command for a rollback. Whether it makes sense, the orchestrator knows. */
abstract class ControlVerb extends WatchingVerb {
    @Parameters(index = "0", paramLabel = "ROLLBACK|PLATFORM", description = "rollback id, or a platform's name")
    private String what = "";

    /** The rollback, as its last snapshot has it. */
    final RollbackStatus running(ControlPlane plane) {
        try (var reader = plane.read(List.of(plane.topics().status()))) {
            var status = Statuses.read(reader).find(what);
            if (!concerns(status)) {
                throw Failure.rejected(status.getRollbackId() + " is over ("
                        + status.getState().name().toLowerCase(Locale.ROOT) + "): there is nothing to "
                        + verb());
            }
            return status;
        }
    }

    /** Whether there is anything to do for a rollback in that state. */
    boolean concerns(RollbackStatus status) {
        return Statuses.isRunning(status);
    }

    /** As in "there is nothing to …". */
    abstract String verb();

    final HistoryEvent ask(ControlPlane plane, RollbackStatus status, @Nullable String reason, SpecificRecord command) {
        return request(plane).ask(status.getPlatform(), reason, command);
    }

    /** The gate that is meant, where none is named and only one is open. */
    static String gate(RollbackStatus status, @Nullable String named) {
        if (named != null) {
            return named;
        }
        var open = status.getSteps().stream()
                .filter(step -> step.getState() == StepState.AWAITING_APPROVAL)
                .map(StepStatus::getId)
                .toList();
        return switch (open.size()) {
            case 0 ->
                throw Failure.rejected("No gate of " + status.getRollbackId()
                        + " is open. See what it waits for: rollbackctl status " + status.getRollbackId());
            case 1 -> open.getFirst();
            default -> throw Failure.rejected("Several gates are open, name one: " + String.join(", ", open));
        };
    }
}
