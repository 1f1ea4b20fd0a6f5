package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes down what there is, and names every image in use so that nothing prunes what the way back needs. */
final class RecordContainersHandler implements StepHandler<RecordContainers> {
    private final EngineProvider engines;

    RecordContainersHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<RecordContainers> action() {
        return RecordContainers.class;
    }

    @Override
    public Completed execute(RecordContainers action, StepContext step) throws StepFailure, InterruptedException {
        var project = action.getCompose().getProject();
        var compose = new Compose(action.getCompose());
        var engine = engines.engine();
        // Noted first: what is started or changed while they are listed comes after it.
        var at = Instant.now();
        var all = engine.containers(project);
        var containers = all.stream().filter(c -> !c.oneOff()).toList();
        var unguarded = guard(engine, containers, project, step);

        var recorded = ContainersRecorded.newBuilder()
                .setContainers(Containers.inspected(engine, containers))
                .setAt(at)
                .setEngineVersion(engine.version())
                .setComposeVersion(compose.version())
                .build();
        var folder = Path.of(action.getDirectory(), "containers");
        step.checkpoint();
        Kept.write(folder.resolve("state.json"), recorded.toString());
        Kept.write(folder.resolve("ps.txt"), all.stream().map(this::line).collect(Collectors.joining("\n", "", "\n")));
        long running = containers.stream().filter(EngineContainer::isRunning).count();
        return new Completed(
                recorded,
                "%d containers, %d running%s"
                        .formatted(
                                containers.size(),
                                running,
                                unguarded.isEmpty()
                                        ? ""
                                        : "; images already gone, so these cannot be brought back: " + unguarded));
    }

    /** Replicas of one service may run different images; each gets a name. Returns services whose image is gone. */
    private static Set<String> guard(Engine engine, List<EngineContainer> containers, String project, StepContext step)
            throws StepFailure, InterruptedException {
        var images = engine.images();
        var guarded = new HashMap<String, List<String>>();
        var gone = new LinkedHashSet<String>();
        for (var container : containers) {
            var known = guarded.computeIfAbsent(container.service(), service -> new ArrayList<>());
            if (known.contains(container.imageId())) {
                continue;
            }
            if (images.id(container.imageId()).isEmpty()) {
                gone.add(container.service());
                continue;
            }
            known.add(container.imageId());
            var suffix = known.size() == 1 ? "" : "_" + known.size();
            step.checkpoint();
            images.tag(container.imageId(), ImageNames.guard(project, container.service(), step.rollbackId() + suffix));
        }
        return gone;
    }

    private String line(EngineContainer c) {
        return "%-30s %-20s %-12s %-10s %s  %s"
                .formatted(
                        c.name(),
                        c.service(),
                        c.state(),
                        c.health() == null ? "-" : c.health(),
                        c.image(),
                        Containers.shortened(c.imageId()));
    }
}
