package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a restore point holds besides databases (ADR 39): models, configuration that git does not track, and data of containers. What is
 * slow is done while the platform serves; it stands still for renaming, for a copy of the containers' data as they are, and for putting
 * the others there. Code and databases stay.
 */
final class FilesRestore {
    private FilesRestore() {}

    static void write(PlanDraft plan) {
        var request = plan.request;
        var restorePoint = Objects.requireNonNull(request.restorePoint());
        var files = request.restoredPaths();
        var data = request.restoredData();

        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.add(plan.backup.checkSpace().attempts(2));
        if (!data.isEmpty()) {
            plan.add(plan.backup.checkData(restorePoint, data));
        }
        if (!files.isEmpty()) {
            plan.add(plan.backup.unpackFiles(restorePoint, files).after(plan.idsOf(Phase.ASSESS)));
        }
        var assessed = plan.idsOf(Phase.ASSESS);
        var approved = Approvals.ofContainerData(plan);

        plan.phase(Phase.PRESERVE);
        plan.add(plan.container.captureLogs().after(assessed).dispensable());
        plan.add(plan.backup.hold().after(assessed).dispensable());

        // Undone in this order from its end: containers as recorded but not started, their data, and then they run.
        plan.phase(Phase.SHUT_DOWN);
        var stop = plan.container
                .stopAllBut(request.databaseService())
                .after(assessed)
                .alsoAfter(approved)
                .alsoAfter(List.of("container.capture-logs"))
                .takesServiceDown();
        plan.add(
                files.isEmpty()
                        ? stop.undoneBy(plan.container.startThoseThatRan(), "container.record-state")
                        : stop.undoneBy(
                                plan.container.bringBackThoseRecorded(), "container.record-state", "git.swap-files"));
        var kept = new ArrayList<>(List.of("container.stop-writers"));
        for (var one : data) {
            // As it is when nobody writes any more: this is the only copy of what it takes the place of.
            plan.add(plan.backup
                    .data(one)
                    .after("container.stop-writers")
                    .undoneBy(plan.backup.putDataBack(one)));
            kept.add("backup.data-" + one.service());
        }

        plan.phase(Phase.REVERT);
        if (!files.isEmpty()) {
            // What is made anew loses what is in no volume: not before that was copied.
            plan.add(plan.container
                    .nameTheRunningImages()
                    .after(kept)
                    .with("container.record-state")
                    .undoneBy(plan.container.makeThoseRecorded(), "container.record-state", "git.swap-files"));
            plan.add(plan.git.swapFiles(files).after("container.keep-images").undoneBy(plan.git.bringFilesBack()));
            kept = new ArrayList<>(List.of("git.swap-files"));
        }

        plan.phase(Phase.RECOVER);
        if (!files.isEmpty() && !data.isEmpty()) {
            plan.add(plan.container
                    .makeAsRecorded()
                    .after(kept)
                    .with("container.record-state", "git.swap-files")
                    .undoneBy(plan.container.stopNewBut(request.databaseService())));
            kept = new ArrayList<>(List.of("container.make"));
        }
        var ready = new ArrayList<>(kept);
        for (var one : data) {
            plan.add(plan.backup.replaceData(one, restorePoint).after(kept));
            ready.add("backup.replace-data-" + one.service());
        }
        var start = files.isEmpty()
                ? plan.container.startWriters().with("container.record-state")
                : plan.container.startAsRecorded().with("container.record-state", "git.swap-files");
        plan.add(start.after(ready).undoneBy(plan.container.stopNewBut(request.databaseService())));
        plan.add(plan.container
                .awaitHealthyAsRecorded(List.of())
                .after(files.isEmpty() ? "container.start-writers" : "container.up")
                .bringsServiceBack());

        Validation.ofPlatform(plan);
        if (request.database() != null) {
            plan.add(plan.health.awaitDatabase(request.database()).after("container.await-healthy"));
        }
        Validation.letGo(plan);
    }
}
