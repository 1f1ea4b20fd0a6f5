package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.Phase;
import java.util.List;
import java.util.Objects;

/** A corrupted database: a verified restore point beside it, swapped in; the corrupted one is kept. Code stays. */
final class DatabaseRestore {
    private DatabaseRestore() {}

    static void write(PlanDraft plan) {
        Database database = Objects.requireNonNull(plan.request.database());
        String restorePoint = Objects.requireNonNull(plan.request.restorePoint());

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.backup.checkSpace().attempts(2));

        plan.add(plan.backup.verifyRestorePoint(restorePoint, database));
        var assessed = plan.idsOf(Phase.ASSESS);
        var approved = Approvals.ofDataLoss(plan);

        plan.phase(Phase.PRESERVE);
        // It may be so corrupt that it cannot be dumped: the replaced database is kept whole in any case.
        plan.addReading(plan.backup.dump(database).after(assessed));
        plan.add(plan.container.captureLogs().after(assessed).dispensable());

        plan.phase(Phase.SHUT_DOWN);
        plan.add(plan.container
                .stopAllBut(List.of(database.getService()))
                .after("backup.database", "container.capture-logs")
                .alsoAfter(approved)
                .takesServiceDown()
                .undoneBy(plan.container.startThoseThatRan(), "container.record-state"));

        plan.phase(Phase.RECOVER);
        plan.add(plan.backup
                .restore(database, restorePoint)
                .after("container.stop-writers")
                .undoneBy(plan.backup.swapBack(database)));
        plan.add(plan.container
                .startWriters()
                .after("backup.restore-database")
                .with("container.record-state")
                .undoneBy(plan.container.stopNewBut(List.of(database.getService()))));
        var started = "container.start-writers";
        var services = plan.request.platform().services().stream()
                .map(ServiceSpec::name)
                .filter(name -> !name.equals(database.getService()))
                .toList();
        if (!services.isEmpty()) {
            // What the corruption has ended did not run, and is to run again.
            plan.add(plan.container
                    .restart(services)
                    .after("container.start-writers")
                    .with("container.record-state")
                    .undoneBy(plan.container.stopNewBut(List.of(database.getService()))));
            started = "container.restart";
        }
        plan.add(plan.container.awaitHealthyAsRecorded(services).after(started).bringsServiceBack());

        Validation.ofPlatform(plan);
        plan.add(plan.health
                .compareRows(database)
                .after("container.await-healthy")
                .with("backup.restore-database"));
        Validation.letGo(plan);
    }
}
