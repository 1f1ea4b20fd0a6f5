package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AwaitLog;
import io.freedom.rollback.schemas.action.LogLineSeen;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Expression;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.TimeLimit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Waits for what a service says of itself, such as that its model is loaded, and gives up when nobody is left to say it. */
final class AwaitLogHandler implements StepHandler<AwaitLog> {
    private static final int POLL_MILLIS = 200;
    private static final int SHOWN = 500;
    private static final int LONGEST = 4096;
    private static final int CRASHES_FOR_GOOD = 8;

    private final EngineProvider engines;

    AwaitLogHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<AwaitLog> action() {
        return AwaitLog.class;
    }

    @Override
    public Completed execute(AwaitLog action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var pattern = Expression.compile("log pattern", action.getPattern());
        var limit = TimeLimit.of(Containers.left(step.deadline()));
        while (true) {
            step.stillWanted();
            step.progress(0, 0, "lines", "waiting for %s to log '%s'".formatted(action.getService(), pattern));
            var containers = containers(engine, action);
            var line = find(engine, containers, pattern);
            if (line.isPresent()) {
                return completed(action, line.get());
            }
            if (limit.left() <= 0) {
                throw failure("no line of its log matched '%s' in time: ".formatted(pattern), engine, containers);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private static List<EngineContainer> containers(Engine engine, AwaitLog action)
            throws StepFailure, InterruptedException {
        var all = Containers.ofServices(engine, action.getCompose().getProject());
        KnownServices.check(action.getCompose(), List.of(action.getService()), all);
        var containers = all.stream()
                .filter(c -> c.service().equals(action.getService()))
                .toList();
        if (containers.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "service " + action.getService() + " has no container whose log could be read: bring it up first");
        }
        return containers;
    }

    /** A line of any of its containers; fails when all have ended for good without one. */
    private static Optional<String> find(Engine engine, List<EngineContainer> containers, Expression pattern)
            throws StepFailure, InterruptedException {
        boolean alive = false;
        for (var container : containers) {
            var details = engine.details(container.id());
            if (details.isEmpty()) {
                alive = true; // Replaced just now: the next look finds the new one.
                continue;
            }
            // One that has ended may have said it in its last moments.
            var line = Set.of("running", "exited").contains(details.get().state())
                    ? find(engine, container, details.get(), pattern)
                    : Optional.<String>empty();
            if (line.isPresent()) {
                return line;
            }
            alive |= !hasEndedForGood(details.get());
        }
        if (!alive) {
            throw failure("it ended before it logged '%s': ".formatted(pattern), engine, containers);
        }
        return Optional.empty();
    }

    private static Optional<String> find(
            Engine engine, EngineContainer container, ContainerDetails details, Expression pattern)
            throws StepFailure, InterruptedException {
        var found = new AtomicReference<String>();
        var failed = new AtomicReference<StepFailure>();
        engine.logs(container.id(), Instant.parse(details.startedAt()), line -> {
            try {
                if (found.get() == null && failed.get() == null && pattern.foundIn(beginning(line))) {
                    found.set(line);
                }
            } catch (StepFailure e) {
                failed.set(e);
            }
        });
        if (failed.get() != null) {
            throw failed.get();
        }
        return Optional.ofNullable(found.get());
    }

    /** A line is as long as the service likes. */
    static String beginning(String line) {
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST);
    }

    /** Exited is final: one that the engine will start again is "restarting", and gets a few more runs. */
    private static boolean hasEndedForGood(ContainerDetails details) {
        return switch (details.state()) {
            case "exited", "dead" -> true;
            case "created" -> !details.error().isEmpty();
            case "restarting" -> details.restarts() >= CRASHES_FOR_GOOD;
            // The engine's states are open-ended.
            default -> false;
        };
    }

    private static StepFailure failure(String what, Engine engine, List<EngineContainer> containers)
            throws StepFailure, InterruptedException {
        var troubles = new ArrayList<String>();
        for (var container : containers) {
            engine.details(container.id()).ifPresent(d -> troubles.add(Troubles.describe(engine, container, d)));
        }
        return new StepFailure(FailureKind.MISMATCH, what + String.join("\n", troubles));
    }

    private static Completed completed(AwaitLog action, String line) {
        var shown = line.length() > SHOWN ? line.substring(0, SHOWN) : line;
        return new Completed(
                new LogLineSeen(action.getService(), shown), "%s logged: %s".formatted(action.getService(), shown));
    }
}
