package io.freedom.rollback.bench;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Many restarts of eight steps at once, on platforms whose workers do nothing: what is left is the orchestrator and Kafka. As one ends, the
 * next begins.
 *
 * <p>A step's latency is from the result (or the operator's command) that it waited for, sent, until its command is with the
 * worker; seen from the workers, with all of Kafka in it, as {@link RawHop} sees Kafka alone.
 *
 * <p>Usage: {@code Saga BOOTSTRAP_SERVERS REGISTRY_URL DESCRIPTOR PLATFORMS AT_ONCE WARM_UP_SECONDS SECONDS}, where the descriptor has
 * {@code @name@}. Prints {@code measuring} and {@code measured}, and when the last has ended
 * {@code {"rollbacks": n, "steps": n, "seconds": s, "p50": ms, "p99": ms, "longest": ms, "ended": n, "doubled": n, "again": n, "wrong": n, "lost": n}}:
 * all that ended, commands that came twice, of a second attempt, rollbacks that ended otherwise than with each step done once, and those that did not.
 */
public final class Saga {
    private static final int STEPS = 8;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration LOOK = Duration.ofMillis(100);

    /** One under way. */
    private static final class Run {
        private final String platform;
        private final Set<String> commands = new HashSet<>();
        private int succeeded;
        private volatile long waitsSince = System.nanoTime();

        private Run(String platform) {
            this.platform = platform;
        }
    }

    private final String round = Long.toHexString(System.nanoTime());
    private final Queue<String> free = new ArrayDeque<>();
    private final Set<String> registered = new HashSet<>();
    private final Map<String, Run> running = new ConcurrentHashMap<>();
    private final Latencies latencies = new Latencies();
    private boolean measuring;
    private int rollbacks;
    private int ended;
    private int steps;
    private int wrong;
    private volatile int doubled;
    private volatile int again;

    private Saga() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 7) {
            System.err.println(
                    "usage: Saga BOOTSTRAP_SERVERS REGISTRY_URL DESCRIPTOR PLATFORMS AT_ONCE WARM_UP SECONDS");
            System.exit(2);
        }
        var platforms = IntStream.range(0, Integer.parseInt(args[3]))
                .mapToObj(n -> "saga-" + n)
                .toList();
        new Saga()
                .run(
                        args[0],
                        args[1],
                        Files.readString(Path.of(args[2])),
                        platforms,
                        Integer.parseInt(args[4]),
                        Duration.ofSeconds(Integer.parseInt(args[5])),
                        Duration.ofSeconds(Integer.parseInt(args[6])));
    }

    private void run(
            String servers,
            String registry,
            String descriptor,
            List<String> platforms,
            int atOnce,
            Duration warmUp,
            Duration measured)
            throws IOException, InterruptedException {
        var history = TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX)
                .history()
                .name();
        try (var tail = new Tail(servers, List.of(history));
                var facts = new SpecificAvroDeserializer<HistoryEvent>();
                var operators = new Operators(servers, registry)) {
            facts.configure(Map.of("schema.registry.url", registry), false);
            var workers = Thread.ofPlatform().daemon().start(new Idle(servers, registry, this::taken, this::done));
            operators.register(platforms, descriptor);
            read(tail, facts, () -> registered.size() == platforms.size(), PATIENCE, null);
            if (registered.size() < platforms.size()) {
                throw new IOException("the platforms are not registered after " + PATIENCE.toMinutes() + " min");
            }
            free.addAll(platforms);
            for (int n = 0; n < atOnce; n++) {
                start(operators);
            }
            read(tail, facts, () -> false, warmUp, operators);
            System.out.println("measuring");
            measuring = true;
            latencies.begin();
            long began = System.nanoTime();
            read(tail, facts, () -> false, measured, operators);
            double seconds = (System.nanoTime() - began) / 1e9;
            measuring = false;
            System.out.println("measured");
            // Also what began before and only ends now was waited for: no gap goes unseen.
            read(tail, facts, running::isEmpty, PATIENCE, null);
            latencies.end();
            workers.interrupt();
            workers.join();
            System.out.printf(
                    Locale.ROOT,
                    "{\"rollbacks\": %d, \"steps\": %d, \"seconds\": %.2f, \"p50\": %.2f, \"p99\": %.2f, \"longest\": %.0f,"
                            + " \"ended\": %d, \"doubled\": %d, \"again\": %d, \"wrong\": %d, \"lost\": %d}%n",
                    rollbacks,
                    steps,
                    seconds,
                    latencies.percentile(50),
                    latencies.percentile(99),
                    latencies.percentile(100),
                    ended,
                    doubled,
                    again,
                    wrong,
                    running.size());
        }
    }

    private void start(Operators operators) {
        var platform = free.remove();
        var id = "bench-" + round + "-" + UUID.randomUUID();
        running.put(id, new Run(platform));
        operators.send(
                platform,
                StartRollback.newBuilder()
                        .setRollbackId(id)
                        .setScenario("service-restart")
                        .setServices(List.of("api"))
                        .build());
    }

    /** @param operators who start the next one when one ends; null for nobody */
    private void read(
            Tail tail,
            SpecificAvroDeserializer<HistoryEvent> facts,
            BooleanSupplier enough,
            Duration atMost,
            @Nullable Operators operators) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!enough.getAsBoolean() && System.nanoTime() < end) {
            tail.read(LOOK, message -> {
                var event = facts.deserialize(message.topic(), message.value());
                if (event != null && happened(event) && operators != null) {
                    start(operators);
                }
            });
        }
    }

    /** Whether one of ours has ended. */
    private boolean happened(HistoryEvent event) {
        if (event.getEvent() instanceof PlatformRegistered) {
            registered.add(event.getPlatform());
        }
        var id = event.getRollbackId();
        var run = id == null ? null : running.get(id);
        if (run == null) {
            return false;
        }
        if (event.getEvent() instanceof StepSucceeded) {
            run.succeeded++;
            steps += measuring ? 1 : 0;
        }
        if (!(event.getEvent() instanceof RollbackFinished finished)) {
            return false;
        }
        latencies.waited(run.waitsSince);
        ended++;
        rollbacks += measuring ? 1 : 0;
        wrong += finished.getOutcome() == Outcome.SUCCEEDED && run.succeeded == STEPS ? 0 : 1;
        running.remove(id);
        free.add(run.platform);
        return true;
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one thread writes
    private void taken(StepCommand command) {
        var run = running.get(command.getRollbackId());
        if (run == null) {
            return;
        }
        latencies.waited(run.waitsSince);
        again += command.getAttempt() > 1 ? 1 : 0;
        doubled += run.commands.add(command.getStepId() + "#" + command.getAttempt()) ? 0 : 1;
    }

    private void done(StepCommand command) {
        var run = running.get(command.getRollbackId());
        if (run != null) {
            run.waitsSince = System.nanoTime();
        }
    }
}
