package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;

/**
 * The six phases: back to the target tag, the database restored from a restore point where one is given, and what was written
 * since then carried over where the scenario is a migration.
 */
final class FullRollback {
    private FullRollback() {}

    static void write(PlanDraft plan) {
        var database = plan.request.database();
        var kept = kept(plan.request);

        // Phases 1 and 2. The slow part of recovery, building the images, is done while the platform still serves.
        Preservation.assess(plan, plan.request.isBreach() ? isolate(plan) : List.of());
        var assessed = plan.idsOf(Phase.ASSESS);
        prepare(plan, plan.container.prepareImages());
        if (database != null) {
            plan.add(plan.backup
                    .checkServer(database)
                    .after("container.prepare-images")
                    .with("container.prepare-images"));
        }
        var approved = Approvals.ofDataLoss(plan);
        Preservation.preserve(plan, assessed);

        plan.phase(Phase.SHUT_DOWN);
        var prepared = new ArrayList<>(List.of("backup.verify", "container.prepare-images"));
        if (database != null) {
            prepared.add("backup.check-server");
        }
        prepared.addAll(approved);
        if (!plan.request.isBreach()) {
            plan.add(stop(plan).after(prepared));
            prepared = new ArrayList<>(List.of("container.stop-writers"));
        }
        var sealed = new ArrayList<>(prepared);
        if (database != null) {
            plan.addReading(seal(plan, database).after(prepared));
            sealed = new ArrayList<>(List.of("backup.seal-database"));
        }
        var migration = plan.request.migration();
        if (migration != null) {
            plan.add(plan.backup.exportData(migration).after(sealed));
            sealed = new ArrayList<>(List.of("backup.export-data"));
        }
        // Nothing is written any more: containers may go, and beside that the work tree may change.
        plan.add(plan.container
                .down(kept)
                .after(sealed)
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.bringBackThoseRecorded(), "container.record-state", "git.check-out"));

