package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeIsUp;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Brings services up from images that are here already. Which container needs to be made anew is compose's business. */
final class ComposeUpHandler implements StepHandler<ComposeUp> {
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final EngineProvider engines;
    private final Vault vault;

    ComposeUpHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<ComposeUp> action() {
        return ComposeUp.class;
    }

    @Override
    public Probe probe(ComposeUp action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        if (PartialUp.isMeant(action)) {
            return probePart(action, engine, step);
        }
        if (!stale(action, engine, step).isEmpty()
                || plainlyMissing(
                        action,
                        Containers.ofServices(engine, action.getCompose().getProject()),
                        step)) {
            return new Probe.NotApplied(); // the usual case, and compose is slow to say more
        }
        var compose = new Compose(action.getCompose());
        var model = compose.model();
        var services = services(action, model);
        var containers = containers(engine, action, services);
        if (!Containers.services(containers).containsAll(services)
                || !containers.stream().allMatch(EngineContainer::isRunning)) {
            return new Probe.NotApplied();
        }
        boolean up = Up.haveHashes(compose.hashes(), containers)
                && Up.otherImages(engine, compose, model, containers).isEmpty();
        return up ? new Probe.Applied(completed(containers)) : new Probe.NotApplied();
    }

    private Probe probePart(ComposeUp action, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        var up = new TreeSet<String>();
        for (var container : Containers.ofServices(engine, action.getCompose().getProject())) {
            if (container.isRunning() || Containers.hasEndedWell(engine, container)) {
                up.add(container.service());
            }
        }
        if (action.getStart() && !up.containsAll(action.getServices())) {
            return new Probe.NotApplied(); // the usual case, and compose is slow to say more
        }
        var part = new PartialUp(action, engine, step, vault);
        if (!part.isDone()) {
            return new Probe.NotApplied();
        }
        return new Probe.Applied(action.getStart() ? completed(part.own()) : made(part.own()));
    }

    private static boolean plainlyMissing(ComposeUp action, List<EngineContainer> containers, StepContext step) {
        var made = Containers.services(containers);
        var wanted = action.getServices();
        return containers.isEmpty()
                || step.find(ImagesPrepared.class)
                        .filter(prepared -> !made.containsAll(services(prepared)))
                        .isPresent()
                || containers.stream()
                        .anyMatch(c -> !c.isRunning() && (wanted.isEmpty() || wanted.contains(c.service())));
    }

    private static List<String> services(ImagesPrepared prepared) {
        return prepared.getImages().stream().map(PreparedImage::getService).toList();
    }

