package io.freedom.rollback.ctl;

import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.status.RollbackState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;

/** {@code rollbackctl skip}. */
@Command(
        name = "skip",
        description = {
            "Go on without a step that does not run: held, waiting for its next attempt, or not yet begun.",
            "Refused where another step needs its result. Where undoing has failed, go on without undoing that step."
        })
final class SkipCommand extends StepVerb {
    @Override
    String verb() {
        return "skip";
    }

    @Override
    boolean concerns(RollbackStatus status) {
        return super.concerns(status) || status.getState() == RollbackState.COMPENSATION_FAILED;
    }

    @Override
    SpecificRecord command(String rollbackId, String step) {
        return new SkipStep(rollbackId, step);
    }

    @Override
    String done(String rollbackId, String step) {
        return rollbackId + " goes on without " + step + ".";
    }
}
