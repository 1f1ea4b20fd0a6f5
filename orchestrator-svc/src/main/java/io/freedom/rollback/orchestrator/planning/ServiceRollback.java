package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;

/** Some services back to the tag, code alone or code and data; the others serve on. */
final class ServiceRollback {
    private ServiceRollback() {}

    static void write(PlanDraft plan) {
        var services = plan.request.services();
        var paths = paths(plan.request);
        var database = plan.request.database();
        var restorePoint = plan.request.restorePoint();

        Preservation.assess(plan, List.of());
        var assessed = plan.idsOf(Phase.ASSESS);
        plan.add(plan.git
                .addWorktree()
                .after("git.verify-target")
                .with("git.verify-target")
                .undoneBy(plan.git.worktreeRemoved()));
        plan.add(plan.container
                .prepareImages(services)
                .after("git.add-worktree", "container.record-state")
                .with("git.verify-target"));
        var ready = new ArrayList<>(List.of("backup.verify", "container.prepare-images"));
        if (database != null && restorePoint != null) {
            plan.add(plan.backup.checkServer(database));
            ready.add("backup.check-server");
        }
        ready.addAll(Approvals.ofDataLoss(plan));
        Preservation.preserve(plan, assessed);

        plan.phase(Phase.SHUT_DOWN);
        plan.add(plan.container
                .stop(services)
                .after(ready)
                .takesServiceDown()
                .undoneBy(
                        plan.container.bringBackThoseRecorded(services),
                        "container.record-state",
                        "git.check-out-paths"));

        plan.phase(Phase.REVERT);
        plan.add(plan.git
                .checkOutPaths(paths)
                .after("container.stop")
                .with("git.verify-target", "git.preserve-changes")
                .undoneBy(plan.git.returnPaths(paths)));
        plan.add(plan.container
                .adoptImages()
                .after("container.stop")
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.nameThePreviousImages(services), "container.record-state"));

        plan.phase(Phase.RECOVER);
        var startable = new ArrayList<>(List.of("git.check-out-paths", "container.adopt-images"));
        if (database != null && restorePoint != null) {
            plan.add(plan.backup.restore(database, restorePoint, false).after("container.stop"));
            startable.add("backup.restore-database");
        }
        plan.add(plan.container
                .start(services)
                .after(startable)
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.stopAgain(services)));
        plan.add(plan.container
                .awaitHealthyAsRecorded(services)
                .after("container.up")
                .bringsServiceBack());

        Validation.ofServices(plan, services);
        if (database != null && restorePoint != null) {
            plan.add(plan.health
                    .compareRows(database)
                    .after("container.await-healthy")
                    .with("backup.restore-database"));
        }
        Validation.end(plan, services);
        Validation.stateLoss(plan);
        plan.phase(Phase.FINISH);
        plan.add(plan.git.removeWorktree().after(plan.idsOf(Phase.VALIDATE)).dispensable());
        Validation.tidyUp(plan);
    }

    /** Each once, though services share some. */
    private static List<String> paths(PlanRequest request) {
        return request.specs().stream()
                .map(ServiceSpec::paths)
                .flatMap(List::stream)
                .distinct()
                .toList();
    }
}
