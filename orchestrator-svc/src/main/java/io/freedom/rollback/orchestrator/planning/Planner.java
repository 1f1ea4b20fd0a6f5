package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Plan;

/** Compiles plans. The same request always gives the same plan. */
public final class Planner {
    private Planner() {}

    public static Plan compile(PlanRequest request) {
        var platform = request.platform();
        var draft = new PlanDraft(request);
        request.scenario().write(draft);
        return Plan.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setScenario(request.scenario().id())
                .setTarget(request.tag())
                .setRestorePoint(request.restorePoint())
                .setRto(platform.rto().toMillis())
                .setDescriptorHash(request.descriptorHash())
                .setSteps(draft.steps())
                .build();
    }
}
