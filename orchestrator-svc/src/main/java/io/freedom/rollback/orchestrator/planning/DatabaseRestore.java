package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.Phase;
import java.util.List;
import java.util.Objects;

/**
 * A corrupted database: a verified restore point beside it, swapped in; the corrupted one is kept. Where the server does not
 * even start, it first gets a new volume. Code stays.
 */
final class DatabaseRestore {
    private DatabaseRestore() {}

    static void write(PlanDraft plan) {
        Database database = Objects.requireNonNull(plan.request.database());
        String restorePoint = Objects.requireNonNull(plan.request.restorePoint());

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.backup.checkSpace().attempts(2));
        plan.addReading(Preservation.baseline(plan, database));
        plan.addWhereReadable(plan.backup.verifyRestorePoint(restorePoint, database));
        plan.add(plan.backup.checkServer(database));
        boolean rebuilt = plan.request.rebuildsDatabase();
        if (rebuilt) {
            plan.add(plan.container.checkVolumes(List.of(database.getService())));
        }
        var assessed = plan.idsOf(Phase.ASSESS);
        var approved = Approvals.ofDataLoss(plan);

        plan.phase(Phase.PRESERVE);
        // It may be so corrupt that it cannot be dumped: the replaced database is kept whole in any case.
        plan.addReading(plan.backup.dump(database).after(assessed));
        plan.add(plan.container.captureLogs().after(assessed).dispensable());
        plan.add(plan.backup.hold().after("backup.database").dispensable());

        plan.phase(Phase.SHUT_DOWN);
        plan.add(plan.container
                .stopAllBut(List.of(database.getService()))
                .after("backup.database", "container.capture-logs")
                .alsoAfter(approved)
                .takesServiceDown()
                .undoneBy(plan.container.startThoseThatRan(), "container.record-state"));

        var ready = rebuilt ? rebuild(plan, database) : "container.stop-writers";
        plan.phase(Phase.RECOVER);
        plan.add(plan.backup.restore(database, restorePoint, rebuilt).after(ready));
        plan.add(plan.container
                .startWriters(List.of())
                .after("backup.restore-database")
                .with("container.record-state")
                .undoneBy(plan.container.stopNewBut(List.of(database.getService()))));
        var started = "container.start-writers";
        var services = plan.request.ownServices();
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
        Validation.end(plan, services);
        Validation.stateLoss(plan);
        Validation.letGo(plan);
    }

    /** The server's container and volumes go, a copy of these is kept. Returns what tells that the new server is ready. */
    private static String rebuild(PlanDraft plan, Database database) {
        var service = database.getService();
        plan.add(plan.container
                .down(service)
                .after("container.stop-writers")
                .undoneBy(plan.container.bringBackThoseRecorded(List.of(service)), "container.record-state"));
        plan.add(plan.container.keepVolumes().after("container.down").with("container.check-volumes"));
        plan.add(plan.container
                .removeVolumes()
                .after("container.keep-volumes")
                .with("container.keep-volumes")
                .undoneBy(plan.container.bringVolumesBack(), "container.keep-volumes"));

        plan.phase(Phase.RECOVER);
        // Of the version that the restore point is of, whatever its name points to by now.
        plan.add(plan.container
                .nameTheRunningImages(List.of(service))
                .after("container.remove-volumes")
                .with("container.record-state"));
        plan.add(plan.container
                .start(List.of(service))
                .after("container.keep-images")
                .undoneBy(plan.container.removeNew(service)));
        plan.add(plan.health.awaitDatabase(database).after("container.up"));
        return "health.database-ready";
    }
}
