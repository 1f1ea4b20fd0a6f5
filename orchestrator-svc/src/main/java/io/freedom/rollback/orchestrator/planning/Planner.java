package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Plan;

/** Compiles plans. The same request always gives the same plan. */
public final class Planner {
    private Planner() {}

    public static Plan compile(PlanRequest request) {
        var platform = request.platform();
        var draft = new PlanDraft(request);
        request.scenario().write(draft);
        Approvals.ofChanges(request).ifPresent(draft::gateChanges);
        var point = request.point();
        return Plan.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setScenario(request.scenario().id())
                .setTarget(request.scenario().touchesGit() ? request.tag() : null)
                .setServices(request.services())
                .setRestorePoint(request.restorePoint())
                .setRestorePointTakenAt(point == null ? null : point.getTakenAt())
                .setRpo(platform.database() == null ? 0 : platform.rpo().toMillis())
                .setRto(request.scenario().rto(platform).toMillis())
                .setDescriptorHash(request.descriptorHash())
                .setIncidentClass(request.incident())
                .setSteps(draft.steps())
                .build();
    }
}
