package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.StartWriters;
import io.freedom.rollback.schemas.action.WritersStarted;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;

/** What ran runs again, in the containers it ran in; forward also what had failed. */
final class StartWritersHandler implements StepHandler<StartWriters> {
    private final EngineProvider engines;

    StartWritersHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<StartWriters> action() {
        return StartWriters.class;
    }

    @Override
    public Probe probe(StartWriters action, StepContext step) throws StepFailure, InterruptedException {
        var recorded = recorded(action, step);
        return stopped(recorded).isEmpty() ? new Probe.Applied(completed(recorded, "")) : new Probe.NotApplied();
    }

    @Override
    public Completed execute(StartWriters action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var recorded = recorded(action, step);
        var failed = Starting.inOrder(
                engine, stopped(recorded), Containers.failed(step.input(ContainersRecorded.class)), step);
        return completed(recorded, failed);
    }

    /** Those that ran when the rollback began and still exist: removed ones are the business of RestoreContainers. */
    private List<EngineContainer> recorded(StartWriters action, StepContext step)
            throws StepFailure, InterruptedException {
        var ran = step.input(ContainersRecorded.class).getContainers().stream()
                .filter(c -> Containers.isWanted(c, action.getFailed()))
                .map(c -> c.getContainerId())
                .toList();
        Engine engine = engines.engine();
        return engine.containers(action.getCompose().getProject()).stream()
                .filter(c -> ran.contains(c.id()))
                .toList();
    }

    private static List<EngineContainer> stopped(List<EngineContainer> containers) {
        return containers.stream().filter(c -> !c.isActive()).toList();
    }

    private static Completed completed(List<EngineContainer> recorded, String failed) {
        var services = List.copyOf(Containers.services(recorded));
        return new Completed(
                WritersStarted.newBuilder().setServices(services).build(),
                "running again: " + String.join(", ", services) + failed);
    }
}
