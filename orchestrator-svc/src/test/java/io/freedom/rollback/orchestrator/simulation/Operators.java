package io.freedom.rollback.orchestrator.simulation;

import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.StepTrack.Status;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.operator.AbortMode;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.RejectGate;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.operator.TakeFasterWay;
import io.freedom.rollback.schemas.operator.UndoRollback;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;

/** People who see the history and command what comes to their mind, and in the end answer whatever waits for them. */
final class Operators {
    /** Begins the id of each command. */
    static final String COMMAND = "command-";

    private static final List<String> NAMES = List.of("ada", "bob", "cyd");

    private final VirtualTime time;
    private final Chance chance;
    private final Trace trace;
    private final Broker broker;
    private final Ledger ledger;
    private final Calamities calamities;
    private final ToIntFunction<String> partitionOf;
    private final List<String> sent = new ArrayList<>();

    Operators(
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            Ledger ledger,
            Calamities calamities,
            ToIntFunction<String> partitionOf) {
        this.time = time;
        this.chance = chance;
        this.trace = trace;
        this.broker = broker;
        this.ledger = ledger;
        this.calamities = calamities;
        this.partitionOf = partitionOf;
    }

    /** Ids of all commands. */
    List<String> sent() {
        return sent;
    }

    /** @param often milliseconds between two commands, at most; 0 for people who only answer in the end */
    void begin(int often) {
        if (often > 0) {
            interfere(often);
        }
        time.in(0, this::answerNowAndThen);
    }

    private void interfere(int often) {
        time.in(chance.between(1, often), () -> {
            if (!calamities.over()) {
                if (!ledger.rollbacks().isEmpty()) {
                    anything(chance.of(List.copyOf(ledger.rollbacks())));
                }
                interfere(often);
            }
        });
    }

    private void anything(Rollback rollback) {
        var id = rollback.id();
        var steps = rollback.plan().getSteps();
        var step = chance.oneIn(30) ? "none" : chance.of(steps).getId();
        var waiting = rollback.openGates().isEmpty() ? rollback.held() : rollback.openGates();
        var which = waiting.isEmpty() || chance.oneIn(4) ? step : waiting.getFirst();
        command(
                rollback.plan().getPlatform(),
                switch (chance.below(16)) {
                    case 0, 1 -> new AbortRollback(id, chance.of(AbortMode.values()), chance.below(4) > 0);
                    case 2, 3 -> new PauseRollback(id);
                    case 4, 5, 6 -> new ResumeRollback(id);
                    case 7 -> new RejectGate(id, which);
                    case 8, 9 -> new ApproveGate(id, which);
                    case 10, 11 -> new RetryStep(id, which);
                    case 12 -> new SkipStep(id, which);
                    case 13 -> new ChangeTimeout(id, step, (long) chance.between(1, 120) * 1000);
                    case 14 -> new TakeFasterWay(id, step);
                    default -> new UndoRollback(id, chance.below(4) > 0);
                });
    }

    // ---- in the end -----------------------------------------------------------------------------

    private void answerNowAndThen() {
        time.in(chance.between(2_000, 5_000), () -> {
            if (calamities.over()) {
                for (var rollback : List.copyOf(ledger.rollbacks())) {
                    answer(rollback);
                }
            }
            answerNowAndThen();
        });
    }

    /** Whatever waits for somebody. */
    private void answer(Rollback rollback) {
        var platform = rollback.plan().getPlatform();
        var id = rollback.id();
        if (rollback.pause() != null) {
            command(platform, new ResumeRollback(id));
        }
        for (var gate : rollback.openGates()) {
            command(platform, chance.oneIn(8) ? new RejectGate(id, gate) : new ApproveGate(id, gate));
        }
        for (var step : rollback.held()) {
            command(
                    platform,
                    switch (chance.below(8)) {
                        case 0 -> new AbortRollback(id, AbortMode.NOW, true);
                        case 1 -> new SkipStep(id, step);
                        default -> new RetryStep(id, step);
                    });
        }
        if (rollback.outcome() == Outcome.COMPENSATION_FAILED && chance.oneIn(4)) {
            rollback.undo().entrySet().stream()
                    .filter(entry -> entry.getValue().status() == Status.FAILED)
                    .findFirst()
                    .ifPresent(entry -> command(platform, new RetryStep(id, entry.getKey())));
        }
    }

    void command(String platform, SpecificRecord what) {
        var command = OperatorCommand.newBuilder()
                .setCommandId(COMMAND + sent.size())
                .setPlatform(platform)
                .setOperator(chance.of(NAMES))
                .setAt(VirtualTime.BEGIN.plusMillis(time.now()))
                .setCommand(what)
                .build();
        sent.add(command.getCommandId());
        trace.say(command.getOperator(), () -> command.getCommandId() + ": " + Words.of(what));
        var place = new TopicPartition(Orchestrator.TOPICS.operatorCommands().name(), partitionOf.applyAsInt(platform));
        broker.append(place, command);
        if (calamities.doubles()) {
            broker.append(place, command);
        }
    }
}
