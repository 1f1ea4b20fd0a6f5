package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.StepCommand;

/** What attempts of the same work share: a step and its compensation exclude each other. */
record StepKey(String rollbackId, String stepId) {
    static StepKey of(StepCommand command) {
        return new StepKey(command.getRollbackId(), command.getStepId());
    }
}
