package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The runbook's nuclear option, for a system that fails completely: as a full rollback, and volumes, untracked files and images
 * go as well. Nothing is destroyed before operators approve it, and all of it is kept: so there is no point of no return, and
 * what fails is undone as anywhere. Only what is the project's own is touched; other projects of the engine are left alone.
 */
final class FullReset {
    private FullReset() {}

    static void write(PlanDraft plan) {
        var database = plan.request.database();
        var staying = staying(plan.request);

        // Phases 1 and 2, as far as what is broken can be read.
        var isolated = plan.request.isBreach() ? FullRollback.isolate(plan) : List.<String>of();
        Preservation.assess(plan, isolated);
        plan.add(plan.container.checkVolumes(List.of()).after(isolated));
        var assessed = plan.idsOf(Phase.ASSESS);
        FullRollback.prepare(plan, plan.container.prepareImagesWithoutCache());
        Preservation.preserve(plan, assessed);
        // Only now, when it is known what could not be kept.
        var approved = Approvals.ofReset(plan, List.of("container.check-volumes", "backup.verify"), staying);

        plan.phase(Phase.SHUT_DOWN);
        var cleared = new ArrayList<>(List.of("backup.verify", "container.prepare-images"));
        cleared.addAll(approved);
        if (!plan.request.isBreach()) {
            plan.add(FullRollback.stop(plan).after(cleared));
            cleared = new ArrayList<>(List.of("container.stop-writers"));
        }
        if (database != null) {
            plan.addReading(FullRollback.seal(plan, database).after(cleared));
            cleared = new ArrayList<>(List.of("backup.seal-database"));
        }
        plan.add(plan.container
                .down(List.of())
                .after(cleared)
                .with("container.prepare-images", "container.record-state")
                .undoneBy(plan.container.bringBackThoseRecorded(), "container.record-state", "git.check-out"));
        plan.add(plan.container.keepVolumes().after("container.down"));
        plan.add(plan.container
                .removeVolumes()
                .after("container.keep-volumes")
                .with("container.keep-volumes")
                .undoneBy(plan.container.bringVolumesBack(), "container.keep-volumes"));

        FullRollback.revert(plan, cleared);
        // No container may see its files go.
        plan.add(plan.git
                .setFilesAside(staying)
                .after("git.check-out", "container.down")
                .undoneBy(plan.git.bringFilesBack(), "git.set-files-aside"));

        FullRollback.recover(plan, List.of(), List.of("container.remove-volumes", "git.set-files-aside"));
        FullRollback.validate(plan);
        FullRollback.finish(plan);
    }

    /** `git clean -fdx` would take them, and the platform could not start or be rolled back without them. */
    private static List<String> staying(PlanRequest request) {
        var platform = request.platform();
        var staying = new TreeSet<>(request.keptPaths());
        staying.addAll(platform.compose().files());
        var envFile = platform.compose().envFile();
        if (envFile != null) {
            staying.add(envFile);
        }
        // Whether it is in the work tree, the worker knows, who sees the links on the way there.
        staying.add(platform.backups().directory());
        return List.copyOf(staying);
    }
}
