package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a restore point holds besides databases (ADR 39): models, configuration that git does not track, and data of containers. What is
 * slow is done while the platform serves; it stands still for renaming, for a copy of the containers' data as they are, and for putting
 * the others there. Databases go back beside that with a full restore, and stay else; so does code.
 */
final class FilesRestore {
    private FilesRestore() {}

    static void write(PlanDraft plan) {
        var request = plan.request;
        var point = Objects.requireNonNull(request.point());
        var files = request.restoredPaths();
        var replaced = request.restoredData();
        var kept = request.keptData();
        boolean remakes = request.parts().contains(FilePart.CONFIGURATION);
        var database = request.replacesDatabase() ? Objects.requireNonNull(request.database()) : null;

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        if (database != null || !kept.isEmpty()) {
            plan.add(plan.backup.checkSpaceForData(database, kept).attempts(2));
        }
        if (database != null) {
            plan.addReading(Preservation.baseline(plan, database));
            plan.add(plan.backup.verifyRestorePoint(point.getDirectory(), database));
            plan.add(plan.backup.checkServer(database));
        }
        if (!replaced.isEmpty()) {
            plan.add(plan.backup.checkData(point, replaced));
        }
        if (!files.isEmpty()) {
            plan.add(plan.backup.unpackFiles(point, files).after(plan.idsOf(Phase.ASSESS)));
        }
        var assessed = plan.idsOf(Phase.ASSESS);
        var approved = database == null ? Approvals.ofContainerData(plan) : Approvals.ofDataLoss(plan);

        plan.phase(Phase.PRESERVE);
        if (database != null) {
            plan.addReading(plan.backup.dump(database).after(assessed));
        }
        plan.add(plan.container.captureLogs().after(assessed).dispensable());
        var hold = plan.backup.hold().after(database == null ? assessed : List.of("backup.database"));
        // The copy that the way back needs is held with it.
        plan.add(kept.isEmpty() ? hold.dispensable() : hold);

        // Undone in this order from its end: containers as recorded but not started, their data, and then they run.
        plan.phase(Phase.SHUT_DOWN);
        var stop = plan.container
                .stopAllBut(request.databaseService())
                .after(assessed)
                .alsoAfter(approved)
                .alsoAfter(List.of("container.capture-logs", "backup.hold"))
                .takesServiceDown();
        plan.add(
                remakes
                        ? stop.undoneBy(
                                plan.container.bringBackThoseRecorded(), "container.record-state", "git.swap-files")
                        : stop.undoneBy(plan.container.startThoseThatRan(), "container.record-state"));
        var still = new ArrayList<>(List.of("container.stop-writers"));
        for (var one : kept) {
            // As it is when nobody writes any more: this is the only copy of what it takes the place of.
            plan.add(plan.backup
                    .data(one)
                    .after("container.stop-writers")
                    .undoneBy(plan.backup.putDataBack(one), "backup.data-" + one.service(), "container.record-state"));
            still.add("backup.data-" + one.service());
        }

        plan.phase(Phase.REVERT);
        if (remakes) {
            plan.add(plan.container
                    .nameTheRunningImages()
                    .after(still)
                    .with("container.record-state")
                    .undoneBy(plan.container.makeThoseRecorded(), "container.record-state", "git.swap-files"));
            still = new ArrayList<>(List.of("container.keep-images"));
        }
        if (!files.isEmpty()) {
            var swap =
                    plan.git.swapFiles(point, files).after(still).undoneBy(plan.git.bringFilesBack(), "git.swap-files");
            plan.add(remakes ? swap.with("container.keep-images") : swap);
            still = new ArrayList<>(List.of("git.swap-files"));
        }

        plan.phase(Phase.RECOVER);
        if (database != null) {
            plan.add(plan.backup.restore(database, point.getDirectory(), false).after("container.stop-writers"));
        }
        if (remakes && !kept.isEmpty()) {
            if (database != null) {
                // Its server is made anew as well, where that reads what went back.
                still.add("backup.restore-database");
            }
            plan.add(plan.container
                    .makeAsRecorded()
                    .after(still)
                    .with("container.record-state", "git.swap-files")
                    .undoneBy(plan.container.stopNewBut(request.databaseService())));
            still = new ArrayList<>(List.of("container.make"));
        }
        var ready = new ArrayList<>(still);
        for (var one : kept) {
            boolean goesBack = replaced.contains(one);
            // One after the other: two services may share a volume.
            plan.add((goesBack ? plan.backup.replaceData(one, point) : plan.backup.keepData(one)).after(ready));
            ready = new ArrayList<>(List.of((goesBack ? "backup.replace-data-" : "backup.keep-data-") + one.service()));
        }
        var start = remakes
                ? plan.container.startAsRecorded().with("container.record-state", "git.swap-files")
                : plan.container
                        .startWriters(database == null ? request.ownServices() : List.of())
                        .with("container.record-state");
        if (database != null) {
            ready.add("backup.restore-database");
        }
        plan.add(start.after(ready).undoneBy(plan.container.stopNewBut(request.databaseService())));
        var started = remakes ? "container.up" : "container.start-writers";
        var awaited = List.<String>of();
        if (database != null && !remakes && !request.ownServices().isEmpty()) {
            awaited = request.ownServices();
            plan.add(plan.container
                    .restart(awaited) // what the corruption has ended, however that ended
                    .after(started)
                    .with("container.record-state")
                    .undoneBy(plan.container.stopNewBut(request.databaseService())));
            started = "container.restart";
        }
        plan.add(plan.container.awaitHealthyAsRecorded(awaited).after(started).bringsServiceBack());

        Validation.ofPlatform(plan);
        if (database != null) {
            plan.add(plan.health
                    .compareRows(database)
                    .after("container.await-healthy")
                    .with("backup.restore-database"));
        } else if (request.database() != null) {
            plan.add(plan.health.awaitDatabase(request.database()).after("container.await-healthy"));
        }
        Validation.end(plan, awaited);
        var validated = plan.idsOf(Phase.VALIDATE);
        plan.phase(Phase.FINISH);
        if (database != null) {
            plan.add(plan.backup.manifest().after(validated).dispensable());
            Validation.stateLoss(plan);
        } else if (!kept.isEmpty()) {
            plan.add(plan.backup.manifestOfReplaced().after(validated).dispensable());
        }
        Validation.letGo(plan);
    }
}
