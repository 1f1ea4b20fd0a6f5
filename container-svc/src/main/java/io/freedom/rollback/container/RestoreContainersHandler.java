package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ContainersRestored;
import io.freedom.rollback.schemas.action.RestoreContainers;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Compensation of all that stops, removes or replaces containers: the recorded services, images and run states. What is as
 * recorded is left alone, and so is what is not concerned. Containers are made without being started and then started through the engine: `up` would refuse
 * to start what depends on a service that was ill before.
 */
final class RestoreContainersHandler implements StepHandler<RestoreContainers> {
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final EngineProvider engines;
    private final Vault vault;

    RestoreContainersHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<RestoreContainers> action() {
        return RestoreContainers.class;
    }

    @Override
    public Probe probe(RestoreContainers action, StepContext step) throws StepFailure, InterruptedException {
        var recorded = Containers.recorded(step.input(ContainersRecorded.class), action.getServices());
        var containers = containers(engines.engine(), action);
        if (!ids(recorded).equals(containers.stream().map(EngineContainer::id).collect(Collectors.toSet()))) {
            return new Probe.Unknown(
                    "the containers are not those of the record; compose knows whether they equal them");
        }
        var ran = ran(recorded);
        return containers.stream().allMatch(c -> c.isActive() == (action.getStart() && ran.contains(c.id())))
                        && outlived(engines.engine(), action, containers, step).isEmpty()
                ? new Probe.Applied(completed(containers))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(RestoreContainers action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var record = step.input(ContainersRecorded.class);
        var recorded = Containers.recorded(record, action.getServices());
        var names = NamedImages.recorded(record, action.getServices());
        new NamedImages(engine).point(names, RestoreImagesHandler.GONE, step);
        recreate(engine, action, recorded, step);
        for (var container : outlived(engine, action, containers(engine, action), step)) {
            step.checkpoint();
            Containers.stop(engine, container, GRACE);
        }
        if (action.getStart()) {
            runAsRecorded(engine, action, recorded, step);
        }
        var containers = containers(engine, action);
        verify(recorded, containers);
        if (action.getStart()) {
            verifyRunning(engine, recorded, containers);
        }
        return completed(containers);
    }

    /**
     * Containers that ran on while files changed under them, by the checkout or by taking it back. They still see what was
     * there then, and are started again on what is there now.
     */
    private static List<EngineContainer> outlived(
            Engine engine, RestoreContainers action, List<EngineContainer> containers, StepContext step)
            throws StepFailure, InterruptedException {
        var keeping = new KeptContainers(engine, action.getCompose(), step);
        var recorded = ids(step.input(ContainersRecorded.class).getContainers());
        boolean known = keeping.knowsTheCheckout();
        var outlived = new ArrayList<EngineContainer>();
        for (var container : containers) {
            if (known && recorded.contains(container.id())
                    ? keeping.isStale(container)
                    : keeping.outlivedItsFiles(container)) {
                outlived.add(container);
            }
        }
        return outlived;
    }

    private void recreate(Engine engine, RestoreContainers action, List<ContainerState> recorded, StepContext step)
            throws StepFailure, InterruptedException {
        var services = recorded.stream().map(ContainerState::getService).collect(Collectors.toCollection(TreeSet::new));
        var containers = containers(engine, action);
        var logs = new LastLogs(engine, action.getCompose(), step, vault);
        // What only the target has.
        for (var container : containers) {
            if (!services.contains(container.service())) {
                step.checkpoint();
                Containers.stop(engine, container, GRACE);
                logs.keep(container);
                engine.remove(container.id());
            }
        }
        // Those that are as recorded are left alone, also where the compose file has drifted from them meanwhile.
        services.removeIf(service -> ids(service, recorded)
                .equals(containers.stream()
                        .filter(c -> c.service().equals(service))
                        .map(EngineContainer::id)
                        .collect(Collectors.toSet())));
        if (services.isEmpty()) {
            return;
        }
        var compose = new Compose(action.getCompose());
        var model = compose.model();
        requireNames(services);
        var arguments = Up.arguments(compose, "--no-start");
        // Services are named, and those not recorded, or not concerned, must not come along as dependencies.
        var all = Containers.ofServices(engine, action.getCompose().getProject());
        arguments.addAll(Up.sparing(engine, compose, model, services, all));
        var replicas = recorded.stream()
                .filter(c -> services.contains(c.getService()))
                .collect(Collectors.groupingBy(ContainerState::getService, Collectors.counting()));
        replicas.forEach((service, count) -> {
            if (count > 1) {
                arguments.addAll(List.of("--scale", service + "=" + count));
            }
        });
        arguments.addAll(services);
        step.checkpoint();
        step.progress(0, recorded.size(), "containers", "creating " + services);
        logs.keep(
                containers.stream().filter(c -> services.contains(c.service())).toList());
        compose.check(Containers.left(step.deadline()), arguments);
    }

    /** Recorded as crash looping counts as running: it is started, and crashes as it did. */
    private static void runAsRecorded(
            Engine engine, RestoreContainers action, List<ContainerState> recorded, StepContext step)
            throws StepFailure, InterruptedException {
        var wanted = runningByService(recorded);
        var start = new ArrayList<EngineContainer>();
        var stop = new ArrayList<EngineContainer>();
        var ids = ids(recorded);
        var ran = ran(recorded);
        for (var container : containers(engine, action)) {
            boolean run = ids.contains(container.id())
                    ? ran.contains(container.id())
                    : wanted.merge(container.service(), -1, Integer::sum) >= 0;
            if (run && !container.isActive()) {
                start.add(container);
            } else if (!run && container.isActive()) {
                stop.add(container);
            }
        }
        InParallel.each(stop, container -> {
            step.checkpoint();
            Containers.stop(engine, container, GRACE);
        });
        Starting.inOrder(engine, start, step);
    }

    private static void verify(List<ContainerState> recorded, List<EngineContainer> containers) throws StepFailure {
        var wanted = new TreeMap<String, List<String>>();
        recorded.forEach(c ->
                wanted.computeIfAbsent(c.getService(), s -> new ArrayList<>()).add(c.getImageId()));
        var found = new TreeMap<String, List<String>>();
        containers.forEach(
                c -> found.computeIfAbsent(c.service(), s -> new ArrayList<>()).add(c.imageId()));
        wanted.values().forEach(ids -> ids.sort(null));
        found.values().forEach(ids -> ids.sort(null));
        if (!wanted.equals(found)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the containers do not run the recorded images; recorded %s, found %s: compare containers/state.json of the restore point with `docker ps -a`, then retry"
                            .formatted(shortened(wanted), shortened(found)));
        }
    }

