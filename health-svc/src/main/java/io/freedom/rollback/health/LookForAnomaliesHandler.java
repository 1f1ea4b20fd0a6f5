package io.freedom.rollback.health;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AnomaliesLookedFor;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** One look at a platform: its probes, its containers, and what they log. */
final class LookForAnomaliesHandler implements StepHandler<LookForAnomalies> {
    // What the rollback itself started, by the engine's clock, may seem to be started a little later than it ended.
    private static final Duration SKEW = Duration.ofSeconds(5);

    // Fewer may happen while a service waits for others; it is well again.
    private static final int CRASH_LOOP = 3;

    private static final Set<String> RESTARTED = Set.of("always", "unless-stopped");

    private static final Set<String> ENDED = Set.of("created", "exited", "dead");

    private final HttpProber prober;
    private final EngineProvider engines;

    LookForAnomaliesHandler(HttpProber prober, EngineProvider engines) {
        this.prober = prober;
        this.engines = engines;
    }

    @Override
    public Class<LookForAnomalies> action() {
        return LookForAnomalies.class;
    }

    @Override
    public Completed execute(LookForAnomalies look, StepContext step) throws StepFailure, InterruptedException {
        var anomalies = new ArrayList<String>();
        probe(look, step, anomalies);
        var engine = engines.engine();
        var errors = new ErrorLines(LogRules.compile(look.getErrorPatterns(), look.getIgnorePatterns()));
        var containers = containers(engine, look);
        if (containers.isEmpty()) {
            anomalies.add("project " + look.getCompose().getProject() + " has no containers");
        }
        var jobs = containers.stream()
                .flatMap(container -> container.awaitedJobs().stream())
                .collect(Collectors.toSet());
        var running = new TreeSet<String>();
        var unwell = new TreeSet<String>();
        for (var container : containers) {
            step.stillWanted();
            var service = container.service();
            var details = engine.details(container.id());
            if (details.isPresent()) { // not removed since it was listed
                judge(container, details.get(), look).ifPresent(anomaly -> {
                    anomalies.add(service + " " + anomaly);
                    unwell.add(service);
                });
                if (container.isActive() && !jobs.contains(service) && !isJob(service, details.get(), look)) {
                    running.add(service);
                }
            }
            engine.logs(container.id(), look.getLogsSince(), until(look), line -> errors.accept(service, line));
            errors.check();
        }
        missing(look, engine, containers, unwell).forEach((service, how) -> {
            anomalies.add(service + " ran before, and " + how);
            unwell.add(service);
        });
        if (errors.count() > look.getErrorsAllowed()) {
            errors.found().ifPresent(anomalies::add);
        }
        return new Completed(
                new AnomaliesLookedFor(
                        List.copyOf(anomalies),
                        look.getProbes().size(),
                        containers.size(),
                        errors.count(),
                        List.copyOf(running),
                        List.copyOf(unwell)),
                anomalies.isEmpty() ? "all is well" : String.join("; ", anomalies));
    }

    private static List<EngineContainer> containers(Engine engine, LookForAnomalies look)
            throws StepFailure, InterruptedException {
        return engine.containers(look.getCompose().getProject()).stream()
                .filter(container -> !container.oneOff())
                .toList();
    }

    /** By service, how those are that are to run and do not; not those that something was said of before. */
    private static Map<String, String> missing(
            LookForAnomalies look, Engine engine, List<EngineContainer> listed, Set<String> said)
            throws StepFailure, InterruptedException {
        var missing = new TreeSet<>(look.getServices());
        missing.removeAll(said);
        missing.removeAll(active(listed));
        if (missing.isEmpty()) {
            return Map.of();
        }
        // Some may just be made anew.
        var now = containers(engine, look);
        missing.removeAll(active(now));
        var how = new TreeMap<String, String>();
        missing.forEach(service -> how.put(service, howItIs(service, now)));
        return how;
    }

    private static Set<String> active(List<EngineContainer> containers) {
        return containers.stream()
                .filter(EngineContainer::isActive)
                .map(EngineContainer::service)
                .collect(Collectors.toSet());
    }

    /** An older release does not say it. */
    private static Instant until(LookForAnomalies look) {
        return look.getUntil().isAfter(look.getLogsSince()) ? look.getUntil() : Instant.MAX;
    }

    private void probe(LookForAnomalies look, StepContext step, List<String> anomalies)
            throws StepFailure, InterruptedException {
        try {
            prober.run(look.getProbes(), step);
        } catch (StepFailure e) {
            if (e.kind() != FailureKind.MISMATCH) {
                throw e; // it could not even be sent
            }
            anomalies.add(e.text());
        }
    }

    /** Of a container that the rollback only kept, the engine has counted before as well. */
    private static boolean isOurs(ContainerDetails details, LookForAnomalies look) {
        return Instant.parse(details.createdAt()).isAfter(look.getBegan());
    }

    /**
     * It ends by itself, and that is all right. What its image says, a health check or ports, tells nothing: jobs are often made
     * from a service's image.
     */
    private static boolean isJob(String service, ContainerDetails details, LookForAnomalies look) {
        return !look.getNamed().contains(service)
                && !details.publishes()
                && !RESTARTED.contains(details.restartPolicy());
    }

    private static String howItIs(String service, List<EngineContainer> containers) {
        return containers.stream()
                .filter(container -> container.service().equals(service))
                .map(container -> "is " + container.state())
                .findFirst()
                .orElse("has no container any more");
    }

    /** What is wrong with a container, after the name of its service. */
    private static Optional<String> judge(EngineContainer container, ContainerDetails details, LookForAnomalies look) {
        var state = details.state();
        if (state.equals("exited") && details.exitCode() == 0) {
            return Optional.empty(); // a job that is done, or a service that ran before
        }
        if (ENDED.contains(state) && Instant.parse(details.finishedAt()).isBefore(look.getBegan())) {
            return Optional.empty(); // stopped by somebody before, and left so
        }
        var started = Instant.parse(details.startedAt());
        var isNew = started.isAfter(look.getStableSince().plus(SKEW));
        if (!container.isRunning()) {
            return Optional.of(
                    "is " + state + (details.exitCode() == 0 ? "" : " with exit code " + details.exitCode()));
        } else if ("unhealthy".equals(container.health())) {
            return Optional.of("is unhealthy");
        } else if (isNew && isOurs(details, look) && details.restarts() >= CRASH_LOOP) {
            return Optional.of("ended by itself and was started again %d times, last at %s"
                    .formatted(details.restarts(), started));
        } else if (isNew
                && started.isAfter(look.getLogsSince())
                && !started.isAfter(until(look))
                && !look.getUnwell().contains(container.service())) {
            return Optional.of("was restarted at " + started);
        }
        return Optional.empty();
    }
}
