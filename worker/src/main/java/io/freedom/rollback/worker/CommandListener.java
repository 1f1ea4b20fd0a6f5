package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.serde.UnknownRecordException;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.support.Acknowledgment;

/** Hands commands of this site to the runner and never blocks the poll loop on work. */
final class CommandListener
        implements AcknowledgingConsumerAwareMessageListener<byte[], byte[]>, ConsumerAwareRebalanceListener {
    private static final Logger LOG = LoggerFactory.getLogger(CommandListener.class);

    /** Others wait for it. */
    private static final Duration STOPPING = Duration.ofSeconds(10);

    private static final Duration SLICE = Duration.ofSeconds(1);

    /** Of a broker that has just answered. */
    private static final Duration ANSWER = Duration.ofSeconds(3);

    private final String site;
    private final Deserializer<StepCommand> deserializer;
    private final StepRunner runner;
    private final Function<DeadLetter, CompletableFuture<?>> deadLetters;
    private final InstantSource clock;
    private final OffsetTracker offsets = new OffsetTracker();
    private final Map<String, TopicPartition> partitions = new ConcurrentHashMap<>();
    /** Where what nobody but this process can have read begins, of each partition. */
    private final Map<TopicPartition, Long> firsts = new ConcurrentHashMap<>();

    CommandListener(
            String site,
            Deserializer<StepCommand> deserializer,
            StepRunner runner,
            Function<DeadLetter, CompletableFuture<?>> deadLetters,
            InstantSource clock) {
        this.site = site;
        this.deserializer = deserializer;
        this.runner = runner;
        this.deadLetters = deadLetters;
        this.clock = clock;
    }

    @Override
    public void onMessage(
            ConsumerRecord<byte[], byte[]> message,
            @Nullable Acknowledgment acknowledgment,
            @Nullable Consumer<?, ?> consumer) {
        if (acknowledgment == null || consumer == null) {
            throw new IllegalStateException("the container must use manual acknowledgment");
        }
        var partition = new TopicPartition(message.topic(), message.partition());
        if (!firsts.containsKey(partition)) {
            lookWhereNewsBegin(consumer, List.of(partition));
        }
        offsets.received(partition, message.offset(), acknowledgment);
        // The acknowledgment follows the outcome, whatever it is: a command is lost by no crash before that.
        handle(message, partition).whenComplete((_, failure) -> {
            if (failure == null) {
                offsets.done(partition, message.offset());
            } else {
                LOG.error(
                        "outcome of {}@{} not published; it will be delivered again",
                        partition,
                        message.offset(),
                        failure);
            }
        });
    }

    private CompletableFuture<?> handle(ConsumerRecord<byte[], byte[]> message, TopicPartition partition) {
        StepCommand command;
        try {
            command = deserializer.deserialize(message.topic(), message.value());
        } catch (UnknownRecordException e) {
            return unknown(e, message, partition);
        } catch (UnreadableRecordException e) {
            return deadLetter(message, e.getMessage());
        }
        if (command == null) {
            return deadLetter(message, "a command without a value");
        }
        if (!ofThisSite(command, partition)) {
            return CompletableFuture.completedFuture(null);
        }
        return command.getCommand() instanceof ExecuteStep && isOld(message, partition)
                ? runner.handBack(command)
                : runner.submit(command);
    }

    private boolean isOld(ConsumerRecord<?, ?> message, TopicPartition partition) {
        return message.offset() < firsts.getOrDefault(partition, Long.MAX_VALUE);
    }

    /** Whose step it is can be read, so the orchestrator learns at once that it is not done. */
    private CompletableFuture<?> unknown(
            UnknownRecordException e, ConsumerRecord<byte[], byte[]> message, TopicPartition partition) {
        if (!(e.known() instanceof StepCommand command)) {
            return deadLetter(message, e.getMessage());
        }
        if (!ofThisSite(command, partition)) {
            return CompletableFuture.completedFuture(null);
        }
        return command.getCommand() instanceof ExecuteStep execute
                ? isOld(message, partition) ? runner.handBack(command) : runner.refuse(command, execute, e.unknown())
                : deadLetter(message, e.getMessage());
    }

    private boolean ofThisSite(StepCommand command, TopicPartition partition) {
        if (!command.getSite().equals(site)) {
            return false;
        }
        partitions.put(command.getPlatform(), partition);
        return true;
    }

    private CompletableFuture<?> deadLetter(ConsumerRecord<byte[], byte[]> message, @Nullable String reason) {
        LOG.warn("{}@{} goes to the dead letters: {}", message.topic(), message.offset(), reason);
        return deadLetters.apply(DeadLetter.newBuilder()
                .setTopic(message.topic())
                .setPartition(message.partition())
                .setOffset(message.offset())
                .setAt(clock.instant())
                .setReason(String.valueOf(reason))
                .setKey(Beginning.ofKey(message.key()))
                .setValue(Beginning.ofValue(message.value()))
                .setSize(message.value() == null ? 0 : message.value().length)
                .build());
    }

    @Override
    public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> assigned) {
        try {
            lookWhereNewsBegin(consumer, assigned);
        } catch (KafkaException e) {
            LOG.warn("asked again with the first command, where what is new begins in {}", assigned, e);
        }
    }

    /** What was there before has had another reader, or may have had. */
    private void lookWhereNewsBegin(Consumer<?, ?> consumer, Collection<TopicPartition> of) {
        firsts.putAll(consumer.endOffsets(of, ANSWER));
    }

    @Override
    public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> revoked) {
        var ended = relinquish(revoked);
        try {
            // The next owner begins when this returns; the rest goes on meanwhile.
            for (var left = STOPPING; left.isPositive(); left = left.minus(SLICE)) {
                if (isOver(ended)) {
                    return;
                }
                if (consumer instanceof MemberConsumer member) {
                    member.renewNow();
                }
            }
            LOG.warn("what ran for {} does not stop, and another worker takes it over", revoked);
        } catch (ExecutionException e) {
            LOG.debug("ended, and could not be reported", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isOver(CompletableFuture<?> ended) throws InterruptedException, ExecutionException {
        try {
            ended.get(SLICE.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    @Override
    public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> lost) {
        if (consumer instanceof MemberConsumer member) {
            member.forget(lost);
        }
        relinquish(lost);
    }

    /** The next owner gets the unacknowledged commands again: what runs here must change nothing any more. */
    private CompletableFuture<?> relinquish(Collection<TopicPartition> gone) {
        gone.forEach(offsets::revoked);
        gone.forEach(firsts::remove);
        List<Attempt> orphans = runner.unfinished().stream()
                .filter(attempt -> gone.contains(partitions.get(attempt.platform())))
                .toList();
        return runner.relinquish(orphans);
    }
}
