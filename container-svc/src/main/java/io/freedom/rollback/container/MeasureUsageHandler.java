package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.ContainerUsage;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.ServiceUsage;
import io.freedom.rollback.schemas.action.UsageBound;
import io.freedom.rollback.schemas.action.UsageMeasured;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.TimeLimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What each service uses of the machine; where bounds must hold, measured until they do or the time is over. */
final class MeasureUsageHandler implements StepHandler<MeasureUsage> {
    private final EngineProvider engines;

    MeasureUsageHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<MeasureUsage> action() {
        return MeasureUsage.class;
    }

    @Override
    public Completed execute(MeasureUsage action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var limit = TimeLimit.of(Containers.left(step.deadline()));
        while (true) {
            step.stillWanted();
            long began = System.nanoTime();
            var containers = Containers.ofServices(engine, action.getCompose().getProject());
            KnownServices.check(
                    action.getCompose(),
                    action.getBounds().stream().map(UsageBound::getService).toList(),
                    containers);
            var measured = measure(engine, containers);
            var passed = UsageBounds.passed(action.getBounds(), measured.services());
            var detail = detail(measured, passed) + (passed.isEmpty() ? "" : largest(engine, containers, action));
            step.progress(0, 0, "services", detail);
            if (passed.isEmpty() || !action.getEnforce()) {
                return new Completed(
                        new UsageMeasured(
                                measured.services(), passed, UsageBounds.past(action.getBounds(), measured.services())),
                        detail);
            }
            long took = System.nanoTime() - began;
            if (limit.left() < took) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        "still past its bound when the time was over: " + String.join("; ", passed)
                                + ". Start what does not run; look for a leak or for load that does not end; raise the bound in platform.yaml if that is what it needs");
            }
        }
    }

    /** Which process it is that holds the memory, of the services that have bounds; as {@code ps aux} inside would tell. */
    private static String largest(Engine engine, List<EngineContainer> containers, MeasureUsage action)
            throws StepFailure, InterruptedException {
        var named = new ArrayList<String>();
        for (var bound : action.getBounds()) {
            for (var container : containers) {
                if (container.service().equals(bound.getService()) && container.isRunning()) {
                    engine.processes(container.id()).stream()
                            .limit(1)
                            .map(process -> "%s of %s, %s"
                                    .formatted(
                                            process.command()
                                                    .substring(
                                                            0,
                                                            Math.min(
                                                                    80,
                                                                    process.command()
                                                                            .length())),
                                            container.service(),
                                            UsageBounds.megabytes(process.memory())))
                            .forEach(named::add);
                }
            }
        }
        return named.isEmpty() ? "" : "; largest processes: " + String.join("; ", named);
    }

    private record Measured(List<ServiceUsage> services, List<String> notRunning) {}

    private record Sample(EngineContainer container, Optional<ContainerUsage> usage, int restarts) {}

    /** Side by side: a share of a processor needs two samples. */
    private static Measured measure(Engine engine, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var samples = InParallel.map(
                containers,
                container -> new Sample(
                        container,
                        container.isRunning() ? engine.usage(container.id()) : Optional.empty(),
                        engine.details(container.id())
                                .map(ContainerDetails::restarts)
                                .orElse(0)));
        var services = new TreeMap<String, ServiceUsage>();
        var notRunning = new ArrayList<String>();
        for (var sample : samples) {
            var service = sample.container().service();
            sample.usage()
                    .ifPresentOrElse(
                            usage -> services.merge(
                                    service,
                                    new ServiceUsage(
                                            service, usage.memory(), usage.cpu(), usage.processes(), sample.restarts()),
                                    MeasureUsageHandler::sum),
                            () -> notRunning.add(sample.container().name()));
        }
        return new Measured(List.copyOf(services.values()), notRunning);
    }

    private static ServiceUsage sum(ServiceUsage a, ServiceUsage b) {
        return new ServiceUsage(
                a.getService(),
                a.getMemory() + b.getMemory(),
                a.getCpu() + b.getCpu(),
                a.getProcesses() + b.getProcesses(),
                a.getRestarts() + b.getRestarts());
    }

    private static String detail(Measured measured, List<String> passed) {
        var text = measured.services().stream()
                .map(u -> "%s %s, %s"
                        .formatted(
                                u.getService(), UsageBounds.megabytes(u.getMemory()), UsageBounds.percent(u.getCpu())))
                .collect(Collectors.joining("; "));
        if (!measured.notRunning().isEmpty()) {
            text += (text.isEmpty() ? "" : "; ") + "not running: " + String.join(", ", measured.notRunning());
        }
        return passed.isEmpty() ? text : text + "; past their bounds: " + String.join("; ", passed);
    }
}