    @Override
    public Completed execute(ComposeUp action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        if (PartialUp.isMeant(action)) {
            var part = new PartialUp(action, engine, step, vault);
            var containers = part.execute();
            return action.getStart() ? completed(containers, part.failed()) : made(containers);
        }
        removeStale(action, engine, step);
        var prepared = step.find(ImagesPrepared.class);
        var compose = new Compose(action.getCompose());
        if (prepared.isPresent() && !compose.isLegacy()) {
            var made = made(engine, action, prepared.get(), compose, step);
            if (made.isPresent()) {
                Starting.inOrder(
                        engine, made.get().stream().filter(c -> !c.isRunning()).toList(), step);
                return completed(containers(engine, action, Containers.services(made.get())));
            }
        }
        var model = compose.model();
        var services = services(action, model);
        up(compose, action, "-d", List.of(), action.getServices(), engine, step);
        // Compose compares configurations; a container can pass that and still run the image its name meant before.
        var stale = Up.otherImages(engine, compose, model, containers(engine, action, services));
        if (!stale.isEmpty()) {
            up(compose, action, "-d", List.of("--no-deps", "--force-recreate"), List.copyOf(stale), engine, step);
        }
        var containers = containers(engine, action, services);
        var missing = new TreeSet<>(services);
        missing.removeAll(Containers.services(containers));
        var wrong = Up.otherImages(engine, compose, model, containers);
        if (!missing.isEmpty() || !wrong.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "compose ended well, but %s have no container and %s run another image than their name says: see `docker compose ps`, then retry"
                            .formatted(missing, wrong));
        }
        return completed(containers);
    }

    /**
     * The quick way, for a platform that was taken down before: compose makes all containers in one go, and we start them,
     * since it would wait for the engine's next health check before each. Their images are known from when they were
     * prepared. One that was kept running stays, unless compose finds its definition changed. Empty when what is there
     * does not fit; then compose does it all.
     */
    private Optional<List<EngineContainer>> made(
            Engine engine, ComposeUp action, ImagesPrepared prepared, Compose compose, StepContext step)
            throws StepFailure, InterruptedException {
        var images = prepared.getImages().stream()
                .collect(Collectors.toMap(PreparedImage::getService, PreparedImage::getImageId));
        var project = action.getCompose().getProject();
        var there = Containers.services(Containers.ofServices(engine, project));
        // With the record of what ran before, some of it may have been kept: compose decides whether it may stay.
        if (!there.containsAll(images.keySet())
                || step.find(ContainersRecorded.class).isPresent()) {
            up(compose, action, "--no-start", List.of(), List.of(), engine, step);
        }
        var all = Containers.ofServices(engine, project);
        boolean fits = all.size() == images.size()
                && Containers.services(all).equals(images.keySet())
                && all.stream().allMatch(c -> c.imageId().equals(images.get(c.service())))
                && all.stream().allMatch(c -> c.state().equals("created") || c.isRunning())
                && !DependencyOrder.awaitsCompletion(all);
        if (!fits) {
            return Optional.empty();
        }
        var wanted = action.getServices();
        return Optional.of(all.stream()
                .filter(c -> wanted.isEmpty() || wanted.contains(c.service()))
                .toList());
    }

    /** Compose does not see that the files in a mounted folder are others now, and would leave it running. */
    private void removeStale(ComposeUp action, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        var logs = new LastLogs(engine, action.getCompose(), step, vault);
        for (var container : stale(action, engine, step)) {
            step.checkpoint();
            Containers.stop(engine, container, GRACE);
            logs.keep(container);
            engine.remove(container.id());
        }
    }

    private static List<EngineContainer> stale(ComposeUp action, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        var keeping = new KeptContainers(engine, action.getCompose(), step);
        var stale = new ArrayList<EngineContainer>();
        for (var container : Containers.ofServices(engine, action.getCompose().getProject())) {
            if (keeping.isStale(container)) {
                stale.add(container);
            }
        }
        return stale;
    }

    private void up(
            Compose compose,
            ComposeUp action,
            String mode,
            List<String> options,
            List<String> services,
            Engine engine,
            StepContext step)
            throws StepFailure, InterruptedException {
        var all = new ArrayList<>(List.of("--remove-orphans"));
        all.addAll(options);
        Up.run(compose, action, mode, all, services, engine, step, vault);
    }

    private static Set<String> services(ComposeUp action, ComposeModel model) throws StepFailure {
        return Up.services(model, action.getServices());
    }

    private static List<EngineContainer> containers(Engine engine, ComposeUp action, Set<String> services)
            throws StepFailure, InterruptedException {
        return Containers.ofServices(engine, action.getCompose().getProject()).stream()
                .filter(c -> services.contains(c.service()))
                .toList();
    }

    private static Completed made(List<EngineContainer> containers) {
        return new Completed(
                ComposeIsUp.newBuilder()
                        .setContainers(Containers.states(containers))
                        .build(),
                "made, and not started: " + String.join(", ", Containers.services(containers)));
    }

    private static Completed completed(List<EngineContainer> containers) {
        return completed(containers, "");
    }

    private static Completed completed(List<EngineContainer> containers, String failed) {
        return new Completed(
                ComposeIsUp.newBuilder()
                        .setContainers(Containers.states(containers))
                        .build(),
                "up: " + String.join(", ", Containers.services(containers)) + failed);
    }
}
