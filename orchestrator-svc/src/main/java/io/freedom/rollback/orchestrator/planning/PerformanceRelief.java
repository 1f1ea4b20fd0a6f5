package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;

/** Slow answers or high memory: measure, restart what has bounds, measure again against the declared bounds. */
final class PerformanceRelief {
    private PerformanceRelief() {}

    static void write(PlanDraft plan) {
        var services = plan.request.services();

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.container.measureUsage().dispensable());

        plan.phase(Phase.PRESERVE);
        plan.add(plan.container
                .captureLogs()
                .after("container.record-state", "container.usage-before")
                .dispensable());

        plan.phase(Phase.RECOVER);
        plan.add(plan.container
                .restart(services)
                .after("container.capture-logs")
                .with("container.record-state")
                .takesServiceDown()
                .undoneBy(plan.container.bringBackThoseRecorded(services), "container.record-state"));
        plan.add(plan.container
                .awaitHealthyAsRecorded(services)
                .after("container.restart")
                .bringsServiceBack());

        Validation.ofServices(plan, services);
        Validation.letGo(plan);
    }
}
