package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl retry}. */
@Command(
        name = "retry",
        description = {
            "Begin a further attempt of a step now.",
            "Of one that is held or waits for its next attempt, or in place of the one that runs, which is ended first.",
            "Where undoing has failed, mend what it says and retry that step: undoing goes on."
        })
final class RetryCommand extends ControlVerb {
    @Parameters(index = "1", paramLabel = "STEP", description = "id of the step")
    private String step = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "why, for the history")
    private String reason = "";

    @Override
    String verb() {
        return "retry";
    }

    @Override
    boolean concerns(RollbackStatus status) {
        return super.concerns(status) || status.getState() == RollbackState.COMPENSATION_FAILED;
    }

    @Override
    int run(ControlPlane plane) {
        var status = running(plane);
        var id = status.getRollbackId();
        var answer = ask(plane, status, required(reason, "--reason"), new RetryStep(id, step));
        return print(
                List.of(answer),
                List.of("A further attempt of " + step + " begins.", "Watch it: rollbackctl watch " + id));
    }
}
