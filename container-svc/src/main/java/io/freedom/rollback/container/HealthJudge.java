package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Judges single containers, several at once, remembering what it saw of them before. */
final class HealthJudge {
    /** A container without health check counts as well once it has run this long: one that crashes runs, too. */
    static final Duration SETTLED = Duration.ofSeconds(2);
    /** How long a container may be unhealthy before that is taken as final. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int CRASHES = 3;
    private static final int CRASHES_FOR_GOOD = 8;

    private final Engine engine;
    private final Duration settled;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    /** Ids of those that were found so; the second time it counts. */
    private final Set<String> stopped = ConcurrentHashMap.newKeySet();

    private final Map<String, Integer> lastChances = new ConcurrentHashMap<>();

    /** A condition and since when it was seen without a break. */
    private record Seen(String condition, long since) {}

    /** @param settled since when something without health check must have run to be taken for healthy */
    HealthJudge(Engine engine, Duration settled) {
        this.engine = engine;
        this.settled = settled;
    }

    sealed interface Verdict {}

    record Well() implements Verdict {}

    record Waiting(String why) implements Verdict {}

    /** It is to run always, and was stopped: by somebody, or with the engine, which then does not start it again by itself. */
    record Stopped(String containerId) implements Verdict {}

    /** @param forGood false when it may still recover once other services are up */
    record Failed(String containerId, int restarts, String text, boolean forGood) implements Verdict {}

    /**
     * Whether it was started, and failed, once more since this was first asked: that is, since all others are up. The
     * engine counts a restart when a run ends, and the first to end may have begun before that: only the next one counts.
     */
    boolean hadItsLastChance(Failed failed) {
        var restarts = lastChances.putIfAbsent(failed.containerId(), failed.restarts());
        return restarts != null && failed.restarts() > restarts + 1;
    }

    Verdict judge(EngineContainer container) throws StepFailure, InterruptedException {
        if (container.isRunning() && "healthy".equals(container.health())) {
            return new Well();
        }
        var inspected = engine.details(container.id());
        return inspected.isEmpty() ? new Waiting("being replaced") : judge(container, inspected.get());
    }

    private Verdict judge(EngineContainer container, ContainerDetails details) throws InterruptedException {
        return switch (container.state()) {
            case "running" -> running(container, details);
            case "restarting" ->
                details.restarts() >= CRASHES
                        ? failed("crash loop: ", container, details, details.restarts() >= CRASHES_FOR_GOOD)
                        : new Waiting("restarting");
            case "exited" -> exited(container, details);
            case "dead" -> failed("", container, details, true);
            case "created" ->
                details.error().isEmpty()
                        ? new Waiting("not started yet")
                        : failed("cannot be started: ", container, details, true);
            // The engine's states are open-ended.
            default -> new Waiting(container.state());
        };
    }

    private Verdict running(EngineContainer container, ContainerDetails details) throws InterruptedException {
        var health = container.health();
        if (health == null) {
            var needed = stopped.contains(container.id()) ? SETTLED : settled;
            return needed.isZero() || held(container, details.startedAt(), needed)
                    ? new Well()
                    : new Waiting("just started");
        }
        if (health.equals("unhealthy")) {
            return held(container, health, PATIENCE) ? failed("", container, details, true) : new Waiting("unhealthy");
        }
        seen.remove(container.id());
        return OwnHealth.passes(engine, container, details) ? new Well() : new Waiting(health);
    }

    private Verdict exited(EngineContainer container, ContainerDetails details) {
        if (!Set.of("no", "on-failure").contains(details.restartPolicy()) && stopped.add(container.id())) {
            return new Stopped(container.id());
        }
        if (details.exitCode() != 0) {
            return failed("", container, details, true);
        }
        return Set.of("no", "on-failure").contains(details.restartPolicy())
                ? new Well() // It had one thing to do and has done it.
                : new Waiting("stopped");
    }

    private Verdict failed(String what, EngineContainer container, ContainerDetails details, boolean forGood) {
        return new Failed(
                container.id(), details.restarts(), what + Troubles.describe(engine, container, details), forGood);
    }

    private boolean held(EngineContainer container, String condition, Duration wanted) {
        long now = System.nanoTime();
        var before = seen.get(container.id());
        if (before == null || !before.condition().equals(condition)) {
            seen.put(container.id(), new Seen(condition, now));
            return false;
        }
        return now - before.since() >= wanted.toNanos();
    }
}
