package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.Set;

/**
 * What the plan of a scenario would meet and do on the platform as it is, each on its own, so that all of it is shown at once
 * (ADR 16). The tag is checked out beside the live work tree for as long as it takes; nothing else is written.
 */
final class Preview {
    private Preview() {}

    /** @param planned ids of the steps that are looked ahead to */
    static void write(PlanDraft plan, Set<String> planned) {
        var request = plan.request;
        var database = request.database();
        boolean goesToTag = request.scenario().touchesGit();

        plan.phase(Phase.ASSESS);
        var forecast = plan.container.forecast(goesToTag);
        if (goesToTag) {
            plan.add(plan.git.findTouchedPaths().dispensable());
            plan.add(plan.git
                    .addWorktree()
                    .after("git.verify-target")
                    .with("git.verify-target")
                    .undoneBy(plan.git.worktreeRemoved())
                    .dispensable());
            forecast.after("git.add-worktree").with("git.verify-target");
        }
        plan.add(forecast.dispensable());
        if (planned.contains("health.env-keys")) {
            plan.add(plan.health.envKeys().dispensable());
        }
        if (planned.contains("backup.check-space")) {
            plan.add(plan.backup.lookForSpace().dispensable());
        }
        if (database != null && (planned.contains("backup.database") || planned.contains("backup.restore-database"))) {
            var server = plan.backup.lookAtServer(database).after("container.forecast");
            // Where the volumes go, the server begins anew, whatever its version.
            plan.add((request.isReset() ? server : server.with("container.forecast")).dispensable());
        }
        if (goesToTag) {
            plan.phase(Phase.FINISH);
            plan.add(plan.git.removeWorktree().after("container.forecast").dispensable());
        }
    }
}
