package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.streams.SimulatedTask;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The process that has the task of one partition, and after its death the next one. */
final class Orchestrator {
    static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("");
    private static final long COMMIT_INTERVAL = 500;

    private final int partition;
    private final List<String> platforms;
    private final VirtualTime time;
    private final Chance chance;
    private final Trace trace;
    private final Broker broker;
    private final Ledger ledger;
    private final Verdict verdict;
    private final Planted planted;
    private final SimulatedTask task;
    final Machine.Clock clock = new Machine.Clock();
    private final Map<TopicPartition, Integer> committed = new HashMap<>();
    private final Map<TopicPartition, Integer> position = new HashMap<>();
    private Machine machine;
    private boolean committing;
    private int starts;

    Orchestrator(
            int partition,
            List<String> platforms,
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            Ledger ledger,
            Verdict verdict,
            Planted planted) {
        this(partition, platforms, SiteLimits.NONE, time, chance, trace, broker, ledger, verdict, planted);
    }

    Orchestrator(
            int partition,
            List<String> platforms,
            SiteLimits limits,
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            Ledger ledger,
            Verdict verdict,
            Planted planted) {
        this.partition = partition;
        this.platforms = platforms;
        this.time = time;
        this.chance = chance;
        this.trace = trace;
        this.broker = broker;
        this.ledger = ledger;
        this.verdict = verdict;
        this.planted = planted;
        machine = new Machine("none", time, clock);
        machine.die();
        task = new SimulatedTask(TOPICS, limits, () -> machine.instant(), this::timer);
        for (var topic : List.of(TOPICS.incidents(), TOPICS.operatorCommands(), TOPICS.stepEvents())) {
            var place = new TopicPartition(topic.name(), partition);
            committed.put(place, 0);
            broker.readBy(place, () -> machine.run(() -> read(place)));
        }
    }

    SimulatedTask task() {
        return task;
    }

    boolean isUp() {
        return machine.alive() && starts > 0;
    }

    boolean hasStarted() {
        return starts > 0;
    }

    void start() {
        machine = new Machine("orchestrator-" + partition + "." + ++starts, time, clock);
        committing = false;
        trace.say(machine.name, () -> "starts");
        guarded(task::start);
        ledger.compare(task, platforms);
        ledger.rollbacks().stream()
                .filter(rollback -> platforms.contains(rollback.plan().getPlatform()))
                .forEach(rollback -> ledger.compareStored(task, rollback.id()));
        position.clear();
        position.putAll(committed);
        // Kafka Streams reads its input topics as it likes.
        committed.keySet().stream()
                .sorted((a, b) -> a.topic().compareTo(b.topic()))
                .forEach(place -> machine.in(broker.delay(), () -> read(place)));
        machine.in(COMMIT_INTERVAL, this::commitNowAndThen);
    }

    /** Whatever was not committed is gone. */
    void crash() {
        trace.say(machine.name, () -> "dies");
        machine.die();
        if (planted == Planted.WRITES_WITHOUT_TRANSACTION) {
            task.written().forEach(this::publish);
        }
        if (planted == Planted.STORES_BEFORE_PUBLISHING) {
            task.commit();
            committed.putAll(position);
        }
        if (planted == Planted.LOSES_THE_NEWEST_EVENT) {
            task.loseTheNewestEvent();
        }
    }

    void freeze() {
        trace.say(machine.name, () -> "stands still");
        machine.freeze();
    }

    void thaw() {
        trace.say(machine.name, () -> "goes on");
        machine.thaw();
    }

    private void timer(Runnable what, long every) {
        // Kafka Streams is as punctual as its thread is free.
        machine.in(every + (chance.oneIn(3) ? chance.below(1_500) : 0), () -> {
            guarded(what);
            afterwards();
        });
    }

    private void read(TopicPartition place) {
        var log = broker.log(place);
        for (int at = position.get(place); at < log.size(); at++) {
            position.put(place, at + 1);
            var offset = at;
            guarded(() -> take(log.get(offset), offset));
        }
        afterwards();
    }

    private void take(Object record, int offset) {
        switch (record) {
            case StepEvent event -> task.report(planted(event), offset);
            case OperatorCommand command -> task.command(command, offset);
            case Incident incident -> task.report(incident, offset);
            default -> throw new IllegalArgumentException("nothing for an orchestrator: " + record);
        }
    }

    private StepEvent planted(StepEvent event) {
        var rollback = ledger.rollback(event.getRollbackId());
        if (planted == Planted.DONE_WHEN_ACCEPTED && event.getEvent() instanceof StepAccepted) {
            return StepEvent.newBuilder(event)
                    .setEvent(new StepDone(new StepResult(new FilesChecked(1, 0)), "", false))
                    .build();
        }
        if (planted != Planted.REPORTS_ARE_NOT_FENCED || rollback == null) {
            return event;
        }
        var step = event.getStepId();
        boolean undo =
                rollback.undo().containsKey(step) && rollback.track(step, true).inFlight();
        return StepEvent.newBuilder(event)
                .setCompensation(undo)
                .setAttempt(rollback.track(step, undo).attempt())
                .build();
    }

    private void afterwards() {
        if (task.wantsCommit() && !committing) {
            committing = true;
            machine.in(chance.between(1, 12), this::commit);
        }
    }

    private void commitNowAndThen() {
        if (task.isDirty()) {
            commit();
        }
        machine.in(COMMIT_INTERVAL, this::commitNowAndThen);
    }

    private void commit() {
        committing = false;
        committed.putAll(position);
        var written = task.commit();
        written.forEach(this::publish);
        if (!written.isEmpty()) {
            ledger.compare(task, platforms);
        }
    }

    /** As if a plan had been admitted. */
    void publishWhatHasBegun() {
        task.commit().forEach(this::publish);
    }

    private void publish(SimulatedTask.Written written) {
        switch (written.value()) {
            case HistoryEvent event -> ledger.published(event);
            case StepCommand command -> send(written.topic(), command);
            case RollbackStatus status -> ledger.shown(status);
            case SiteRequest request -> broker.append(new TopicPartition(written.topic(), 0), request);
            default -> {} // messages to people
        }
    }

    private void send(String topic, StepCommand command) {
        trace.say(machine.name, () -> "sends " + Words.of(command));
        broker.append(new TopicPartition(topic, partition), command);
    }

    private void guarded(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            var frames = e.getStackTrace();
            verdict.broken("the orchestrator does not fail", e + (frames.length > 0 ? " at " + frames[0] : ""));
        }
    }
}
