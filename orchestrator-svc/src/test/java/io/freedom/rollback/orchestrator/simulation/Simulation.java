package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** One world, from its seed to the end of all rollbacks in it. */
final class Simulation {
    /** How long all may take to end once calamities are over, milliseconds. */
    private static final long SMALL_END = 30 * 60_000;

    /** The runbook's steps may take half an hour each. */
    private static final long LARGE_END = 240 * 60_000;

    /** What comes late comes until then, and must do no harm. */
    private static final long SETTLE = 12_000;

    /** Zombies stay away longer. */
    private static final long LONG_SETTLE = 45_000;

    private static final String REAL = "freedom";

    /**
     * What became of a world.
     *
     * @param violation the promise that was broken; null where all were kept
     * @param trace who did what when, where it was wanted
     * @param events things that happened
     * @param facts kinds of history events
     */
    record Result(
            long seed,
            @Nullable Violation violation,
            List<String> trace,
            long events,
            long lasted,
            Map<Outcome, Integer> outcomes,
            Set<String> facts) {}

    private final long seed;
    private final Chance chance;
    private final Verdict verdict = new Verdict();
    private final VirtualTime time = new VirtualTime();
    private final Trace trace;
    private final Ledger ledger;
    private final Broker broker;
    private final Fleet fleet;
    private final List<Orchestrator> orchestrators = new ArrayList<>();
    private final Operators operators;
    private final List<String> platforms;
    private final int partitions;
    private final boolean real;
    private final long limit;
    private final Calamities calamities;
    private long doneAt = -1;

    private Simulation(long seed, boolean traced, Planted planted, Set<Calamities.Kind> possible) {
        this.seed = seed;
        chance = new Chance(seed);
        trace = new Trace(time, traced);
        ledger = new Ledger(trace, verdict, chance.oneIn(8));
        broker = new Broker(time, chance);
        real = chance.oneIn(16);
        partitions = chance.between(1, 2);
        platforms = real ? List.of(REAL) : List.of("alpha", "beta", "gamma").subList(0, chance.between(1, 3));
        var world = new World(trace, ledger, verdict);
        fleet = new Fleet(
                chance.between(2, 3), partitions, time, chance, trace, broker, world, planted, this::partitionOf);
        for (int partition = 0; partition < partitions; partition++) {
            int own = partition;
            var here = platforms.stream().filter(it -> partitionOf(it) == own).toList();
            orchestrators.add(new Orchestrator(partition, here, time, chance, trace, broker, ledger, verdict, planted));
        }
        long until = chance.between(5_000, real ? 150_000 : 60_000);
        limit = until + (real ? LARGE_END : SMALL_END);
        calamities = new Calamities(time, chance, trace, broker, fleet, orchestrators, possible, until);
        fleet.sufferFrom(calamities);
        operators = new Operators(time, chance, trace, broker, ledger, calamities, this::partitionOf);
        this.world = world;
    }

    private final World world;

    private int partitionOf(String platform) {
        return Math.floorMod(platform.hashCode(), partitions);
    }

    /** @param possible what may go wrong */
    static Result run(long seed, boolean traced, Planted planted, Set<Calamities.Kind> possible) {
        TrustedSchemas.trust();
        var simulation = new Simulation(seed, traced, planted, possible);
        Violation violation = null;
        try {
            simulation.run();
        } catch (Violation e) {
            violation = e;
        } catch (RuntimeException e) {
            violation = new Violation("the simulation itself works", e + " at " + e.getStackTrace()[0]);
        }
        if (violation != null) {
            simulation.trace.say("VIOLATION", violation::getMessage);
        }
        return simulation.result(violation);
    }

    static Result run(long seed, boolean traced) {
        return run(seed, traced, Planted.NOTHING, Calamities.ALL);
    }

    private void run() {
        calamities.begin();
        if (!real) {
            platforms.forEach(platform -> {
                var orchestrator = orchestrators.get(partitionOf(platform));
                orchestrator.task().begun(GeneratedPlans.start(platform, chance));
                orchestrator.publishWhatHasBegun();
            });
        }
        orchestrators.forEach(orchestrator -> time.in(chance.below(3_000), orchestrator::start));
        fleet.members().forEach(member -> time.in(chance.below(3_000), () -> fleet.start(member)));
        operators.begin(chance.of(0, 3_000, 20_000));
        if (real) {
            ask();
        }
        time.in(1_000, this::look);
        while (!isOver() && time.goesOn()) {
            verdict.check();
        }
        atTheEnd();
        verdict.check();
    }

