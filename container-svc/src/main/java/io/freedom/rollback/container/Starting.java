package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Starts containers that exist, each as soon as what it depends on is ready. */
final class Starting {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int POLL_MILLIS = 25;
    /** How old what the engine said of a container may become: its process may be another by then. */
    private static final Duration AFRESH = Duration.ofMillis(500);

    private final Engine engine;
    private final StepContext step;
    private final long patience;
    private final int total;
    private final AtomicInteger started = new AtomicInteger();
    private final Map<EngineContainer, CountDownLatch> ready = new LinkedHashMap<>();
    /** Ids of what had failed before, and may fail again. */
    private final Set<String> mayFail;

    private final Queue<String> failed = new ConcurrentLinkedQueue<>();
    /** Open once those are started that others wait for. */
    private final CountDownLatch firstWave;

    private Starting(Engine engine, List<EngineContainer> containers, Set<String> mayFail, StepContext step) {
        this.engine = engine;
        this.mayFail = mayFail;
        this.step = step;
        var half = Containers.left(step.deadline()).dividedBy(2);
        patience = (half.compareTo(PATIENCE) < 0 ? half : PATIENCE).toNanos();
        total = containers.size();
        containers.forEach(container -> ready.put(container, new CountDownLatch(1)));
        firstWave = new CountDownLatch(
                (int) containers.stream().filter(this::isFirst).count());
    }

    /**
     * Waits for the health of a dependency for a while only: the platform we return to may have been ill, and then its
     * other services still have to come back.
     */
    static void inOrder(Engine engine, List<EngineContainer> containers, StepContext step)
            throws StepFailure, InterruptedException {
        inOrder(engine, containers, Set.of(), step);
    }

    /** @return what of those that may fail did not start, and why, as for a step's detail; empty for nothing */
    static String inOrder(Engine engine, List<EngineContainer> containers, Set<String> mayFail, StepContext step)
            throws StepFailure, InterruptedException {
        var starting = new Starting(engine, containers, mayFail, step);
        InParallel.each(containers, starting::start);
        return starting.failed.stream()
                .sorted()
                .map(why -> "; did not start, as before: " + why)
                .collect(Collectors.joining());
    }

    private void start(EngineContainer container) throws StepFailure, InterruptedException {
        try {
            try {
                for (var dependency : dependencies(container)) {
                    ready.getOrDefault(dependency, new CountDownLatch(0)).await(patience, TimeUnit.NANOSECONDS);
                }
                if (!isAwaited(container)) {
                    // Nobody waits for it, and on a small machine each start slows the others down.
                    firstWave.await(patience, TimeUnit.NANOSECONDS);
                }
                step.checkpoint();
                if (!isStarted(container)) {
                    return;
                }
            } finally {
                if (isFirst(container)) {
                    firstWave.countDown();
                }
            }
            step.progress(started.incrementAndGet(), total, "containers", "started " + container.service());
            if (isNeededHealthy(container)) {
                awaitReady(container);
            }
        } finally {
            ready.getOrDefault(container, new CountDownLatch(0)).countDown();
        }
    }

    private boolean isStarted(EngineContainer container) throws StepFailure, InterruptedException {
        try {
            engine.start(container.id());
            return true;
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.OUTAGE || !mayFail.contains(container.id())) {
                throw e;
            }
            failed.add(container.service() + " (" + e.text() + ")");
            return false;
        }
    }

    private boolean isFirst(EngineContainer container) {
        return isAwaited(container) && dependencies(container).isEmpty();
    }

    /** One that crashes for ever must not hold up those that only want it started. */
    private boolean isNeededHealthy(EngineContainer container) {
        return ready.keySet().stream()
                .anyMatch(other -> dependencies(other).contains(container)
                        && !DependencyOrder.startsAfter(other).contains(container.service()));
    }

    private boolean isAwaited(EngineContainer container) {
        return ready.keySet().stream().anyMatch(other -> dependencies(other).contains(container));
    }

    private Collection<EngineContainer> dependencies(EngineContainer container) {
        var services = DependencyOrder.dependencies(container);
        return ready.keySet().stream()
                .filter(other -> services.contains(other.service()))
                .toList();
    }

    private void awaitReady(EngineContainer container) throws StepFailure, InterruptedException {
        long end = System.nanoTime() + patience;
        while (System.nanoTime() < end) {
            step.checkpoint();
            var details = engine.details(container.id());
            if (details.isEmpty() || details.get().healthCheck().isEmpty()) {
                return;
            }
            Listening.await(container.id(), details.get(), AFRESH);
            if (OwnHealth.passes(engine, container, details.get())) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }
}
