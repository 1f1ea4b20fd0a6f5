package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.worker.StepContext;

/** A step that restores for a purpose of its own, maybe another platform's restore point: databases are named by that. */
record Purposed(StepContext step, String platform, String rollbackId) implements DelegatedStep {
    static StepContext of(StepContext step, RestoreDatabase action) {
        var platform = action.getPlatform();
        var purpose = action.getPurpose();
        return platform == null && purpose == null
                ? step
                : new Purposed(
                        step,
                        platform == null ? step.platform() : platform,
                        step.rollbackId() + (purpose == null ? "" : "-" + purpose));
    }
}