    /** The way in that people and alerting have. */
    private void ask() {
        operators.command(REAL, new RegisterPlatform(Descriptors.FREEDOM));
        for (int i = chance.between(1, 3); i > 0; i--) {
            int number = i;
            time.in(chance.between(500, 90_000), () -> {
                if (chance.oneIn(3)) {
                    report("f" + number, IncidentStatus.FIRING, VirtualTime.BEGIN);
                } else if (chance.oneIn(3)) {
                    storm(number);
                } else {
                    operators.command(
                            REAL,
                            StartRollback.newBuilder()
                                    .setRollbackId("rb-" + number)
                                    .setScenario(chance.of(Scenario.values()).id())
                                    .build());
                }
            });
        }
    }

    /** Reports that come again and again, in the wrong order or much too late. */
    private void storm(int number) {
        if (ledger.events().stream().noneMatch(event -> event.getEvent() instanceof PlatformRegistered)) {
            return; // what is reported of unknown platforms is nothing to remember
        }
        var over = "over" + number;
        var old = "old" + number;
        var began = VirtualTime.BEGIN.minusSeconds(1_200); // whatever the orchestrator's clock says
        ledger.startsNothing(over);
        ledger.startsNothing(old);
        report(over, IncidentStatus.RESOLVED, began);
        for (int i = chance.between(1, 5); i > 0; i--) {
            time.in(chance.below(20_000), () -> report(over, IncidentStatus.FIRING, began));
            time.in(
                    chance.below(20_000),
                    () -> report(old, IncidentStatus.FIRING, VirtualTime.BEGIN.minusSeconds(43_200)));
        }
    }

    private void report(String fingerprint, IncidentStatus status, Instant began) {
        var incident = Incident.newBuilder()
                .setIncidentId("i-" + fingerprint)
                .setStatus(status)
                .setPlatform(REAL)
                .setIncidentClass(chance.of(IncidentClass.values()))
                .setFingerprint(fingerprint)
                .setBeganAt(began)
                .setSummary("broken")
                .setSource("alertmanager")
                .build();
        trace.say("alertmanager", () -> Words.of(incident));
        broker.append(new TopicPartition(Orchestrator.TOPICS.incidents().name(), partitionOf(REAL)), incident);
    }

    private void look() {
        if (time.now() > limit) {
            verdict.broken(
                    "everything ends in bounded time",
                    "not over: "
                            + ledger.rollbacks().stream()
                                    .filter(rollback -> !rollback.finished())
                                    .map(rollback -> rollback.id() + " out " + rollback.inFlight() + " waiting "
                                            + rollback.waiting() + " open " + rollback.openGates() + " held "
                                            + rollback.held())
                                    .toList()
                            + ", not answered: " + unanswered());
        }
        boolean done = calamities.over()
                && time.now() > 95_000 * (real ? 1 : 0)
                && ledger.rollbacks().stream().allMatch(rollback -> rollback.finished())
                && unanswered().isEmpty();
        if (!done) {
            doneAt = -1;
        } else if (doneAt < 0) {
            doneAt = time.now();
        }
        time.in(1_000, this::look);
    }

    private boolean isOver() {
        return doneAt >= 0 && time.now() - doneAt > (calamities.strikeLong() ? LONG_SETTLE : SETTLE);
    }

    private List<String> unanswered() {
        return operators.sent().stream().filter(id -> !ledger.answered(id)).toList();
    }

    private void atTheEnd() {
        ledger.rollbacks().forEach(rollback -> {
            verdict.require(
                    rollback.outcome() != null && !rollback.finishReason().isEmpty(),
                    "each end is explained",
                    rollback::id);
            world.atTheEnd(rollback);
        });
        orchestrators.forEach(orchestrator -> ledger.rollbacks().stream()
                .filter(rollback -> orchestrators.indexOf(orchestrator)
                        == partitionOf(rollback.plan().getPlatform()))
                .forEach(rollback -> ledger.compareStored(orchestrator.task(), rollback.id())));
    }

    private Result result(@Nullable Violation violation) {
        var outcomes = new EnumMap<Outcome, Integer>(Outcome.class);
        ledger.rollbacks().forEach(rollback -> {
            if (rollback.outcome() != null) {
                outcomes.merge(rollback.outcome(), 1, Integer::sum);
            }
        });
        var facts = new HashSet<String>();
        for (HistoryEvent event : ledger.events()) {
            facts.add(event.getEvent().getClass().getSimpleName());
        }
        return new Result(seed, violation, trace.lines(), time.happened(), time.now(), outcomes, facts);
    }
}