        revert(plan, sealed);
        recover(plan, kept, List.of("container.down"));
        validate(plan);
        Validation.stateLoss(plan);
        finish(plan);
    }

    /** The tag beside the live work tree, and its images beside the live ones. */
    static void prepare(PlanDraft plan, PlannedStep images) {
        plan.add(plan.git
                .addWorktree()
                .after("git.verify-target")
                .with("git.verify-target")
                .undoneBy(plan.git.worktreeRemoved()));
        plan.add(images.after("git.add-worktree", "container.record-state").with("git.verify-target"));
    }

    /** Where data are replaced, what undoes that ends with a look whether all rows are back. */
    static PlannedStep seal(PlanDraft plan, Database database) {
        var seal = plan.backup.seal(database);
        boolean replaces = plan.request.restorePoint() != null || plan.request.isReset();
        return replaces
                ? seal.undoneBy(
                        plan.health.rowsAsBefore(database),
                        "backup.seal-database",
                        "health.baseline",
                        "container.stop-writers")
                : seal;
    }

    /** @param sealed what comes before, so that nothing is written any more */
    static void revert(PlanDraft plan, List<String> sealed) {
        plan.phase(Phase.REVERT);
        plan.add(plan.git
                .checkOut()
                .after(sealed)
                .with("git.verify-target", "git.preserve-changes")
                .undoneBy(plan.git.returnToPrevious()));
        plan.add(plan.container
                .adoptImages()
                .after(sealed)
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.nameThePreviousImages(), "container.record-state"));
        plan.add(plan.git.verifyWorkTree().after("git.check-out").with("git.verify-target"));
    }

    /**
     * @param kept services that may be running still
     * @param cleared what comes before any service starts, besides the checkout and the images
     */
    static void recover(PlanDraft plan, List<String> kept, List<String> cleared) {
        var database = plan.request.database();
        var restorePoint = plan.request.restorePoint();
        var migration = plan.request.migration();

        plan.phase(Phase.RECOVER);
        // The check-out verifies itself; that the critical files are there must be known before the services start.
        var startable = new ArrayList<>(cleared);
        startable.addAll(List.of("git.verify-work-tree", "container.adopt-images"));
        if (database != null) {
            plan.add(plan.container
                    .startDatabase(database.getService(), kept)
                    .after(cleared)
                    .alsoAfter(List.of("git.check-out", "container.adopt-images"))
                    .with("container.prepare-images", "container.record-state", "git.check-out")
                    .undoneBy(plan.container.removeNewBut(kept), "container.record-state", "git.check-out"));
            plan.add(plan.health.awaitDatabase(database).after("container.start-database"));
            startable.add("health.database-ready");
        }
        if (database != null && restorePoint != null) {
            plan.add(plan.backup
                    .restore(database, restorePoint, plan.request.isReset())
                    .after("health.database-ready"));
            startable.add("backup.restore-database");
            if (migration != null) {
                plan.add(plan.backup
                        .importData(migration)
                        .after("backup.restore-database", "git.verify-work-tree")
                        .with("backup.export-data"));
                startable.add("backup.import-data");
            }
        }
        plan.add(plan.container
                .startAll()
                .after(startable)
                .with("container.prepare-images")
                .undoneBy(
                        database == null
                                ? plan.container.removeNewBut(List.of())
                                : plan.container.stopNewBut(plan.request.databaseService())));
        plan.add(plan.container
                .awaitHealthy()
                .after("container.up")
                .with("container.prepare-images")
                .bringsServiceBack());
    }

    static void validate(PlanDraft plan) {
        var database = plan.request.database();
        var restorePoint = plan.request.restorePoint();

        plan.phase(Phase.VALIDATE);
        plan.add(plan.health.files().after("container.await-healthy"));
        // Without its volume and without a restore point, a database has the rows that the tag begins with, whatever
        // these are.
        if (database != null && (restorePoint != null || !plan.request.isReset())) {
            var rows = plan.health.compareRows(database).after("container.await-healthy");
            plan.add(
                    restorePoint == null
                            ? rows.with("backup.seal-database", "health.baseline")
                            : rows.with("backup.restore-database"));
        }
        plan.health.probes().forEach(probe -> plan.add(probe.after("container.await-healthy")));
        if (plan.container.hasBounds(List.of())) {
            // Too much memory is no reason to go back to what was broken.
            plan.add(plan.container
                    .checkUsage(List.of())
                    .after("container.await-healthy")
                    .dispensable());
        }
        plan.add(plan.health
                .scanLogs()
                .after(plan.idsOf(Phase.VALIDATE))
                .with("container.record-state", "git.check-out"));
        plan.add(plan.container.seeThatAllRuns().after("health.logs").with("container.prepare-images"));
    }

    /** Once service is back. */
    static void finish(PlanDraft plan) {
        var validated = plan.idsOf(Phase.VALIDATE);
        plan.phase(Phase.FINISH);
        plan.add(plan.git.removeWorktree().after(validated).dispensable());
        // Last of all: with the images that were kept goes the way back.
        plan.add(plan.container.pruneImages().after("git.remove-worktree").dispensable());
    }

    /** Service goes down at once, and what is there is kept. Returns the ids of what everything else waits for. */
    static List<String> isolate(PlanDraft plan) {
        plan.neverBackUnasked();
        plan.phase(Phase.ASSESS);
        plan.add(plan.container.recordState());
        plan.phase(Phase.SHUT_DOWN);
        plan.add(stop(plan).after("container.record-state"));
        plan.phase(Phase.PRESERVE);
        plan.add(plan.container.preserveEvidence().after("container.stop-writers"));
        return List.of("container.preserve-evidence");
    }

    static PlannedStep stop(PlanDraft plan) {
        return plan.container
                .stopAllBut(plan.request.databaseService())
                .takesServiceDown()
                .undoneBy(plan.container.startThoseThatRan(), "container.record-state");
    }

    /**
     * A database server that is the same in both versions runs on: its restart would be downtime, and the one more thing
     * that can fail. Not where it is to hold other data, nor after a breach.
     */
    private static List<String> kept(PlanRequest request) {
        return request.restorePoint() == null && !request.isBreach() ? request.databaseService() : List.of();
    }
}
