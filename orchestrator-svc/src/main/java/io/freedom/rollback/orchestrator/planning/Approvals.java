package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.schemas.action.AwaitApproval;
import io.freedom.rollback.schemas.action.GateExpiry;
import java.nio.file.Path;
import java.util.List;

/** Gates that the platform's policy asks for. Each opens at once, so that operators answer while other steps prepare. */
final class Approvals {
    private Approvals() {}

    /** Ids of what the first step that changes the platform waits for; none where no data are given up. */
    static List<String> ofDataLoss(PlanDraft plan) {
        var restorePoint = plan.request.restorePoint();
        var database = plan.request.database();
        var policy = plan.request.platform().dataLoss();
        if (restorePoint == null || database == null || policy.operators() == 0) {
            return List.of();
        }
        var loss =
                "database %s goes back to restore point %s: what was committed since is given up%s, and kept beside it"
                        .formatted(
                                database.getName(),
                                Path.of(restorePoint).getFileName(),
                                plan.request.migration() == null ? "" : " but for what the export carries over");
        var gate = AwaitApproval.newBuilder()
                .setReasons(List.of(loss))
                .setApprovals(policy.operators())
                .setOnExpiry(policy.approvedUnanswered() ? GateExpiry.APPROVE : GateExpiry.REJECT)
                .setStarterCounts(true)
                .build();
        var id = "orchestrator.approve-data-loss";
        plan.add(step(id, "Approve that data are given up", gate, policy.within()));
        return List.of(id);
    }
}
