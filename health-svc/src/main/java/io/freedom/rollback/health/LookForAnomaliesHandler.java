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
import java.util.Set;

/** One look at a platform: its probes, its containers, and what they log. */
final class LookForAnomaliesHandler implements StepHandler<LookForAnomalies> {
    // What the rollback itself started, by the engine's clock, may seem to be started a little later than it ended.
    private static final Duration SKEW = Duration.ofSeconds(5);

    // Fewer may happen while a service waits for others; it is well again.
    private static final int CRASH_LOOP = 3;

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
        var begins = Instant.now();
        var anomalies = new ArrayList<String>();
        probe(look, step, anomalies);
        var engine = engines.engine();
        var errors = new ErrorLines(LogRules.compile(look.getErrorPatterns(), look.getIgnorePatterns()));
        var containers = engine.containers(look.getCompose().getProject()).stream()
                .filter(container -> !container.oneOff())
                .toList();
        if (containers.isEmpty()) {
            anomalies.add("project " + look.getCompose().getProject() + " has no containers");
        }
        for (var container : containers) {
            step.checkpoint();
            inspect(engine, container, look, begins, anomalies);
            engine.logs(container.id(), look.getLogsSince(), line -> errors.accept(container.service(), line));
            errors.check();
        }
        if (errors.count() > look.getErrorsAllowed()) {
            errors.found().ifPresent(anomalies::add);
        }
        return new Completed(
                new AnomaliesLookedFor(
                        List.copyOf(anomalies), look.getProbes().size(), containers.size(), errors.count()),
                anomalies.isEmpty() ? "all is well" : String.join("; ", anomalies));
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

    private static void inspect(
            Engine engine, EngineContainer container, LookForAnomalies look, Instant begins, List<String> anomalies)
            throws StepFailure, InterruptedException {
        var details = engine.details(container.id());
        if (details.isEmpty()) {
            return; // removed since it was listed
        }
        var state = details.get().state();
        if (state.equals("exited") && details.get().exitCode() == 0) {
            return; // a job that is done
        }
        if (ENDED.contains(state) && Instant.parse(details.get().finishedAt()).isBefore(look.getBegan())) {
            return; // stopped by somebody before, and left so
        }
        var started = Instant.parse(details.get().startedAt());
        var isNew = started.isAfter(look.getStableSince().plus(SKEW));
        if (!container.isRunning()) {
            anomalies.add(container.service() + " is " + state
                    + (details.get().exitCode() == 0
                            ? ""
                            : " with exit code " + details.get().exitCode()));
        } else if ("unhealthy".equals(container.health())) {
            anomalies.add(container.service() + " is unhealthy");
        } else if (isNew && isOurs(details.get(), look) && details.get().restarts() >= CRASH_LOOP) {
            anomalies.add("%s ended by itself and was started again %d times, last at %s"
                    .formatted(container.service(), details.get().restarts(), started));
        } else if (isNew && started.isAfter(look.getLogsSince()) && started.isBefore(begins)) {
            // What is started meanwhile, the next look finds.
            anomalies.add(container.service() + " was restarted at " + started);
        }
    }
}
