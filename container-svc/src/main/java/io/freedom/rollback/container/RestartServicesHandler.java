package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.ServicesRestarted;
import io.freedom.rollback.schemas.action.UsageMeasured;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stops and starts containers in the order of their dependencies. Which ones are still due, the engine tells: it notes
 * when each was started, and how often it did so by itself.
 */
final class RestartServicesHandler implements StepHandler<RestartServices> {
    private final EngineProvider engines;

    RestartServicesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<RestartServices> action() {
        return RestartServices.class;
    }

    @Override
    public Probe probe(RestartServices action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var concerned = concerned(engine, action, step);
        return due(engine, concerned, step).isEmpty()
                ? new Probe.Applied(completed(concerned))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(RestartServices action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var due = due(engine, concerned(engine, action, step), step);
        Stopping.inOrder(engine, due, Duration.ofSeconds(action.getGraceSeconds()), step);
        Starting.inOrder(engine, due, step);
        var concerned = concerned(engine, action, step);
        verify(engine, concerned);
        return completed(concerned);
    }

    /** The recorded containers, all of which must still be there: what is made anew meanwhile is not restarted. */
    private static List<EngineContainer> concerned(Engine engine, RestartServices action, StepContext step)
            throws StepFailure, InterruptedException {
        var services = wanted(action, step);
        var recorded = step.input(ContainersRecorded.class).getContainers();
        KnownServices.check(
                "the containers recorded at the start have",
                services,
                recorded.stream().map(ContainerState::getService).collect(Collectors.toSet()),
                "; one without container is brought up, not restarted");
        var here = Containers.ofServices(engine, action.getCompose().getProject());
        var gone = new TreeSet<String>();
        var concerned = new ArrayList<EngineContainer>();
        for (var container : recorded) {
            if (!services.isEmpty() && !services.contains(container.getService())) {
                continue;
            }
            var found = here.stream()
                    .filter(c -> c.id().equals(container.getContainerId()))
                    .findFirst();
            if (found.isEmpty()) {
                gone.add(container.getName());
            } else if (!services.isEmpty() || !wasJob(engine, container)) {
                concerned.add(found.get());
            }
        }
        if (!gone.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "containers recorded at the start are gone: " + String.join(", ", gone)
                            + "; something else replaces them (a deployment?): stop that, then start a new rollback");
        }
        return concerned;
    }

    private static List<String> wanted(RestartServices action, StepContext step) {
        if (!action.getOnlyPastBounds()) {
            return action.getServices();
        }
        var past = step.find(UsageMeasured.class).map(UsageMeasured::getPast).orElse(List.of());
        var some = action.getServices().stream().filter(past::contains).toList();
        return some.isEmpty() ? action.getServices() : some;
    }

    /** One that had done its work: among all it is not run again, only by its name. */
    private static boolean wasJob(Engine engine, ContainerState recorded) throws StepFailure, InterruptedException {
        if (!recorded.getState().equals("exited")) {
            return false;
        }
        return engine.details(recorded.getContainerId())
                .filter(RestartServicesHandler::isJobDone)
                .isPresent();
    }

    /** Not those that were started since the record, other than by the engine that keeps restarting what crashes. */
    private static List<EngineContainer> due(Engine engine, List<EngineContainer> concerned, StepContext step)
            throws StepFailure, InterruptedException {
        var record = step.input(ContainersRecorded.class);
        var recorded = record.getContainers().stream()
                .collect(Collectors.toMap(ContainerState::getContainerId, Function.identity(), (a, _) -> a));
        var due = new ArrayList<EngineContainer>();
        for (var container : concerned) {
            var details = engine.details(container.id());
            if (details.isEmpty() || !isRestarted(details.get(), recorded.get(container.id()), record.getAt())) {
                due.add(container);
            }
        }
        return due;
    }

    private static boolean isRestarted(
            ContainerDetails details, @Nullable ContainerState recorded, @Nullable Instant at) {
        var before = recorded == null ? null : recorded.getStartedAt();
        if (recorded == null || before == null) {
            // It never ran, or that was not noted. Without the record's time either none can be told, and all are due.
            return at != null
                    && details.state().equals("running")
                    && Instant.parse(details.startedAt()).isAfter(at);
        }
        // To start one by hand sets the engine's count back to zero.
        return !Optional.of(before).equals(Containers.startedAt(details))
                && details.restarts() <= recorded.getRestarts()
                && (details.state().equals("running") || isJobDone(details));
    }

    private static boolean isJobDone(ContainerDetails details) {
        return details.state().equals("exited")
                && details.exitCode() == 0
                && Set.of("no", "on-failure").contains(details.restartPolicy());
    }

    private static void verify(Engine engine, List<EngineContainer> concerned)
            throws StepFailure, InterruptedException {
        var ended = new ArrayList<EngineContainer>();
        for (var container : concerned) {
            if (!container.isActive() && !Containers.hasEndedWell(engine, container)) {
                ended.add(container);
            }
        }
        if (!ended.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "ended again after they were started: " + String.join(", ", Containers.services(ended))
                            + Troubles.of(engine, ended));
        }
    }

    private static Completed completed(List<EngineContainer> concerned) {
        return new Completed(
                ServicesRestarted.newBuilder()
                        .setContainers(Containers.states(concerned))
                        .build(),
                concerned.isEmpty()
                        ? "nothing to restart"
                        : "restarted: " + String.join(", ", Containers.services(concerned)));
    }
}
