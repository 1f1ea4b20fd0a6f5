package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.engine.EngineVolume;
import io.freedom.rollback.schemas.action.CopyRemoved;
import io.freedom.rollback.schemas.action.RemoveCopy;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;
import java.util.stream.Stream;

/** Removes all that the engine has of a drill, by its project's name: its files may be gone or broken. */
final class RemoveCopyHandler implements StepHandler<RemoveCopy> {
    private final EngineProvider engines;

    RemoveCopyHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<RemoveCopy> action() {
        return RemoveCopy.class;
    }

    @Override
    public Completed execute(RemoveCopy action, StepContext step) throws StepFailure, InterruptedException {
        var project = action.getCompose().getProject();
        if (action.getCompose().getIsolation() == null || !project.endsWith("-drill")) {
            throw new StepFailure(FailureKind.INVALID, project + " is no drill's copy: nothing of it is removed");
        }
        var engine = engines.engine();
        var containers = engine.containers(project);
        var volumes = engine.volumes().ofProject(project);
        requireOwn(project, containers, volumes);
        for (var container : containers) {
            step.checkpoint();
            engine.removeWithVolumes(container.id());
        }
        for (var volume : volumes) {
            step.checkpoint();
            engine.volumes().remove(volume.name());
        }
        for (var network : engine.networks(project)) {
            step.checkpoint();
            engine.removeNetwork(network.id());
        }
        int images = removeImages(engine, project, step);
        return new Completed(
                new CopyRemoved(containers.size(), volumes.size(), images),
                "%d containers, %d volumes, %d image names removed"
                        .formatted(containers.size(), volumes.size(), images));
    }

    /** Somebody may have a project of that name. */
    private static void requireOwn(String project, List<EngineContainer> containers, List<EngineVolume> volumes)
            throws StepFailure {
        var others = Stream.concat(
                        containers.stream()
                                .filter(container -> !container.labels().containsKey(EngineContainer.DRILL))
                                .map(container -> "container " + container.name()),
                        volumes.stream()
                                .filter(volume -> !volume.labels().containsKey(EngineContainer.DRILL))
                                .map(volume -> "volume " + volume.name()))
                .toList();
        if (!others.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "compose project %s has what no drill has made, and nothing of it is touched: %s. A drill needs that name for itself"
                            .formatted(project, String.join(", ", others)));
        }
    }

    private static int removeImages(Engine engine, String project, StepContext step)
            throws StepFailure, InterruptedException {
        int removed = 0;
        for (var prefix : List.of(
                "rollback-drill/" + project + "-",
                ImageNames.PREPARED + project + "-",
                ImageNames.GUARDS + project + "-")) {
            for (var image : engine.images().named(prefix + "*")) {
                // Built alike, it is the platform's image as well, under that one's name.
                for (var name : image.tags()) {
                    // Another project may begin alike; what it has prepared can be built again, its guards cannot.
                    boolean guards = name.startsWith(ImageNames.GUARDS) && !name.contains(":drill-");
                    if (name.startsWith(prefix) && !guards) {
                        step.checkpoint();
                        engine.images().removeTag(name);
                        removed++;
                    }
                }
            }
        }
        engine.images().pruneDangling(project);
        return removed;
    }
}
