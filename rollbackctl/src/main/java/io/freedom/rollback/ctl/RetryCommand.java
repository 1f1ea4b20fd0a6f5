package io.freedom.rollback.ctl;

import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;

/** {@code rollbackctl retry}. */
@Command(
        name = "retry",
        description = {
            "Begin a further attempt of a step now.",
            "Of one that is held or waits for its next attempt, or in place of the one that runs, which is ended first.",
            "Where undoing has failed, mend what it says and retry that step: undoing goes on."
        })
final class RetryCommand extends StepVerb {
    @Override
    String verb() {
        return "retry";
    }

    @Override
    boolean concerns(RollbackStatus status) {
        return super.concerns(status) || status.getState() == RollbackState.COMPENSATION_FAILED;
    }

    @Override
    SpecificRecord command(String rollbackId, String step) {
        return new RetryStep(rollbackId, step);
    }

    @Override
    String done(String rollbackId, String step) {
        return "A further attempt of " + step + " begins.";
    }
}
