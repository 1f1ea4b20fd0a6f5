package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Stops containers gracefully: those that depend on others first, and side by side what does not. */
final class Stopping {
    private Stopping() {}

    static void inOrder(Engine engine, List<EngineContainer> containers, Duration grace, StepContext step)
            throws StepFailure, InterruptedException {
        var active = containers.stream().filter(EngineContainer::isActive).toList();
        var stopped = new AtomicInteger();
        for (var group : DependencyOrder.stopping(active)) {
            InParallel.each(group, container -> {
                step.checkpoint();
                Containers.stop(engine, container, grace);
                step.progress(stopped.incrementAndGet(), active.size(), "containers", "stopped " + container.service());
            });
        }
    }
}
