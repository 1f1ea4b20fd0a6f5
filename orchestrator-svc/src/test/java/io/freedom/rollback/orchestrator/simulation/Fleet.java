package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.worker.SimulatedWorker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The worker processes and the broker's view of their groups: who has which partition of which command topic. */
final class Fleet {
    /** As the workers' consumers have it. */
    private static final long SESSION_TIMEOUT = 6_000;

    private static final long HEARTBEAT = 2_000;
    private static final long LOOK = 500;
    /** As often as that workers ask whether they still belong to their group. */
    private static final long ASK = 1_000;

    /** A process with all four capabilities, and after its death the next one. */
    final class Member {
        final int number;
        final Machine.Clock clock = new Machine.Clock();
        private Machine machine = new Machine("none", time, clock);
        private Map<Worker, SimulatedWorker> workers = Map.of();
        private final Queue<Runnable> unsent = new ArrayDeque<>();
        private boolean connected;
        /** The broker counts on it. */
        private boolean joined;

        private int starts;
        private int cuts;

        Member(int number) {
            this.number = number;
        }

        boolean isUp() {
            return starts > 0 && machine.alive();
        }

        boolean isConnected() {
            return isUp() && connected;
        }

        String name() {
            return machine.name;
        }
    }

    /** Who reads a partition of a command topic, and how far the group is. */
    private static final class Assignment {
        @Nullable
        Member owner;
        /** Counts owners, so that what was meant for one does not reach the next. */
        int session;

        boolean moving;
        int position;
        int committed;
    }

    private final VirtualTime time;
    private final Chance chance;
    private final Trace trace;
    private final Broker broker;
    private final World world;
    private final Planted planted;
    private final ToIntFunction<String> partitionOf;
    private final Map<TopicPartition, Assignment> assignments = new LinkedHashMap<>();
    private final List<Member> members = new ArrayList<>();

    private Calamities calamities;

    Fleet(
            int size,
            int partitions,
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            World world,
            Planted planted,
            ToIntFunction<String> partitionOf) {
        this.time = time;
        this.chance = chance;
        this.trace = trace;
        this.broker = broker;
        this.world = world;
        this.planted = planted;
        this.partitionOf = partitionOf;
        for (int i = 0; i < size; i++) {
            members.add(new Member(i));
        }
        for (var worker : TopicCatalogue.workers()) {
            for (int partition = 0; partition < partitions; partition++) {
                var place =
                        new TopicPartition(Orchestrator.TOPICS.commands(worker).name(), partition);
                assignments.put(place, new Assignment());
                broker.readBy(place, () -> deliver(place));
            }
        }
    }

    void sufferFrom(Calamities what) {
        calamities = what;
    }

    List<Member> members() {
        return members;
    }

    // ---- processes ------------------------------------------------------------------------------

    void start(Member member) {
        expel(member); // the one before, should the broker still wait for it
        var machine = new Machine("worker-" + member.number + "." + ++member.starts, time, member.clock);
        trace.say(machine.name, () -> "starts");
        member.machine = machine;
        member.connected = true;
        member.unsent.clear();
        var labour = new Labour(machine, world, chance, calamities, planted);
        var handlers = SimulatedWorker.handlers(labour);
        var workers = new EnumMap<Worker, SimulatedWorker>(Worker.class);
        for (var worker : TopicCatalogue.workers()) {
            workers.put(
                    worker,
                    new SimulatedWorker(
                            machine.name,
                            machine,
                            nanos(),
                            machine.threads(),
                            handlers,
                            event -> publish(member, machine, event)));
        }
        member.workers = workers;
        machine.in(HEARTBEAT, () -> beat(member, machine));
        machine.in(LOOK, () -> look(member, machine));
        machine.in(ASK, () -> ask(member, machine));
        join(member, machine);
    }

    /** It stands still for nobody. */
    private LongSupplier nanos() {
        return planted == Planted.NO_LEASE ? () -> 0 : () -> time.now() * 1_000_000;
    }

    private void look(Member member, Machine machine) {
        member.workers.values().forEach(SimulatedWorker::look);
        machine.in(LOOK, () -> look(member, machine));
    }

    private void ask(Member member, Machine machine) {
        member.workers.values().forEach(worker -> askWhetherItBelongs(worker, member, machine));
        machine.in(ASK, () -> ask(member, machine));
    }

    /** On the way to the coordinator it may be cut off, and on the way back. */
    private void askWhetherItBelongs(SimulatedWorker worker, Member member, Machine machine) {
        long asked = worker.asksWhetherItBelongs();
        int cuts = member.cuts;
        machine.in(broker.delay(), () -> {
            if (member.connected && member.joined) {
                machine.in(broker.delay(), () -> {
                    if (member.connected && member.cuts == cuts) {
                        worker.belongs(asked);
                    }
                });
            }
        });
    }

    private void beat(Member member, Machine machine) {
        member.workers.values().forEach(SimulatedWorker::beat);
        machine.in(HEARTBEAT, () -> beat(member, machine));
    }

    void crash(Member member) {
        trace.say(member.machine.name, () -> "dies");
        member.machine.die();
        member.connected = false;
        expelLater(member);
    }

    /** It works on and neither hears nor is heard. */
    void cutOff(Member member) {
        trace.say(member.machine.name, () -> "is cut off from the broker");
        member.connected = false;
        expelLater(member);
    }

    void freeze(Member member) {
        trace.say(member.machine.name, () -> "stands still");
        member.machine.freeze();
        member.connected = false;
        expelLater(member);
    }

