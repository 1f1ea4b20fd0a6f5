package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** How `compose up` is called. */
final class Up {
    private Up() {}

    /** Never builds; pulls only what is not here, whatever the compose file's pull policy: registries fail too. */
    static List<String> arguments(Compose compose, String mode) {
        var arguments = new ArrayList<>(List.of("up", mode, "--no-build"));
        if (!compose.isLegacy()) {
            arguments.addAll(List.of("--pull", "missing"));
        }
        return arguments;
    }

    /** Runs it; a failure shows the containers that are to blame. All services when none is named. */
    static void run(
            Compose compose,
            ComposeUp action,
            String mode,
            List<String> options,
            Collection<String> services,
            Engine engine,
            StepContext step,
            Vault vault)
            throws StepFailure, InterruptedException {
        var arguments = arguments(compose, mode);
        arguments.addAll(options);
        arguments.addAll(services);
        step.checkpoint();
        step.progress(0, 0, "services", services.isEmpty() ? "starting all" : "starting " + services);
        if (!options.contains("--no-recreate")) {
            // Which containers it makes anew is compose's business.
            new LastLogs(engine, action.getCompose(), step, vault).keepOf(services);
        }
        var result = compose.run(Containers.left(step.deadline()), arguments);
        if (!result.succeeded()) {
            var failure = compose.failure(arguments, result);
            throw new StepFailure(
                    failure.kind(),
                    failure.text()
                            + Troubles.of(
                                    engine,
                                    Containers.ofServices(
                                            engine, action.getCompose().getProject())));
        }
    }

    /** Services with a container of another image than the one its name points to now. */
    static Set<String> otherImages(Engine engine, Compose compose, ComposeModel model, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var others = new TreeSet<String>();
        for (var container : containers) {
            var service = model.service(container.service()).orElseThrow();
            var wanted = engine.images().id(compose.imageName(service));
            if (wanted.isPresent() && !wanted.get().equals(container.imageId())) {
                others.add(container.service());
            }
        }
        return others;
    }

    /** What services need, directly or not, without themselves. */
    static Set<String> dependencies(ComposeModel model, Set<String> services) {
        var found = new TreeSet<String>();
        var open = new ArrayDeque<String>(services);
        while (!open.isEmpty()) {
            for (var dependency :
                    model.service(open.remove()).map(ComposeService::dependsOn).orElse(List.of())) {
                boolean runs =
                        model.service(dependency).filter(s -> s.replicas() > 0).isPresent();
                if (runs && !services.contains(dependency) && found.add(dependency)) {
                    open.add(dependency);
                }
            }
        }
        return found;
    }

    /**
     * Options that keep compose from making anything but {@code services}. It also makes dependencies that are not there
     * and those that differ from their definition. To leave dependencies out changes what it notes on the containers, from
     * which it would make these anew the next time: so that is only done where it must.
     */
    static List<String> sparing(
            Engine engine, Compose compose, ComposeModel model, Set<String> services, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var dependencies = dependencies(model, services);
        var there = containers.stream()
                .filter(c -> dependencies.contains(c.service()))
                .toList();
        if (dependencies.isEmpty()) {
            return List.of();
        }
        // One that was scaled by hand would be brought to the number that is defined.
        boolean asDefined = dependencies.stream()
                        .allMatch(name -> there.stream()
                                        .filter(c -> c.service().equals(name))
                                        .count()
                                == model.service(name)
                                        .map(ComposeService::replicas)
                                        .orElse(0))
                && haveHashes(compose.hashes(), there)
                && otherImages(engine, compose, model, there).isEmpty();
        return asDefined ? List.of() : List.of("--no-deps");
    }

    /** Whether compose would find that they are as defined. */
    static boolean haveHashes(Map<String, String> hashes, List<EngineContainer> containers) {
        return containers.stream()
                .allMatch(c ->
                        c.labels().getOrDefault(EngineContainer.CONFIG_HASH, "").equals(hashes.get(c.service())));
    }

    /** The wanted services that are to have containers; all when {@code wanted} is empty. */
    static Set<String> services(ComposeModel model, List<String> wanted) throws StepFailure {
        KnownServices.check("the compose file defines", wanted, model.services().keySet(), "");
        return model.services().values().stream()
                .filter(s -> s.replicas() > 0 && (wanted.isEmpty() || wanted.contains(s.name())))
                .map(ComposeService::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
