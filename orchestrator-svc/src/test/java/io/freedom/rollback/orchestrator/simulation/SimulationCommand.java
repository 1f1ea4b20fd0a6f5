package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.schemas.history.Outcome;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/** {@code make simulation}: many worlds on all cores, or one again with its trace. */
final class SimulationCommand {
    private static final int SHOWN = 5;

    private final long seeds;
    private final AtomicLong next;
    private final long end;
    private final LongAdder worlds = new LongAdder();
    private final LongAdder events = new LongAdder();
    private final LongAdder lasted = new LongAdder();
    private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
    private final ConcurrentLinkedQueue<Simulation.Result> broken = new ConcurrentLinkedQueue<>();

    private SimulationCommand(long from, long seeds) {
        this.seeds = seeds;
        next = new AtomicLong(from);
        end = from + seeds;
    }

    /** {@code seeds N [FROM]} or {@code seed N}; {@code sites N} or {@code site N} of sites with a limit. */
    public static void main(String[] arguments) throws InterruptedException {
        long number = Long.parseLong(arguments[1]);
        boolean kept = switch (arguments[0]) {
            case "seed" -> again(number);
            case "site" -> holds(number, true);
            case "sites" -> sites(number);
            default -> new SimulationCommand(arguments.length > 2 ? Long.parseLong(arguments[2]) : 0, number).all();
        };
        System.exit(kept ? 0 : 1);
    }

    private static boolean sites(long seeds) {
        long broken = LongStream.range(0, seeds)
                .parallel()
                .filter(seed -> !holds(seed, false))
                .count();
        System.out.printf("%,d worlds of sites with a limit; %d broken%n", seeds, broken);
        return broken == 0;
    }

    private static boolean holds(long seed, boolean traced) {
        try {
            SitesSimulation.run(seed, traced).trace().forEach(System.out::println);
            return true;
        } catch (Violation e) {
            System.out.printf(
                    "site seed %d BROKEN: %s%n  its trace: make simulation SITE=%d%n", seed, e.getMessage(), seed);
            return false;
        }
    }

    private static boolean again(long seed) {
        var result = Simulation.run(seed, true);
        result.trace().forEach(System.out::println);
        System.out.printf(
                "%nseed %d: %d events in %s of virtual time, %s%n",
                seed,
                result.events(),
                Duration.ofMillis(result.lasted()),
                result.violation() == null
                        ? "all invariants held"
                        : result.violation().getMessage());
        return result.violation() == null;
    }

    private boolean all() throws InterruptedException {
        var began = System.nanoTime();
        var threads = Runtime.getRuntime().availableProcessors();
        var running = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            running[i] = Thread.ofPlatform().start(this::work);
        }
        for (var thread : running) {
            while (!thread.join(Duration.ofSeconds(10))) {
                tell(began);
            }
        }
        tell(began);
        System.out.println("outcomes: " + outcomes);
        return broken.isEmpty();
    }

    private void work() {
        for (long seed = next.getAndIncrement(); seed < end && broken.size() < SHOWN; seed = next.getAndIncrement()) {
            var result = Simulation.run(seed, false);
            worlds.increment();
            events.add(result.events());
            lasted.add(result.lasted());
            synchronized (outcomes) {
                result.outcomes().forEach((outcome, count) -> outcomes.merge(outcome, count, Integer::sum));
            }
            if (result.violation() != null) {
                broken.add(result);
                tell(result);
            }
        }
    }

    private static void tell(Simulation.Result result) {
        System.out.printf(
                "seed %d BROKEN after %s: %s%n  its trace: make simulation SEED=%d%n",
                result.seed(),
                Duration.ofMillis(result.lasted()),
                result.violation() == null ? "" : result.violation().getMessage(),
                result.seed());
    }

    private static double processorSeconds() {
        return ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ofSeconds(1))
                        .toMillis()
                / 1e3;
    }

    private void tell(long began) {
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf(
                "%,d of %,d worlds, %,.0f/s (%,.0f per second of a processor); %,d events, %,.0f/s; %,d h of virtual"
                        + " time; %d broken%n",
                worlds.sum(),
                seeds,
                worlds.sum() / seconds,
                worlds.sum() / processorSeconds(),
                events.sum(),
                events.sum() / seconds,
                Duration.ofMillis(lasted.sum()).toHours(),
                broken.size());
    }
}