    void reconnect(Member member) {
        var machine = member.machine;
        if (machine.frozen()) {
            trace.say(machine.name, () -> "goes on");
            machine.thaw();
        }
        trace.say(machine.name, () -> "reaches the broker");
        member.connected = true;
        member.cuts++;
        while (!member.unsent.isEmpty()) {
            member.unsent.remove().run();
        }
        if (member.joined) {
            assignments.keySet().forEach(this::deliver);
        } else {
            machine.in(chance.between(1, 2_000), () -> {
                if (planted != Planted.NOTHING_IS_RELINQUISHED) {
                    trace.say(machine.name, () -> "learns that it has lost its partitions");
                    member.workers.values().forEach(it -> it.lose(assignments.keySet()));
                }
                join(member, machine);
            });
        }
    }

    private void join(Member member, Machine machine) {
        machine.in(chance.between(10, 500), () -> {
            member.joined = true;
            rebalance();
        });
    }

    // ---- the group ------------------------------------------------------------------------------

    private void expel(Member member) {
        member.joined = false;
        assignments.values().stream()
                .filter(assignment -> assignment.owner == member)
                .forEach(assignment -> {
                    assignment.owner = null;
                    assignment.session++;
                });
    }

    private void expelLater(Member member) {
        int cut = ++member.cuts;
        int start = member.starts;
        time.in(SESSION_TIMEOUT, () -> {
            boolean back = member.cuts != cut || member.starts != start;
            if (!back && member.joined) {
                trace.say("broker", () -> member.machine.name + " is not counted on any more");
                expel(member);
                rebalance();
            }
        });
    }

    /** Another process leaves or comes: partitions move, each once its old owner has let it go or is gone. */
    void rebalance() {
        var counted = members.stream().filter(member -> member.joined).toList();
        int i = 0;
        for (var entry : assignments.entrySet()) {
            var wanted = counted.isEmpty() ? null : counted.get(i++ % counted.size());
            move(entry.getKey(), entry.getValue(), wanted);
        }
    }

    private void move(TopicPartition place, Assignment assignment, @Nullable Member wanted) {
        var owner = assignment.owner;
        if (owner == wanted && wanted != null || assignment.moving) {
            return;
        }
        if (owner == null) {
            assign(place, assignment, wanted);
        } else if (wanted != null) {
            assignment.moving = true;
            time.in(chance.between(1, 200), () -> {
                assignment.moving = false;
                if (owner.isConnected() && assignment.owner == owner) {
                    revoke(place, assignment, owner);
                    time.in(chance.between(1, 100), this::rebalance);
                }
            });
        }
    }

    private void revoke(TopicPartition place, Assignment assignment, Member owner) {
        assignment.owner = null;
        assignment.session++;
        if (planted != Planted.NOTHING_IS_RELINQUISHED) {
            owner.workers.values().forEach(it -> it.lose(List.of(place)));
        }
    }

    private void assign(TopicPartition place, Assignment assignment, @Nullable Member wanted) {
        assignment.owner = wanted;
        assignment.session++;
        assignment.position = assignment.committed;
        if (wanted != null) {
            if (planted != Planted.NOTHING_IS_HANDED_BACK) {
                worker(wanted, place).gain(place, broker.log(place).size());
            }
            time.in(broker.delay(), () -> deliver(place));
        }
    }

    // ---- records --------------------------------------------------------------------------------

    private void deliver(TopicPartition place) {
        var assignment = assignments.get(place);
        var owner = assignment.owner;
        if (owner == null || !owner.isConnected() || owner.machine.frozen()) {
            return;
        }
        var log = broker.log(place);
        int session = assignment.session;
        while (assignment.position < log.size()) {
            int offset = assignment.position++;
            var command = (StepCommand) log.get(offset);
            trace.say(owner.machine.name, () -> "gets " + Words.of(command));
            var worker = worker(owner, place);
            worker.receive(place, offset, command, () -> acknowledge(owner, assignment, session, offset));
            askWhetherItBelongs(worker, owner, owner.machine);
        }
    }

    private SimulatedWorker worker(Member member, TopicPartition place) {
        if (planted == Planted.NO_LANES) {
            return new SimulatedWorker(
                    member.machine.name,
                    member.machine,
                    nanos(),
                    member.machine.threads(),
                    SimulatedWorker.handlers(new Labour(member.machine, world, chance, calamities, planted)),
                    event -> publish(member, member.machine, event));
        }
        return member.workers.entrySet().stream()
                .filter(entry ->
                        Orchestrator.TOPICS.commands(entry.getKey()).name().equals(place.topic()))
                .findFirst()
                .orElseThrow()
                .getValue();
    }

    private void acknowledge(Member member, Assignment assignment, int session, int offset) {
        member.machine.in(chance.between(1, 40), () -> {
            if (member.connected && assignment.session == session) {
                assignment.committed = Math.max(assignment.committed, offset + 1);
            }
        });
    }

    private CompletableFuture<?> publish(Member member, Machine machine, StepEvent event) {
        var acknowledged = new CompletableFuture<Void>();
        trace.say(machine.name, () -> "reports " + Words.of(event));
        member.unsent.add(() -> {
            var place = new TopicPartition(
                    Orchestrator.TOPICS.stepEvents().name(), partitionOf.applyAsInt(event.getPlatform()));
            broker.append(place, event);
            if (calamities.doubles()) {
                broker.append(place, event);
            }
            machine.in(chance.between(1, 10), () -> acknowledged.complete(null));
        });
        // A producer sends in order: each goes with whatever waits before it.
        machine.in(chance.between(1, 10), () -> {
            if (member.connected && !member.unsent.isEmpty()) {
                member.unsent.remove().run();
            }
        });
        return acknowledged;
    }
}
