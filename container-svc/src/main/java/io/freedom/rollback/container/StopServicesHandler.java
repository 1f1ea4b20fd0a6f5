package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ServicesStopped;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;

/** Stops some services, those that depend on others first. Their containers stay. */
final class StopServicesHandler implements StepHandler<StopServices> {
    private final EngineProvider engines;

    StopServicesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<StopServices> action() {
        return StopServices.class;
    }

    @Override
    public Probe probe(StopServices action, StepContext step) throws StepFailure, InterruptedException {
        return active(concerned(engines.engine(), action)).isEmpty()
                ? new Probe.Applied(completed(action))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(StopServices action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        Stopping.inOrder(engine, concerned(engine, action), Duration.ofSeconds(action.getGraceSeconds()), step);
        var still = active(concerned(engine, action));
        if (!still.isEmpty()) {
            throw new StepFailure(
                    FailureKind.TOOL,
                    "still running after they were stopped: " + Containers.services(still)
                            + "; something else starts them again (a watchdog, a deployment?): stop that, then retry");
        }
        return completed(action);
    }

    private static List<EngineContainer> concerned(Engine engine, StopServices action)
            throws StepFailure, InterruptedException {
        if (action.getServices().isEmpty()) {
            throw new StepFailure(FailureKind.INVALID, "the command names no service to stop");
        }
        var all = Containers.ofServices(engine, action.getCompose().getProject());
        KnownServices.checkStoppable(action.getCompose(), action.getServices(), all);
        return all.stream()
                .filter(c -> action.getServices().contains(c.service()))
                .toList();
    }

    private static List<EngineContainer> active(List<EngineContainer> containers) {
        return containers.stream().filter(EngineContainer::isActive).toList();
    }

    private static Completed completed(StopServices action) {
        var services = List.copyOf(new TreeSet<>(action.getServices()));
        return new Completed(
                ServicesStopped.newBuilder().setServices(services).build(), "stopped: " + String.join(", ", services));
    }
}
