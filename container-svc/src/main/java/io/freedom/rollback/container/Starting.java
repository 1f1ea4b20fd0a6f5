package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Starts containers that exist, dependencies first. */
final class Starting {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Starting() {}

    /**
     * Waits for the health of a dependency for a while only: the platform we return to may have been ill, and then its
     * other services still have to come back.
     */
    static void inOrder(Engine engine, List<EngineContainer> containers, StepContext step)
            throws StepFailure, InterruptedException {
        int started = 0;
        for (var group : DependencyOrder.starting(containers)) {
            InParallel.each(group, container -> {
                step.checkpoint();
                engine.start(container.id());
            });
            started += group.size();
            step.progress(started, containers.size(), "containers", "started " + Containers.services(group));
            if (started < containers.size()) {
                awaitHealth(engine, group, step);
            }
        }
    }

    private static void awaitHealth(Engine engine, List<EngineContainer> group, StepContext step)
            throws StepFailure, InterruptedException {
        var left = Containers.left(step.deadline()).dividedBy(2);
        long end = System.nanoTime() + (left.compareTo(PATIENCE) < 0 ? left : PATIENCE).toNanos();
        var ids = group.stream().map(EngineContainer::id).collect(Collectors.toSet());
        var project = group.getFirst().labels().getOrDefault(EngineContainer.PROJECT, "");
        while (System.nanoTime() < end && isStarting(engine.containers(project), ids)) {
            step.checkpoint();
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    private static boolean isStarting(List<EngineContainer> containers, Set<String> ids) {
        return containers.stream().anyMatch(c -> ids.contains(c.id()) && "starting".equals(c.health()));
    }
}
