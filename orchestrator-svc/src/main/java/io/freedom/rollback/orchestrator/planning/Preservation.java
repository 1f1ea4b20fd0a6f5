package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.Phase;
import java.util.List;
import java.util.Set;

/** Phases 1 and 2: a verified restore point, nothing stopped. What changes the platform begins with them. */
final class Preservation {
    /** Of what is copied by then. */
    private static final Set<String> DESCRIBING = Set.of("backup.manifest", "backup.verify");

    private Preservation() {}

    static void write(PlanDraft plan) {
        assess(plan, List.of());
        preserve(plan, plan.idsOf(Phase.ASSESS));
        finish(plan);
    }

    /**
     * The same while nothing writes but to the database, from without. Nothing is to be undone once the services run again: so all of it is
     * phase 2.
     */
    static void writeQuiesced(PlanDraft plan) {
        assess(plan, List.of());
        plan.phase(Phase.PRESERVE);
        plan.add(plan.container
                .stopAllBut(plan.request.databaseService())
                .after(plan.idsOf(Phase.ASSESS))
                .takesServiceDown()
                .undoneBy(plan.container.startThoseThatRan(), "container.record-state"));
        preserve(plan, List.of("container.stop-writers"));
        var copied = plan.idsOf(Phase.PRESERVE).stream()
                .filter(id -> !DESCRIBING.contains(id))
                .toList();
        plan.add(plan.container
                .startWriters(List.of())
                .after(copied)
                .with("container.record-state")
                .undoneBy(plan.container.startThoseThatRan(), "container.record-state"));
        plan.add(plan.container
                .awaitHealthyAsRecorded(List.of())
                .after("container.start-writers")
                .bringsServiceBack());
        finish(plan);
    }

    private static void finish(PlanDraft plan) {
        plan.phase(Phase.FINISH);
        var database = plan.request.database();
        var taken = "backup.verify";
        if (database != null && plan.request.platform().backups().prove() != null) {
            // What keeps the trial from being made says nothing about the restore point.
            plan.add(plan.backup.proveOwn(database).after(taken).dispensable());
            taken = "backup.prove";
        }
        var surplus = plan.request.surplus();
        if (!surplus.isEmpty()) {
            plan.add(plan.backup.prune(surplus).after(taken).dispensable());
        }
    }

    /** Phase 1: emergency assessment. @param isolated what it waits for where the containers are recorded already */
    static void assess(PlanDraft plan, List<String> isolated) {
        var database = plan.request.database();
        var restorePoint = plan.request.restorePoint();

        plan.phase(Phase.ASSESS);
        plan.add(plan.git.verifyTarget().after(isolated));
        plan.add(plan.git.recordState().after(isolated));
        if (isolated.isEmpty()) {
            plan.add(plan.container.recordState());
        }
        plan.add(plan.health.envKeys().after(isolated));
        plan.add(plan.backup.checkSpace().attempts(2).after(isolated));
        if (database != null) {
            plan.addReading(baseline(plan, database).after(isolated));
        }
        if (database != null && restorePoint != null) {
            // With the database's own tools, which a container that does not run does not have; the restore verifies it
            // again.
            plan.addWhereReadable(
                    plan.backup.verifyRestorePoint(restorePoint, database).after(isolated));
        }
    }

    /** Where nobody seals the database before it is replaced, what undoes that ends with a look whether these rows are back. */
    static PlannedStep baseline(PlanDraft plan, Database database) {
        var baseline = plan.health.baseline(database);
        return plan.request.replacesDatabaseUnsealed()
                // Where it does not come to the stop, there is nothing to compare.
                ? baseline.undoneBy(plan.health.rowsAsBefore(database), "health.baseline", plan.request.stop())
                : baseline;
    }

    /** Phase 2: backup and preservation, in parallel. */
    static void preserve(PlanDraft plan, List<String> assessed) {
        var database = plan.request.database();
        var platform = plan.request.platform();

        plan.phase(Phase.PRESERVE);
        if (database != null) {
            plan.addReading(plan.backup.dump(database).after(assessed));
        }
        plan.add(plan.git.preserveChanges().after(assessed));
        plan.add(plan.backup.configuration().after(assessed));
        plan.add(plan.backup.modifiedFiles().after(assessed).with("git.verify-target"));
        if (!platform.models().isEmpty()) {
            plan.add(plan.backup.models().after(assessed));
        }
        for (var data : platform.containerData()) {
            plan.addWhereReadable(plan.backup.data(data).after(assessed));
        }
        plan.add(plan.container.captureLogs().after(assessed).dispensable());

        var manifest = plan.backup.manifest().after(plan.idsOf(Phase.PRESERVE));
        plan.add(database == null ? manifest : manifest.with("health.baseline", "backup.database"));
        plan.addWhereReadable(plan.backup.verify().after("backup.manifest"));
        if (!plan.request.scenario().takesRestorePoint()) {
            plan.add(plan.backup.hold().after("backup.verify").dispensable());
        }
    }
}
