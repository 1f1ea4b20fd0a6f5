package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.Objects;

/** Whether a restore point is still as it was taken, and can be restored. Nothing of the platform is touched. */
final class RestorePointCheck {
    private RestorePointCheck() {}

    static void write(PlanDraft plan) {
        var point = Objects.requireNonNull(plan.request.restorePoint());
        var database = Objects.requireNonNull(plan.request.database());
        plan.phase(Phase.ASSESS);
        plan.add(plan.backup.verifyRestorePoint(point, database));
        plan.add(plan.backup.prove(point, database).after("backup.verify-restore-point"));
    }
}
