package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.streams.SimulatedKeeper;
import io.freedom.rollback.schemas.site.SiteRequest;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.TopicPartition;

/** The process that keeps the permits of sites, and after its death the next one. */
final class Keeper {
    static final TopicPartition REQUESTS =
            new TopicPartition(Orchestrator.TOPICS.sites().name(), 0);
    private static final long COMMIT_INTERVAL = 500;

    private final VirtualTime time;
    private final Chance chance;
    private final Trace trace;
    private final Broker broker;
    private final ToIntFunction<String> partitionOf;
    private final Machine.Clock clock = new Machine.Clock();
    private final SimulatedKeeper task;
    private Machine machine;
    private int committed;
    private int position;
    private int starts;

    Keeper(
            SiteLimits limits,
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            ToIntFunction<String> partitionOf) {
        this.time = time;
        this.chance = chance;
        this.trace = trace;
        this.broker = broker;
        this.partitionOf = partitionOf;
        machine = new Machine("none", time, clock);
        machine.die();
        task = new SimulatedKeeper(Orchestrator.TOPICS, limits, () -> machine.instant(), this::timer);
        broker.readBy(REQUESTS, () -> machine.run(this::read));
    }

    SimulatedKeeper task() {
        return task;
    }

    boolean isUp() {
        return machine.alive();
    }

    void start() {
        machine = new Machine("keeper." + ++starts, time, clock);
        trace.say(machine.name, () -> "starts");
        task.start();
        position = committed;
        machine.in(broker.delay(), this::read);
        machine.in(COMMIT_INTERVAL, this::commitNowAndThen);
    }

    /** Whatever was not committed is gone. */
    void crash() {
        trace.say(machine.name, () -> "dies");
        machine.die();
    }

    private void timer(Runnable what, long every) {
        machine.in(every, what);
    }

    private void read() {
        var log = broker.log(REQUESTS);
        while (position < log.size()) {
            var request = (SiteRequest) log.get(position++);
            trace.say(machine.name, () -> "hears " + Words.of(request));
            task.take(request);
        }
        if (task.isDirty()) {
            machine.in(chance.between(1, 12), this::commit);
        }
    }

    private void commitNowAndThen() {
        commit();
        machine.in(COMMIT_INTERVAL, this::commitNowAndThen);
    }

    private void commit() {
        committed = position;
        for (var answer : task.commit()) {
            trace.say(machine.name, () -> answer.getPlatform() + " " + Words.of(answer.getEvent()));
            broker.append(
                    new TopicPartition(
                            Orchestrator.TOPICS.stepEvents().name(), partitionOf.applyAsInt(answer.getPlatform())),
                    answer);
        }
    }
}
