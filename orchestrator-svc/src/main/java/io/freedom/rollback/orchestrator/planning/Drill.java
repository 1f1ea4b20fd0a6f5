package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.LONG;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.orchestrator.planning.PlannedStep.Undo;
import io.freedom.rollback.platform.DrillCopy;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.AdoptImages;
import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.CopyRepository;
import io.freedom.rollback.schemas.action.FillContainerData;
import io.freedom.rollback.schemas.action.LayFiles;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.RemoveCopiedFiles;
import io.freedom.rollback.schemas.action.RemoveCopy;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A scenario on a throwaway copy of its platform (ADR 15): the steps that make the copy, those of the scenario as it would be
 * planned for the copy, and those that remove it. Whatever fails, undoing removes the copy last.
 */
public final class Drill {
    /** In the id of each step that is the drill's own. */
    public static final String OWN = ".drill-";

    private final PlanRequest request;
    private final PlatformDescriptor original;
    private final List<PlanStep> steps = new ArrayList<>();
    private @Nullable String last;

    private Drill(PlanRequest request, PlatformDescriptor original) {
        this.request = request;
        this.original = original;
    }

    /**
     * @param request of the copy
     * @param original the platform
     * @param point what the copy is made from
     * @param commit that is checked out in it; null for the present HEAD
     */
    public static Plan compile(
            PlanRequest request, PlatformDescriptor original, RestorePoint point, @Nullable String commit) {
        var scenario = Planner.compile(request);
        var drill = new Drill(request, original);
        drill.make(point, commit);
        drill.play(scenario.getSteps());
        drill.remove();
        return Plan.newBuilder(scenario)
                .setDrillOf(original.name())
                .setPointOfNoReturn(null)
                .setUndo(null)
                .setSteps(drill.steps)
                .build();
    }

    private void make(RestorePoint point, @Nullable String commit) {
        var compose = request.compose();
        var folder = DrillCopy.folderOf(original);
        var copy = request.platform().workTree();
        next(step("container.drill-clear", "Remove what a drill before has left", new RemoveCopy(compose), MINUTES));
        next(step(
                "backup.drill-clear",
                "Remove the files that a drill before has left",
                new RemoveCopiedFiles(folder),
                MINUTES));
        next(step(
                        "git.drill-clone",
                        "Copy the repository",
                        new CopyRepository(original.workTree(), folder, copy, commit),
                        LONG)
                .undoneBy(new Undo("Remove the copied files", Worker.BACKUP, new RemoveCopiedFiles(folder), MINUTES)));
        next(step(
                "backup.drill-files",
                "Lay the files of restore point " + point.getId() + " over it",
                new LayFiles(
                        point.getDirectory(),
                        copy,
                        original.workTree(),
                        original.compose().envFile(),
                        original.backups().reserve()),
                LONG));
        next(step(
                        "container.drill-images",
                        "Build the copy's images",
                        PrepareImages.newBuilder()
                                .setCompose(compose)
                                .setSource(copy)
                                .setRevision(request.rollbackId())
                                .setReuse(false)
                                .build(),
                        LONG)
                .undoneBy(new Undo("Remove the copy", Worker.CONTAINER, new RemoveCopy(compose), MINUTES)));
        next(step("container.drill-names", "Give the copy's images their names", new AdoptImages(compose), QUICK)
                .with("container.drill-images"));
        var database = request.database();
        if (database != null) {
            next(step(
                    "container.drill-database",
                    "Start the copy's " + database.getService(),
                    new ComposeUp(compose, List.of(database.getService()), false, false, true, List.of()),
                    MINUTES));
            next(step(
                    "health.drill-database", "Await the copy's database", new AwaitDatabase(database, true), MINUTES));
            next(step(
                    "backup.drill-restore",
                    "Restore the database of " + point.getId() + " into the copy",
                    RestoreDatabase.newBuilder()
                            .setCompose(compose)
                            .setDatabase(database)
                            .setRestorePoint(point.getDirectory())
                            .setPlatform(original.name())
                            .setPurpose("copy")
                            .build(),
                    LONG));
        }
        next(step(
                "container.drill-up",
                "Start the copy",
                new ComposeUp(compose, List.of(), false, false, true, List.of()),
                MINUTES));
        for (var data : request.platform().containerData()) {
            next(step(
                    "backup.drill-data-" + data.service(),
                    "Put " + data.path() + " of " + point.getId() + " into the copy's " + data.service(),
                    new FillContainerData(compose, data.service(), data.path(), point.getDirectory()),
                    LONG));
        }
        next(step(
                "container.drill-healthy",
                "Await that the copy is healthy",
                new AwaitHealthy(compose, List.of(), false, false),
                MINUTES));
    }

    /** What the platform would see. */
    private void play(List<PlanStep> scenario) {
        var before = List.of(String.valueOf(last));
        for (var step : scenario) {
            steps.add(
                    step.getDependsOn().isEmpty()
                            ? PlanStep.newBuilder(step).setDependsOn(before).build()
                            : step);
        }
    }

    private void remove() {
        var all = steps.stream().map(PlanStep::getId).toList();
        steps.add(step("container.drill-remove", "Remove the copy", new RemoveCopy(request.compose()), MINUTES)
                .after(all)
                .attempts(3)
                .heldIfItFails()
                .in(Phase.FINISH));
        steps.add(step(
                        "backup.drill-remove",
                        "Remove the copied files",
                        new RemoveCopiedFiles(DrillCopy.folderOf(original)),
                        MINUTES)
                .after("container.drill-remove")
                .heldIfItFails()
                .in(Phase.FINISH));
    }

    private void next(PlannedStep step) {
        var after = last;
        var built = (after == null ? step : step.after(after))
                .expected(request.durations())
                .in(Phase.ASSESS);
        steps.add(built);
        last = built.getId();
    }

    /** Of the scenario alone. */
    public static Stream<PlanStep> played(Plan drill) {
        return drill.getSteps().stream().filter(step -> !step.getId().contains(OWN));
    }
}
