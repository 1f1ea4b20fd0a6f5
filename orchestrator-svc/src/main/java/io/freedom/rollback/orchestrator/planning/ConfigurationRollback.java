package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.List;

/** Wrong settings: the configuration as it was at the tag; only what reads it is made anew. Code and data stay. */
final class ConfigurationRollback {
    private ConfigurationRollback() {}

    static void write(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.git.verifyTarget());
        plan.add(plan.git.recordState());
        plan.add(plan.container.recordState());
        plan.add(plan.health.envKeys());
        var assessed = plan.idsOf(Phase.ASSESS);

        plan.phase(Phase.PRESERVE);
        plan.add(plan.git.preserveChanges().after(assessed));
        plan.add(plan.backup.configuration().after(assessed));
        plan.add(plan.container.captureLogs().after(assessed).dispensable());
        var preserved = plan.idsOf(Phase.PRESERVE);

        plan.phase(Phase.REVERT);
        var paths = plan.request.platform().configuration();
        // Undone after everything else: the containers go back once the files they read have.
        plan.add(plan.container
                .nameTheRunningImages()
                .after(preserved)
                .with("container.record-state")
                .undoneBy(plan.container.bringBackThoseRecorded(), "container.record-state", "git.check-out-paths"));
        plan.add(plan.git
                .checkOutPaths(paths)
                .after("container.keep-images")
                .with("git.verify-target", "git.preserve-changes")
                .undoneBy(plan.git.returnPaths(paths)));

        plan.phase(Phase.RECOVER);
        plan.add(plan.container
                .startAsRecorded()
                .after("git.check-out-paths")
                .with("container.record-state", "git.check-out-paths")
                .takesServiceDown()
                .undoneBy(plan.container.stopNewBut(plan.request.databaseService())));
        plan.add(plan.container
                .awaitHealthyAsRecorded(List.of())
                .after("container.up")
                .bringsServiceBack());

        Validation.ofPlatform(plan);
        if (plan.request.database() != null) {
            plan.add(plan.health.awaitDatabase(plan.request.database()).after("container.await-healthy"));
        }
        Validation.end(plan, List.of());
        Validation.letGo(plan);
    }
}
