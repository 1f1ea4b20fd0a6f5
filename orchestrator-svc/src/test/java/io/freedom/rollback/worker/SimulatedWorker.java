package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;

/** One capability of a worker process: the listener, the runner and the heartbeats that ship, without a broker. */
public final class SimulatedWorker {
    private static final int CONCURRENT_STEPS = 16;
    private static final byte[] IN_HAND = new byte[0];
    private static final List<Class<? extends SpecificRecord>> ACTIONS =
            StepAction.getClassSchema().getField("action").schema().getTypes().stream()
                    .<Class<? extends SpecificRecord>>map(SimulatedWorker::type)
                    .toList();

    /** What a step does to the world. */
    public interface Work {
        Probe probe(StepCommand command, StepContext step) throws StepFailure, InterruptedException;

        Completed execute(StepCommand command, StepContext step) throws StepFailure, InterruptedException;
    }

    private final InstantSource clock;
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
    private final Leases leases;
    private final StepRunner runner;
    private final CommandListener listener;
    private StepCommand inHand;

    public SimulatedWorker(
            String id,
            InstantSource clock,
            LongSupplier nanos,
            ThreadFactory threads,
            List<? extends StepHandler<?>> handlers,
            Function<StepEvent, CompletableFuture<?>> outlet) {
        this.clock = clock;
        leases = new Leases(nanos);
        var events = new StepEvents(id, clock, outlet::apply);
        runner = new StepRunner(handlers, events, new Secrets(Map.of()), clock, leases, CONCURRENT_STEPS, threads);
        listener = new CommandListener(
                "default",
                (_, _) -> inHand,
                runner,
                letter -> {
                    throw new IllegalStateException("a dead letter: " + letter.getReason());
                },
                clock);
    }

    /** A command from the broker; {@code acknowledge} once nothing up to it need come again. */
    public void receive(TopicPartition from, long offset, StepCommand command, Runnable acknowledge) {
        inHand = command;
        listener.onMessage(
                new ConsumerRecord<>(from.topic(), from.partition(), offset, IN_HAND, IN_HAND),
                acknowledge::run,
                consumer);
    }

    /** This process has the partition now, with so many records in it. */
    public void gain(TopicPartition partition, long end) {
        consumer.updateEndOffsets(Map.of(partition, end));
        listener.onPartitionsAssigned(consumer, List.of(partition));
    }

    /** Other processes have these partitions now. */
    public void lose(Collection<TopicPartition> partitions) {
        listener.onPartitionsLost(consumer, partitions);
    }

    /** To be given to {@link #belongs}. */
    public long asksWhetherItBelongs() {
        return leases.membership().ask();
    }

    /** The coordinator counts on this process, as of then. */
    public void belongs(long asked) {
        leases.membership().renew(asked);
    }

    public void look() {
        Heartbeat.endWhatIsCutOff(runner);
    }

    public void beat() {
        Heartbeat.expire(runner, clock);
        Heartbeat.beat(runner);
    }

    /** One for each action that there is. */
    public static List<StepHandler<?>> handlers(Work work) {
        return ACTIONS.stream()
                .<StepHandler<?>>map(action -> new Handler<>(action, work))
                .toList();
    }

    private record Handler<A extends SpecificRecord>(Class<A> action, Work work) implements StepHandler<A> {
        @Override
        public Probe probe(A what, StepContext step) throws StepFailure, InterruptedException {
            return work.probe(((Attempt) step).command(), step);
        }

        @Override
        public Completed execute(A what, StepContext step) throws StepFailure, InterruptedException {
            return work.execute(((Attempt) step).command(), step);
        }
    }

    private static Class<? extends SpecificRecord> type(Schema schema) {
        try {
            return Class.forName(schema.getFullName()).asSubclass(SpecificRecord.class);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
