package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.action.ServicesHealthy;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.TimeLimit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Waits until every service is well, and gives up at once when one cannot become so. */
final class AwaitHealthyHandler implements StepHandler<AwaitHealthy> {
    private static final int POLL_MILLIS = 100;

    private final EngineProvider engines;

    AwaitHealthyHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<AwaitHealthy> action() {
        return AwaitHealthy.class;
    }

    @Override
    public Completed execute(AwaitHealthy action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var project = action.getCompose().getProject();
        var wanted = wanted(action, step);
        var services = wanted.keySet();
        var resting = resting(action, step);
        var judge = new HealthJudge(engine, action.getAgain() ? Duration.ZERO : HealthJudge.SETTLED);
        var limit = TimeLimit.of(Containers.left(step.deadline()));
        while (true) {
            step.stillWanted();
            var containers = Containers.ofServices(engine, project).stream()
                    .filter(c -> services.contains(c.service()) && !resting.contains(c.id()))
                    .toList();
            var waiting = waiting(judge, services, containers, step);
            wanted.forEach((name, replicas) -> {
                if (containers.stream().filter(c -> c.service().equals(name)).count() < replicas) {
                    waiting.putIfAbsent(name, "has fewer containers than wanted");
                }
            });
            int well = services.size() - waiting.size();
            var note = "%d of %d services healthy".formatted(well, services.size());
            step.progress(
                    well, services.size(), "services", waiting.isEmpty() ? note : note + ", waiting for " + waiting);
            if (waiting.isEmpty()) {
                return new Completed(
                        ServicesHealthy.newBuilder()
                                .setContainers(Containers.states(containers))
                                .build(),
                        note);
            }
            if (limit.left() <= 0) {
                throw late(engine, note, waiting, containers);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** Containers by service. Compose takes its time to say, so it is asked beforehand, when the images are prepared. */
    private static Map<String, Integer> wanted(AwaitHealthy action, StepContext step)
            throws StepFailure, InterruptedException {
        if (action.getAsRecorded()) {
            return ran(action, step);
        }
        var prepared = step.find(ImagesPrepared.class);
        if (prepared.isPresent() && action.getServices().isEmpty()) {
            return prepared.get().getImages().stream().collect(Collectors.toMap(PreparedImage::getService, _ -> 1));
        }
        var model = new Compose(action.getCompose()).model();
        return Up.services(model, action.getServices()).stream()
                .collect(Collectors.toMap(
                        name -> name, name -> model.service(name).orElseThrow().replicas()));
    }

    /** A service that is named is awaited though it did not run: it may be the one that failed. */
    private static Map<String, Integer> ran(AwaitHealthy action, StepContext step) throws StepFailure {
        var ran = new TreeMap<String, Integer>();
        for (var container : Containers.recorded(step.input(ContainersRecorded.class), action.getServices())) {
            if (Containers.ran(container)) {
                ran.merge(container.getService(), 1, Integer::sum);
            }
        }
        action.getServices().forEach(service -> ran.putIfAbsent(service, 1));
        return ran;
    }

    /** Where no service is named: containers that did not run next to others of their service that did. */
    private static Set<String> resting(AwaitHealthy action, StepContext step) throws StepFailure {
        if (!action.getAsRecorded() || !action.getServices().isEmpty()) {
            return Set.of();
        }
        return step.input(ContainersRecorded.class).getContainers().stream()
                .filter(c -> !Containers.ran(c))
                .map(ContainerState::getContainerId)
                .collect(Collectors.toSet());
    }

    /** What each service that is not well yet waits for. */
    private TreeMap<String, String> waiting(
            HealthJudge judge, Set<String> services, List<EngineContainer> containers, StepContext step)
            throws StepFailure, InterruptedException {
        var waiting = new TreeMap<String, String>();
        var failed = new TreeMap<String, HealthJudge.Failed>();
        // Side by side: each may run a health check inside its container.
        var verdicts = InParallel.map(containers, judge::judge);
        for (int i = 0; i < containers.size(); i++) {
            var container = containers.get(i);
            switch (verdicts.get(i)) {
                case HealthJudge.Well() -> {}
                case HealthJudge.Waiting(var why) -> waiting.put(container.service(), why);
                case HealthJudge.Stopped _ -> waiting.put(container.service(), again(container, step));
                case HealthJudge.Failed f -> failed.put(container.service(), f);
            }
        }
        var missing = new TreeSet<>(services);
        missing.removeAll(Containers.services(containers));
        // A service may crash until what it needs is up, and gets one more start after that.
        boolean othersAreUp = waiting.isEmpty() && missing.isEmpty();
        for (var entry : failed.entrySet()) {
            var verdict = entry.getValue();
            if (verdict.forGood() || (othersAreUp && judge.hadItsLastChance(verdict))) {
                throw new StepFailure(FailureKind.MISMATCH, verdict.text());
            }
            waiting.put(entry.getKey(), "crashing");
        }
        return waiting;
    }

    /** Not what did not run before: somebody wants it so. Returns what is awaited. */
    private String again(EngineContainer container, StepContext step) throws StepFailure, InterruptedException {
        boolean rested =
                step.find(ContainersRecorded.class).map(ContainersRecorded::getContainers).orElse(List.of()).stream()
                        .anyMatch(c -> c.getContainerId().equals(container.id()) && !Containers.ran(c));
        if (rested) {
            return "stopped";
        }
        step.checkpoint();
        try {
            engines.engine().start(container.id());
            return "had been stopped, and is started again";
        } catch (StepFailure e) {
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            return "being replaced"; // since it was listed
        }
    }

    private static StepFailure late(
            Engine engine, String note, TreeMap<String, String> waiting, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var concerned = containers.stream()
                .filter(c -> waiting.containsKey(c.service()))
                .toList();
        var troubles = new StringBuilder();
        for (var container : concerned.subList(0, Math.min(3, concerned.size()))) {
            engine.details(container.id())
                    .ifPresent(d -> troubles.append('\n').append(Troubles.describe(engine, container, d)));
        }
        return new StepFailure(
                FailureKind.MISMATCH, note + " when the time was over, still waiting for " + waiting + troubles);
    }
}
