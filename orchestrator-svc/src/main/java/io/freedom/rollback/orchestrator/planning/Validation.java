package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;

/** Phase 6 of the partial scenarios, and what follows once service is back. */
final class Validation {
    private Validation() {}

    static void ofPlatform(PlanDraft plan) {
        ofServices(plan, List.of());
    }

    /** @param services whose logs must be clean: others may complain of the time without them; all when empty */
    static void ofServices(PlanDraft plan, List<String> services) {
        var recovered = plan.idsOf(Phase.RECOVER);
        plan.phase(Phase.VALIDATE);
        plan.add(plan.health.files().after(recovered));
        plan.health.probes().forEach(probe -> plan.add(probe.after(recovered)));
        if (plan.container.hasBounds(services)) {
            plan.add(plan.container.checkUsage(services).after(recovered));
        }
        plan.add(
                plan.health.scanLogs(services).after(plan.idsOf(Phase.VALIDATE)).with("container.record-state"));
    }

    /** Last of all. @param services those that were awaited before; all that ran when empty */
    static void end(PlanDraft plan, List<String> services) {
        plan.phase(Phase.VALIDATE);
        plan.add(plan.container.seeThatTheyRun(services).after(plan.idsOf(Phase.VALIDATE)));
    }

    /** For the loss statement, once service is back. Where volumes went, the replaced databases went with them. */
    static void stateLoss(PlanDraft plan) {
        var request = plan.request;
        var database = request.database();
        boolean kept = request.restorePoint() != null && !request.isReset() && !request.rebuildsDatabase();
        if (database != null && kept) {
            var validated = plan.idsOf(Phase.VALIDATE);
            plan.phase(Phase.FINISH);
            plan.add(plan.backup
                    .countReplaced(database)
                    .after(validated)
                    .with("backup.restore-database")
                    .dispensable());
        }
    }

    /** Where no image was replaced. */
    static void letGo(PlanDraft plan) {
        var validated = plan.idsOf(Phase.VALIDATE);
        plan.phase(Phase.FINISH);
        plan.add(plan.container.removeGuards().after(validated).dispensable());
    }

    /** Where images were. */
    static void tidyUp(PlanDraft plan) {
        var before = new ArrayList<>(plan.idsOf(Phase.VALIDATE));
        before.addAll(plan.idsOf(Phase.FINISH));
        plan.phase(Phase.FINISH);
        plan.add(plan.container.pruneImages().after(before).dispensable());
    }
}
