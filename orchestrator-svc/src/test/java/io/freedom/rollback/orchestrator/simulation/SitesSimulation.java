package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.history.RollbackPaused;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.SiteLimitDisregarded;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;

/** One world of a site with a limit: platforms that break, processes that die, people who go past the queue or stop what is before them in it. */
final class SitesSimulation {
    static final String SITE = "berlin";
    private static final int PARTITIONS = 2;

    /** How long all may take once nothing breaks any more, milliseconds. */
    private static final long END = 180 * 60_000;

    /** @param waited incidents that had to wait for their turn */
    record Result(List<String> trace, int started, long waited, int limit) {}

    private final Chance chance;
    private final Verdict verdict = new Verdict();
    private final VirtualTime time = new VirtualTime();
    private final Trace trace;
    private final Ledger ledger;
    private final Broker broker;
    private final Keeper keeper;
    private final List<Orchestrator> orchestrators = new ArrayList<>();
    private final List<String> platforms;
    private final int limit;
    private final long until;
    /** Now and then an orchestrator of an earlier release runs, which knows no limits. */
    private final boolean downgrades;

    private final Map<TopicPartition, Integer> taken = new HashMap<>();
    private int commands;
    private int incidents;
    private int looked;
    private long lookAgain;

    private SitesSimulation(long seed, boolean traced) {
        chance = new Chance(seed);
        trace = new Trace(time, traced);
        ledger = new Ledger(trace, verdict, chance.oneIn(8));
        broker = new Broker(time, chance);
        platforms = IntStream.range(0, chance.between(2, 7))
                .mapToObj(n -> "platform" + n)
                .toList();
        limit = chance.between(1, 2);
        downgrades = chance.oneIn(4);
        var limits = new SiteLimits(0, Map.of(SITE, limit));
        until = chance.between(20_000, 120_000);
        keeper = new Keeper(limits, time, chance, trace, broker, SitesSimulation::partitionOf);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int own = partition;
            var here = platforms.stream().filter(it -> partitionOf(it) == own).toList();
            orchestrators.add(new Orchestrator(
                    partition, here, limits, time, chance, trace, broker, ledger, verdict, Planted.NOTHING));
            for (var worker : TopicCatalogue.workers()) {
                var place =
                        new TopicPartition(Orchestrator.TOPICS.commands(worker).name(), partition);
                broker.readBy(place, () -> work(place));
            }
        }
    }

    private static int partitionOf(String platform) {
        return Math.floorMod(platform.hashCode(), PARTITIONS);
    }

    /** @throws Violation of the first promise that was broken */
    static Result run(long seed, boolean traced) {
        TrustedSchemas.trust();
        var world = new SitesSimulation(seed, traced);
        try {
            world.run();
        } catch (Violation e) {
            world.trace.say("VIOLATION", e::getMessage);
            world.trace.lines().forEach(System.out::println);
            throw e;
        }
        long waited = world.ledger.events().stream()
                .filter(event -> event.getEvent() instanceof io.freedom.rollback.schemas.history.IncidentPostponed)
                .count();
        return new Result(world.trace.lines(), world.ledger.rollbacks().size(), waited, world.limit);
    }

    private void run() {
        for (var platform : platforms) {
            command(
                    platform,
                    new RegisterPlatform(Descriptors.FREEDOM.replace(
                            "name: freedom\nworkTree", "name: " + platform + "\nsite: " + SITE + "\nworkTree")));
        }
        orchestrators.forEach(orchestrator -> time.in(chance.below(1_000), orchestrator::start));
        time.in(chance.below(1_000), keeper::start);
        platforms.forEach(platform -> {
            for (int i = chance.between(1, 3); i > 0; i--) {
                time.in(chance.between(2_000, (int) until), () -> breaks(platform));
            }
        });
        if (chance.oneIn(2)) {
            people();
        }
        if (chance.oneIn(2)) {
            calamities();
        }
        while (!isOver() && time.goesOn()) {
            holds();
            verdict.check();
        }
        verdict.require(
                permitsAreReturned(),
                "every permit is returned",
                () -> "" + keeper.task().permits());
        verdict.check();
    }

    // ---- what happens ---------------------------------------------------------------------------

    private void breaks(String platform) {
        var fingerprint = "f" + ++incidents;
        var began = VirtualTime.BEGIN.plusMillis(time.now());
        report(platform, fingerprint, began, IncidentStatus.FIRING);
        if (chance.oneIn(4)) {
            time.in(chance.between(10, 60_000), () -> report(platform, fingerprint, began, IncidentStatus.RESOLVED));
        }
    }

    private void report(String platform, String fingerprint, Instant began, IncidentStatus status) {
        var incident = Incident.newBuilder()
                .setIncidentId("i-" + fingerprint + status)
                .setStatus(status)
                .setPlatform(platform)
                .setIncidentClass(IncidentClass.SERVICE_DEGRADATION)
                .setFingerprint(fingerprint)
                .setBeganAt(began)
                .setSummary("broken")
                .setSource("alertmanager")
                .build();
        trace.say("alertmanager", () -> Words.of(incident));
        broker.append(new TopicPartition(Orchestrator.TOPICS.incidents().name(), partitionOf(platform)), incident);
    }

    private void people() {
        time.in(chance.between(500, 15_000), () -> {
            if (time.now() < until) {
                anything(chance.of(platforms));
                people();
            }
        });
    }

    private void anything(String platform) {
        var orchestrator = orchestrators.get(partitionOf(platform));
        if (!orchestrator.hasStarted()) {
            return;
        }
        var task = orchestrator.task();
        var permit = task.platform(platform).getPermit();
        var running = task.platform(platform).getRunning();
        var id = running == null ? permit == null ? "none" : permit.getRollbackId() : running;
        var start = StartRollback.newBuilder()
                .setRollbackId("rb-op-" + commands)
                .setScenario(chance.of("full-rollback", "service-restart", "restore-point"))
                .build();
        command(
                platform,
                switch (chance.below(5)) {
                    case 0, 1 -> start;
                    case 2 -> new AbortRollback(id, AbortMode.NOW, true);
                    case 3 -> new PauseRollback(id);
                    default -> new ResumeRollback(id);
                });
    }

    private void command(String platform, SpecificRecord what) {
        var command = OperatorCommand.newBuilder()
                .setCommandId(Operators.COMMAND + commands++)
                .setPlatform(platform)
                .setOperator("ada")
                .setAt(VirtualTime.BEGIN.plusMillis(time.now()))
                .setCommand(what)
                .build();
        trace.say("ada", () -> command.getCommandId() + " for " + platform + ": " + Words.of(what));
        broker.append(
                new TopicPartition(Orchestrator.TOPICS.operatorCommands().name(), partitionOf(platform)), command);
    }

    private void calamities() {
        time.in(chance.between(100, 10_000), () -> {
            if (time.now() >= until) {
                return;
            }
            var orchestrator = chance.of(orchestrators);
            if (chance.oneIn(2) && orchestrator.isUp()) {
                orchestrator.crash();
                if (downgrades && chance.oneIn(3)) {
                    orchestrator.task().anEarlierReleaseRuns();
                }
                time.in(chance.between(10, 10_000), orchestrator::start);
            } else if (keeper.isUp()) {
                keeper.crash();
                time.in(chance.of(chance.between(10, 10_000), 150_000), keeper::start);
            }
            calamities();
        });
    }

    // ---- workers --------------------------------------------------------------------------------

    private void work(TopicPartition place) {
        var log = broker.log(place);
        for (int at = taken.getOrDefault(place, 0); at < log.size(); at++) {
            taken.put(place, at + 1);
            var command = (StepCommand) log.get(at);
            if (command.getCommand() instanceof ExecuteStep) {
                tell(command, new StepAccepted());
                time.in(chance.between(10, 4_000), () -> tell(command, outcome()));
            } else if (command.getCommand() instanceof CancelStep cancel) {
                tell(command, new StepCancelled(cancel.getReason()));
            }
        }
    }

    private SpecificRecord outcome() {
        return chance.oneIn(40)
                ? new StepError(FailureKind.MISMATCH, "a check found a difference")
                : new StepDone(new StepResult(new FilesChecked(1, 1)), "done", false);
    }

    private void tell(StepCommand command, SpecificRecord what) {
        var event = StepEvent.newBuilder()
                .setPlatform(command.getPlatform())
                .setRollbackId(command.getRollbackId())
                .setStepId(command.getStepId())
                .setAttempt(command.getAttempt())
                .setCompensation(command.getCompensation())
                .setWorkerId("w:1")
                .setAt(VirtualTime.BEGIN.plusMillis(time.now()))
                .setEvent(what)
                .build();
        broker.append(
                new TopicPartition(Orchestrator.TOPICS.stepEvents().name(), partitionOf(command.getPlatform())), event);
    }

    // ---- promises -------------------------------------------------------------------------------

    /** What alerts have started; what people started or stopped for a while does not wait, nor does anything where nobody answers. */
    private void holds() {
        var events = ledger.events();
        if (looked == events.size()) {
            return;
        }
        boolean begun = events.subList(looked, events.size()).stream()
                .anyMatch(event -> event.getEvent() instanceof RollbackStarted);
        looked = events.size();
        if (begun && !downgrades) {
            var exempt = exempt();
            var running = ledger.rollbacks().stream()
                    .filter(rollback -> !rollback.finished() && rollback.incident() != null)
                    .map(Rollback::id)
                    .filter(id -> !exempt.contains(id))
                    .toList();
            verdict.require(
                    running.size() <= limit,
                    "no more rollbacks than the site's limit",
                    () -> running + " where " + limit + " may run");
        }
    }

    private Set<String> exempt() {
        var exempt = new HashSet<String>();
        for (var event : ledger.events()) {
            if (event.getEvent() instanceof SiteLimitDisregarded disregarded) {
                exempt.add(disregarded.getStartId());
            } else if (event.getEvent() instanceof RollbackPaused) {
                exempt.add(event.getRollbackId());
            }
        }
        return exempt;
    }

    private boolean isOver() {
        if (time.now() < until + 5_000 || time.now() < lookAgain) {
            return false;
        }
        lookAgain = time.now() + 1_000;
        for (var rollback : List.copyOf(ledger.rollbacks())) {
            if (rollback.pause() != null && !rollback.finished() && chance.oneIn(5)) {
                command(rollback.plan().getPlatform(), new ResumeRollback(rollback.id()));
            }
        }
        boolean idle = ledger.rollbacks().stream().allMatch(Rollback::finished)
                && platforms.stream().allMatch(this::isIdle)
                && keeper.isUp()
                && permitsAreReturned();
        if (!idle && time.now() > until + END) {
            verdict.broken(
                    "nobody waits for ever",
                    "permits " + keeper.task().permits() + ", running "
                            + ledger.rollbacks().stream()
                                    .filter(rollback -> !rollback.finished())
                                    .map(Rollback::id)
                                    .toList()
                            + ", platforms "
                            + platforms.stream()
                                    .filter(it -> !isIdle(it))
                                    .map(it -> orchestrators
                                            .get(partitionOf(it))
                                            .task()
                                            .platform(it)
                                            .getPermit())
                                    .toList());
            verdict.check();
        }
        return idle;
    }

    /** Of one that was forgotten the keeper learns once somebody waits for it. */
    private boolean permitsAreReturned() {
        return keeper.task().permits().stream().allMatch(permit -> downgrades && permit.getHeld());
    }

    private boolean isIdle(String platform) {
        var state = orchestrators.get(partitionOf(platform)).task().platform(platform);
        return state.getPermit() == null
                && state.getRunning() == null
                && (state.getQueue().isEmpty() || Platforms.waitsForOperator(state));
    }
}
