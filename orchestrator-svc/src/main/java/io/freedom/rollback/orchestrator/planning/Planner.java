package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import java.util.List;

/** Compiles plans. The same request always gives the same plan. */
public final class Planner {
    private Planner() {}

    public static Plan compile(PlanRequest request) {
        var platform = request.platform();
        return Plan.newBuilder()
                .setPlatform(platform.name())
                .setSite(platform.site())
                .setScenario(request.scenario().id())
                .setTarget(request.tag())
                .setRestorePoint(request.restorePoint())
                .setRto(platform.rto().toMillis())
                .setDescriptorHash(request.descriptorHash())
                .setIncidentClass(request.incident())
                .setSteps(steps(request))
                .build();
    }

    private static List<PlanStep> steps(PlanRequest request) {
        var runbook = new Runbook(request);
        return switch (request.scenario()) {
            case FULL_ROLLBACK ->
                runbook.assess()
                        .prepareImages()
                        .preserve()
                        .shutDown()
                        .revert()
                        .recover()
                        .validate()
                        .finish()
                        .steps();
            case RESTORE_POINT -> runbook.assess().preserve().steps();
            case PLATFORM_CHECK -> runbook.check().steps();
        };
    }
}
