package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;

/** A model service that fails: its image is built anew from the present work tree, its containers are made anew. */
final class ModelReset {
    private ModelReset() {}

    static void write(PlanDraft plan) {
        var services = plan.request.services();

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.container.buildPresent(services).after("container.record-state"));

        plan.phase(Phase.PRESERVE);
        plan.add(plan.container.captureLogs().after("container.record-state").dispensable());

        plan.phase(Phase.SHUT_DOWN);
        plan.add(plan.container
                .stop(services)
                .after("container.prepare-images", "container.capture-logs")
                .takesServiceDown()
                .undoneBy(plan.container.bringBackThoseRecorded(services), "container.record-state"));

        plan.phase(Phase.RECOVER);
        plan.add(plan.container
                .adoptImages()
                .after("container.stop")
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.nameThePreviousImages(services), "container.record-state"));
        plan.add(plan.container
                .start(services)
                .after("container.adopt-images")
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.stopAgain(services)));
        plan.add(plan.container
                .awaitHealthyAsRecorded(services)
                .after("container.up")
                .bringsServiceBack());
        for (var service : plan.request.specs()) {
            if (service.loaded() != null) {
                plan.add(plan.container
                        .awaitLoaded(service.name(), service.loaded())
                        .after("container.up"));
            }
        }

        Validation.ofServices(plan, services);
        Validation.end(plan, services);
        Validation.tidyUp(plan);
    }
}
