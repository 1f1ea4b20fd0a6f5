package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeIsDown;
import io.freedom.rollback.schemas.action.ComposeProject;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes the project down through the engine, by label: faster than the compose CLI, and it works when the compose file
 * of a broken version cannot be read. Volumes stay.
 */
final class ComposeDownHandler implements StepHandler<ComposeDown> {
    private final EngineProvider engines;
    private final Vault vault;

    ComposeDownHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<ComposeDown> action() {
        return ComposeDown.class;
    }

    @Override
    public Probe probe(ComposeDown action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var project = action.getCompose().getProject();
        var here = engine.containers(project);
        boolean down = kept(action, here, engine, step).size() == here.size()
                && (isPart(action)
                        || engine.networks(project).stream()
                                .allMatch(n -> !n.attached().isEmpty()));
        return down ? new Probe.Applied(completed(0, List.of(), "was down already")) : new Probe.NotApplied();
    }

    @Override
    public Completed execute(ComposeDown action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var project = action.getCompose().getProject();
        var all = engine.containers(project);
        var kept = kept(action, all, engine, step);
        var containers = all.stream().filter(c -> !kept.contains(c)).toList();
        // Only tells orphans from services, so nobody waits for it with the platform down.
        var defined = step.find(ImagesPrepared.class)
                .map(prepared -> CompletableFuture.completedFuture(prepared.getImages().stream()
                        .map(PreparedImage::getService)
                        .toList()))
                .orElseGet(() -> CompletableFuture.supplyAsync(
                        () -> defined(action.getCompose()),
                        task -> Thread.ofVirtual().start(task)));

        var active = containers.stream().filter(EngineContainer::isActive).toList();
        var idle = containers.stream().filter(c -> !c.isActive()).toList();
        var grace = Duration.ofSeconds(action.getGraceSeconds());
        var logs = new LastLogs(engine, action.getCompose(), step, vault);
        step.progress(0, containers.size(), "containers", "stopping " + Containers.services(active));
        // The writers were stopped before: removing them and stopping the database is time the platform is down.
        InParallel.each(List.of(idle, active), some -> {
            for (var group : some == active ? DependencyOrder.stopping(some) : List.<List<EngineContainer>>of()) {
                InParallel.each(group, container -> {
                    step.checkpoint();
                    Containers.stop(engine, container, grace);
                });
            }
            InParallel.each(some, container -> {
                logs.keep(container);
                step.checkpoint();
                engine.remove(container.id());
            });
        });
        awaitGone(engine, project, kept.stream().map(EngineContainer::id).toList(), step);
        // A stopped container needs its network to be there when it is started again.
        var shared = isPart(action) ? List.<String>of() : removeNetworks(engine, project, step);
        var notes = new ArrayList<String>();
        notes.add("volumes kept");
        if (!kept.isEmpty() && !isPart(action)) {
            notes.add(String.join(", ", Containers.services(kept)) + " runs on, with its network");
        } else if (!shared.isEmpty()) {
            notes.add("networks used by others kept: " + shared);
        }
        return completed(containers.size(), orphans(containers, defined), String.join("; ", notes) + logs.note());
    }

    private static boolean isPart(ComposeDown action) {
        return !action.getServices().isEmpty();
    }

    private static List<EngineContainer> kept(
            ComposeDown action, List<EngineContainer> containers, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        var keeping = new KeptContainers(engine, action.getCompose(), step);
        var kept = new ArrayList<EngineContainer>();
        for (var container : containers) {
            if (isPart(action) && !action.getServices().contains(container.service())) {
                kept.add(container);
            } else if (action.getKeep().contains(container.service())
                    && !container.oneOff()
                    && keeping.mayStay(container)) {
                kept.add(container);
            }
        }
        return kept;
    }

    private static void awaitGone(Engine engine, String project, List<String> kept, StepContext step)
            throws StepFailure, InterruptedException {
        var left = Containers.left(step.deadline());
        long end = System.nanoTime()
                + Math.min(left.toNanos(), Duration.ofSeconds(30).toNanos());
        var rest = others(engine, project, kept);
        while (!rest.isEmpty()) {
            if (System.nanoTime() > end) {
                throw new StepFailure(
                        FailureKind.TOOL,
                        "containers that cannot be removed: "
                                + rest.stream()
                                        .map(c -> c.name() + " (" + c.state() + ")")
                                        .toList()
                                + "; see the Docker daemon's log, remove them with `docker rm -f`, then retry");
            }
            TimeUnit.MILLISECONDS.sleep(100);
            rest = others(engine, project, kept);
        }
    }

    private static List<EngineContainer> others(Engine engine, String project, List<String> kept)
            throws StepFailure, InterruptedException {
        return engine.containers(project).stream()
                .filter(c -> !kept.contains(c.id()))
                .toList();
    }

    /** A network that containers of others use stays; compose finds it again. Returns the names of these. */
    private static List<String> removeNetworks(Engine engine, String project, StepContext step)
            throws StepFailure, InterruptedException {
        var networks = engine.networks(project);
        InParallel.each(networks.stream().filter(n -> n.attached().isEmpty()).toList(), network -> {
            step.checkpoint();
            engine.removeNetwork(network.id());
        });
        return networks.stream()
                .filter(n -> !n.attached().isEmpty())
                .map(n -> n.name())
                .toList();
    }

    /** Services of the compose file as it is, where the plan does not give the target's; empty when it cannot be read. */
    private static List<String> defined(ComposeProject project) {
        try {
            return List.copyOf(new Compose(project).model().services().keySet());
        } catch (StepFailure | InterruptedException e) {
            return List.of();
        }
    }

    private static List<String> orphans(List<EngineContainer> containers, CompletableFuture<List<String>> defined)
            throws InterruptedException {
        try {
            var services = defined.get(5, TimeUnit.SECONDS);
            return services.isEmpty()
                    ? List.of()
                    : containers.stream()
                            .filter(c -> !services.contains(c.service()))
                            .map(EngineContainer::name)
                            .toList();
        } catch (ExecutionException | TimeoutException e) {
            return List.of();
        }
    }

    private static Completed completed(int removed, List<String> orphans, String note) {
        var found = orphans.isEmpty() ? "" : ", among them orphans: " + String.join(", ", orphans);
        return new Completed(
                ComposeIsDown.newBuilder()
                        .setContainersRemoved(removed)
                        .setOrphans(orphans)
                        .build(),
                "%d containers removed%s; %s".formatted(removed, found, note));
    }
}
