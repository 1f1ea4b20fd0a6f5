package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Some services of a platform that serves on. Compose makes their containers and is kept away from all others: those that
 * they depend on it would make anew as well, where their definition has drifted, and orphans it would remove.
 *
 * <p>Where it is to be as recorded, compose is told only of what has changed, and what did not run is nobody's need, unless it had failed.
 */
final class PartialUp {
    private final ComposeUp action;
    private final Engine engine;
    private final StepContext step;
    private final Vault vault;
    private final Compose compose;
    private final ComposeModel model;
    private final Set<String> services;
    private final Set<String> dependencies;
    private String failed = "";

    PartialUp(ComposeUp action, Engine engine, StepContext step, Vault vault) throws StepFailure, InterruptedException {
        this.action = action;
        this.engine = engine;
        this.step = step;
        this.vault = vault;
        compose = new Compose(action.getCompose());
        model = compose.model();
        services = services(action, step, model);
        dependencies = action.getAsRecorded() ? Set.of() : Up.dependencies(model, services);
    }

    /** A full rollback also names services, to start the database first. */
    static boolean isMeant(ComposeUp action) {
        return action.getRecreate() || action.getAsRecorded();
    }

    /** What ran and is not defined any more stays as it is, too. */
    private static Set<String> services(ComposeUp action, StepContext step, ComposeModel model) throws StepFailure {
        var services = Up.services(model, action.getServices());
        if (action.getAsRecorded()) {
            var ran = step.input(ContainersRecorded.class).getContainers().stream()
                    .filter(c -> Containers.isWanted(c, action.getFailed()))
                    .map(ContainerState::getService)
                    .collect(Collectors.toSet());
            services.retainAll(ran);
        }
        return services;
    }

    /** Whether all is as {@link #execute} leaves it. */
    boolean isDone() throws StepFailure, InterruptedException {
        var own = own();
        if (!Containers.services(own).containsAll(services) || !due(own).isEmpty() || action.getStart() && !isUp(own)) {
            return false;
        }
        if (!redefined(own).isEmpty()) {
            return false;
        }
        return action.getAsRecorded()
                ? incomplete(own).isEmpty()
                : Up.otherImages(engine, compose, model, own).isEmpty();
    }

    private boolean isUp(List<EngineContainer> own) throws StepFailure, InterruptedException {
        for (var container : own) {
            if (!container.isRunning() && !hasEnded(container) && !mayRest(container)) {
                return false;
            }
        }
        return idle().isEmpty() && missing().isEmpty();
    }

    List<EngineContainer> execute() throws StepFailure, InterruptedException {
        if (action.getAsRecorded()) {
            makeChanged();
        } else {
            makeAll();
        }
        verify();
        if (action.getStart()) {
            start();
        }
        return own();
    }

    private void makeAll() throws StepFailure, InterruptedException {
        var due = due(own());
        var plain = new TreeSet<>(services);
        plain.removeAll(due);
        plain.addAll(missing());
        make(plain, List.of());
        make(due, List.of("--force-recreate"));
        // Compose compares configurations; a container can pass that and still have the image its name meant before.
        make(Up.otherImages(engine, compose, model, own()), List.of("--force-recreate"));
    }

    private void makeChanged() throws StepFailure, InterruptedException {
        var own = own();
        var changed = due(own);
        changed.addAll(redefined(own));
        make(changed, List.of("--force-recreate"));
        make(incomplete(own()), List.of("--no-recreate"));
    }

    /** Services whose definition is another now than that of their recorded containers. */
    private Set<String> redefined(List<EngineContainer> own) throws StepFailure, InterruptedException {
        var hashes = compose.hashes();
        return own.stream()
                // What was made since the record is from the present definition, though apart from what it depends on
                // it
                // may have another hash.
                .filter(c -> !isNew(c) && !Up.haveHashes(hashes, List.of(c)))
                .map(EngineContainer::service)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Services with fewer containers than were recorded, as an attempt leaves them that was broken off. */
    private Set<String> incomplete(List<EngineContainer> own) {
        var incomplete = new TreeSet<String>();
        for (var service : services) {
            if (own.stream().filter(c -> c.service().equals(service)).count() < recorded(service, _ -> true)) {
                incomplete.add(service);
            }
        }
        return incomplete;
    }

    private long recorded(String service, Predicate<ContainerState> which) {
        return step.find(ContainersRecorded.class).map(ContainersRecorded::getContainers).orElse(List.of()).stream()
                .filter(c -> c.getService().equals(service))
                .filter(which)
                .count();
    }

    private void make(Set<String> some, List<String> options) throws StepFailure, InterruptedException {
        if (!some.isEmpty()) {
            var arguments = new ArrayList<>(options);
            arguments.addAll(Up.sparing(engine, compose, model, some, all()));
            for (var service : some) {
                // As many as an operator has made of it, of which the definition may know nothing.
                long wanted = recorded(service, action.getAsRecorded() ? _ -> true : Containers::ran);
                long defined =
                        model.service(service).map(ComposeService::replicas).orElse(1);
                if (wanted > defined || (action.getAsRecorded() && wanted < defined)) {
                    arguments.addAll(List.of("--scale", service + "=" + wanted));
                }
            }
            if (action.getCompose().getLogs() != null && options.contains("--force-recreate")) {
                // Compose would stop and remove them in one go: what they say at their end would be lost.
                step.checkpoint();
                var stop = new ArrayList<>(List.of("stop"));
                stop.addAll(some);
                compose.check(Containers.left(step.deadline()), stop);
            }
            Up.run(compose, action, "--no-start", arguments, some, engine, step, vault);
        }
    }

    /** Services to be made anew: on demand, but once in a rollback; and where the files that they read are others now. */
    private Set<String> due(List<EngineContainer> own) throws StepFailure, InterruptedException {
        var keeping = new KeptContainers(engine, action.getCompose(), step);
        var due = new TreeSet<String>();
        for (var container : own) {
            if ((action.getRecreate() && !isNew(container)) || keeping.isStale(container)) {
                due.add(container.service());
            }
        }
        return due;
    }

    /** Made since the record: what was there then is on it. False without one. */
    private boolean isNew(EngineContainer container) {
        return step.find(ContainersRecorded.class)
                .filter(recorded -> recorded.getContainers().stream()
                        .map(ContainerState::getContainerId)
                        .noneMatch(container.id()::equals))
                .isPresent();
    }

    private void verify() throws StepFailure, InterruptedException {
        var own = own();
        var missing = new TreeSet<>(services);
        missing.removeAll(Containers.services(own));
        // What is left as it was recorded may well run another: its name was moved to a newer one, or two share it.
        var wrong = action.getAsRecorded() ? Set.<String>of() : Up.otherImages(engine, compose, model, own);
        if (!missing.isEmpty() || !wrong.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "compose ended well, but %s have no container and %s have another image than their name says: see `docker compose ps -a`, then retry"
                            .formatted(missing, wrong));
        }
    }

