package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;

/** Slow answers or high memory: measure, restart what is past its bounds, or all that has some, measure again against the declared bounds. */
final class PerformanceRelief {
    private PerformanceRelief() {}

    static void write(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.container.measureUsage().dispensable());

        plan.phase(Phase.PRESERVE);
        plan.add(plan.container
                .captureLogs()
                .after("container.record-state", "container.usage-before")
                .dispensable());

        ServiceRestart.restart(
                plan,
                plan.container
                        .restartPastBounds(plan.request.services())
                        .with("container.record-state", "container.usage-before"));
    }
}
