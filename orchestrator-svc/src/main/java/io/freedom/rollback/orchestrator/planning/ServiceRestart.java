package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;

/** A failed service: restart it, and prove that the platform is well. Nothing is rolled back. */
final class ServiceRestart {
    private ServiceRestart() {}

    static void write(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());

        plan.phase(Phase.PRESERVE);
        plan.add(plan.container.captureLogs().after("container.record-state").dispensable());

        restart(plan, plan.container.restart(plan.request.services()).with("container.record-state"));
    }

    /** From the restart on, once the logs are kept. */
    static void restart(PlanDraft plan, PlannedStep restart) {
        var services = plan.request.services();

        plan.phase(Phase.RECOVER);
        plan.add(restart.after("container.capture-logs")
                .takesServiceDown()
                .undoneBy(plan.container.bringBackThoseRecorded(services), "container.record-state"));
        plan.add(plan.container
                .awaitHealthyAsRecorded(services)
                .after("container.restart")
                .bringsServiceBack());

        Validation.ofServices(plan, services);
        Validation.end(plan, services);
        Validation.letGo(plan);
    }
}
