package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.action.WritersStopped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Stops everything that may write to what stays up. An orphan or a one-off container writes as well as a service. */
final class StopWritersHandler implements StepHandler<StopWriters> {
    private final EngineProvider engines;

    StopWritersHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<StopWriters> action() {
        return StopWriters.class;
    }

    @Override
    public Probe probe(StopWriters action, StepContext step) throws StepFailure, InterruptedException {
        var writers = writers(engines.engine(), action);
        return active(writers).isEmpty() ? new Probe.Applied(completed(writers)) : new Probe.NotApplied();
    }

    @Override
    public Completed execute(StopWriters action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var grace = Duration.ofSeconds(action.getGraceSeconds());
        var active = active(writers(engine, action));
        var stopped = new AtomicInteger();
        InParallel.each(active, container -> {
            step.checkpoint();
            Containers.stop(engine, container, grace);
            step.progress(stopped.incrementAndGet(), active.size(), "containers", "stopped " + container.service());
        });
        var writers = writers(engine, action);
        var still = active(writers);
        if (!still.isEmpty()) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "still running after they were stopped: " + Containers.services(still)
                            + "; something else starts them again (a watchdog, a deployment?): stop that, then retry");
        }
        return completed(writers);
    }

    private static List<EngineContainer> writers(Engine engine, StopWriters action)
            throws StepFailure, InterruptedException {
        return engine.containers(action.getCompose().getProject()).stream()
                .filter(c -> c.oneOff() || !action.getExcept().contains(c.service()))
                .toList();
    }

    private static List<EngineContainer> active(List<EngineContainer> containers) {
        return containers.stream().filter(EngineContainer::isActive).toList();
    }

    private static Completed completed(List<EngineContainer> writers) {
        var services = List.copyOf(Containers.services(writers));
        return new Completed(
                WritersStopped.newBuilder().setServices(services).build(),
                services.isEmpty() ? "nothing to stop" : "stopped: " + String.join(", ", services));
    }
}