    /** We start them, since compose would wait for the engine's next health check before each. */
    private void start() throws StepFailure, InterruptedException {
        var idle = idle();
        for (var container : idle) {
            if (container.state().equals("paused")) {
                step.checkpoint();
                engine.unpause(container.id());
            }
        }
        if (!action.getAsRecorded() && !jobsToRun().isEmpty()) {
            // Compose knows how to wait for a job's end; all containers are there, and it is to leave them as they are.
            Up.run(compose, action, "-d", List.of("--no-recreate"), services, engine, step, vault);
            return;
        }
        failed = Starting.inOrder(
                engine,
                idle.stream().filter(c -> !c.state().equals("paused")).toList(),
                idle.stream()
                        .filter(c -> !ran(c.service()))
                        .map(EngineContainer::id)
                        .collect(Collectors.toSet()),
                step);
    }

    /** What had failed may do so again. */
    private boolean ran(String service) {
        return !action.getFailed().contains(service) || recorded(service, Containers::ran) > 0;
    }

    /** What did not start, as for a step's detail; empty for nothing. */
    String failed() {
        return failed;
    }

    /** Their own containers and those of their dependencies that are to run and do not. */
    private List<EngineContainer> idle() throws StepFailure, InterruptedException {
        var jobs = jobs();
        var idle = new ArrayList<EngineContainer>();
        for (var container : all()) {
            boolean own = services.contains(container.service());
            boolean up = container.isRunning()
                    || mayRest(container)
                    || (own ? hasEnded(container) : container.isActive())
                    || (jobs.contains(container.service()) && Containers.hasEndedWell(engine, container));
            if ((own || dependencies.contains(container.service())) && !up) {
                idle.add(container);
            }
        }
        return idle;
    }

    /** A job that this rollback has run: it is not run once more by the next attempt. */
    private boolean hasEnded(EngineContainer container) throws StepFailure, InterruptedException {
        return isNew(container) && Containers.hasEndedWell(engine, container);
    }

    /** Recorded as not running, and so to be left. */
    private boolean mayRest(EngineContainer container) {
        return action.getAsRecorded()
                && step.find(ContainersRecorded.class).map(ContainersRecorded::getContainers).orElse(List.of()).stream()
                        .anyMatch(c -> c.getContainerId().equals(container.id())
                                && !Containers.isWanted(c, action.getFailed()));
    }

    private Set<String> jobsToRun() throws StepFailure, InterruptedException {
        var jobs = jobs();
        var idle = Containers.services(idle());
        return jobs.stream().filter(idle::contains).collect(Collectors.toSet());
    }

    /** Services whose end others wait for. */
    private Set<String> jobs() throws StepFailure, InterruptedException {
        return all().stream()
                .filter(c -> services.contains(c.service()) || dependencies.contains(c.service()))
                .flatMap(c -> DependencyOrder.completions(c).stream())
                .collect(Collectors.toSet());
    }

    /** Dependencies without any container. */
    private Set<String> missing() throws StepFailure, InterruptedException {
        var missing = new TreeSet<>(dependencies);
        missing.removeAll(Containers.services(all()));
        return missing;
    }

    /** The containers of the services. */
    List<EngineContainer> own() throws StepFailure, InterruptedException {
        return all().stream().filter(c -> services.contains(c.service())).toList();
    }

    private List<EngineContainer> all() throws StepFailure, InterruptedException {
        return Containers.ofServices(engine, action.getCompose().getProject());
    }
}