    private static void verifyRunning(Engine engine, List<ContainerState> recorded, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var missing = runningByService(recorded);
        for (var container : containers) {
            // Or a job that was caught running when it was recorded.
            if (container.isActive() || Containers.hasEndedWell(engine, container)) {
                missing.merge(container.service(), -1, Integer::sum);
            }
        }
        missing.values().removeIf(count -> count <= 0);
        if (!missing.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "these ran when the rollback began and ended again after they were started: " + missing.keySet()
                            + "; see their logs, then retry");
        }
    }

    private static Map<String, List<String>> shortened(Map<String, List<String>> images) {
        var shortened = new TreeMap<String, List<String>>();
        images.forEach((service, ids) ->
                shortened.put(service, ids.stream().map(Containers::shortened).toList()));
        return shortened;
    }

    private static Map<String, Integer> runningByService(List<ContainerState> recorded) {
        var running = new TreeMap<String, Integer>();
        recorded.forEach(c -> running.merge(c.getService(), Containers.ran(c) ? 1 : 0, Integer::sum));
        return running;
    }

    private static Set<String> ids(String service, List<ContainerState> recorded) {
        return ids(recorded.stream().filter(c -> c.getService().equals(service)).toList());
    }

    private static Set<String> ids(List<ContainerState> recorded) {
        return recorded.stream().map(ContainerState::getContainerId).collect(Collectors.toSet());
    }

    private static Set<String> ran(List<ContainerState> recorded) {
        return ids(recorded.stream().filter(Containers::ran).toList());
    }

    private static List<EngineContainer> containers(Engine engine, RestoreContainers action)
            throws StepFailure, InterruptedException {
        return Containers.ofServices(engine, action.getCompose().getProject(), action.getServices());
    }

    private static Completed completed(List<EngineContainer> containers) {
        long running = containers.stream().filter(EngineContainer::isActive).count();
        return new Completed(
                ContainersRestored.newBuilder()
                        .setContainers(Containers.states(containers))
                        .build(),
                "%d containers as recorded, %d running".formatted(containers.size(), running));
    }

    /** They are labels of containers, which say what they like. Those of a profile that is not active are in no model. */
    private static void requireNames(Collection<String> services) throws StepFailure {
        var odd = services.stream()
                .filter(service -> !service.matches("[a-zA-Z0-9_][a-zA-Z0-9._-]*"))
                .toList();
        if (!odd.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "containers call their services " + odd
                            + ", which no compose file can: remove these containers, then retry");
        }
    }
}
