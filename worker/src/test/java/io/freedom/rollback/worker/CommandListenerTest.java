package io.freedom.rollback.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.ReturnToPrevious;
import io.freedom.rollback.schemas.action.ReturnedToPrevious;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.registry.RegistryClient;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.CancelStep;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepAction;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class CommandListenerTest {
    static {
        TrustedSchemas.trust();
    }

    private static final Instant NOW = Instant.parse("2026-03-01T03:00:00Z");
    private static final byte[] KEY = "freedom".getBytes(StandardCharsets.UTF_8);
    private static final TopicPartition PARTITION = new TopicPartition("rollback.commands.git", 3);
    private static final byte[] JUNK = "{\"do\": \"something\"}".getBytes(StandardCharsets.UTF_8);

    private final List<DeadLetter> letters = new CopyOnWriteArrayList<>();
    private final List<StepEvent> events = new CopyOnWriteArrayList<>();
    private final List<ReturnToPrevious> executed = new CopyOnWriteArrayList<>();
    private final CountDownLatch acknowledged = new CountDownLatch(1);
    private CompletableFuture<?> publishing = CompletableFuture.completedFuture(null);
    private StubRegistry registry;
    private RegistryClient client;
    private final AtomicBoolean away = new AtomicBoolean();
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none") {
        @Override
        public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
            if (away.get()) {
                throw new TimeoutException("no broker answers");
            }
            return super.endOffsets(partitions, timeout);
        }
    };
    private CommandListener listener;

    /** What an unknown action would be taken for. */
    private final class Returning implements StepHandler<ReturnToPrevious> {
        @Override
        public Class<ReturnToPrevious> action() {
            return ReturnToPrevious.class;
        }

        @Override
        public Completed execute(ReturnToPrevious action, StepContext step) {
            executed.add(action);
            return new Completed(new ReturnedToPrevious("0".repeat(40), null, 0), "returned");
        }
    }

    @BeforeEach
    void start() throws IOException {
        registry = new StubRegistry();
        client = registry.client();
        var clock = InstantSource.fixed(NOW);
        var outlet = new StepEvents("w:1", clock, event -> {
            events.add(event);
            return CompletableFuture.completedFuture(null);
        });
        listener = new CommandListener(
                "default",
                new SpecificAvroDeserializer<>(client, StepCommand.class),
                new StepRunner(List.of(new Returning()), outlet, new Secrets(Map.of()), clock, TestLeases.held(), 4),
                letter -> {
                    letters.add(letter);
                    return publishing;
                },
                clock);
        assign(17);
    }

    @AfterEach
    void stop() {
        client.close();
        registry.close();
    }

    private void receive(byte @Nullable [] value) {
        listener.onMessage(
                new ConsumerRecord<>("rollback.commands.git", 3, 17, KEY, value), acknowledged::countDown, consumer);
    }

    /** The partition comes with so many records. */
    private void assign(long end) {
        consumer.updateEndOffsets(Map.of(PARTITION, end));
        listener.onPartitionsAssigned(consumer, List.of(PARTITION));
    }

    private void awaitAcknowledged() throws InterruptedException {
        assertThat(acknowledged.await(5, TimeUnit.SECONDS)).as("acknowledged").isTrue();
    }

    @Test
    void keepsWhatCannotBeReadAsItWasWithItsPlaceAndTheReason() throws Exception {
        receive(JUNK);

        awaitAcknowledged();
        assertThat(letters).singleElement().satisfies(letter -> {
            assertThat(letter.getTopic()).isEqualTo("rollback.commands.git");
            assertThat(letter.getPartition()).isEqualTo(3);
            assertThat(letter.getOffset()).isEqualTo(17);
            assertThat(letter.getAt()).isEqualTo(NOW);
            assertThat(letter.getKey().array()).isEqualTo(KEY);
            assertThat(letter.getValue().array()).isEqualTo(JUNK);
            assertThat(letter.getReason()).contains("its producer must use the Confluent Avro wire format");
        });
        assertThat(events).isEmpty();
    }

    @Test
    void keepsACommandWithoutAValueAndOneOfASchemaThatNobodyKnows() {
        receive(null);
        receive(new byte[] {0, 0, 0, 0, 99, 1});

        assertThat(letters.getFirst().getValue()).isNull();
        assertThat(letters.getFirst().getReason()).contains("without a value");
        assertThat(letters.getLast().getReason()).contains("names schema 99");
    }

    @Test
    void keepsARecordThatIsNoCommand() throws Exception {
        receive(registry.framed(new CancelStep("not within a command")));
        assertThat(letters)
                .singleElement()
                .satisfies(letter -> assertThat(letter.getReason()).contains("CancelStep where a", "StepCommand"));
    }

    @Test
    void acknowledgesNothingBeforeTheDeadLetterIsPublished() throws Exception {
        var sent = new CompletableFuture<Void>();
        publishing = sent;
        receive(JUNK);
        assertThat(acknowledged.getCount()).isOne();
        sent.complete(null);
        awaitAcknowledged();
    }

    @Test
    void keepsTheBeginningOfWhatWouldFitNoRecord() {
        receive(new byte[5 << 20]);
        assertThat(letters)
                .singleElement()
                .satisfies(letter -> assertThat(letter.getValue().remaining()).isBetween(1 << 17, 1 << 19));
    }

    @Test
    void waitsForARegistryThatIsAway() throws Exception {
        var command = registry.framed(LaterRelease.wipeWorkTree("default"));
        registry.close();

        assertThatThrownBy(() -> receive(command)).isInstanceOf(RegistryUnavailableException.class);
        assertThat(letters).isEmpty();
        assertThat(acknowledged.getCount()).as("it comes again").isOne();
    }

    @Test
    void failsAStepWithAnActionThatOnlyALaterReleaseKnows() throws Exception {
        receive(registry.framed(LaterRelease.wipeWorkTree("default")));

        awaitAcknowledged();
        assertThat(events)
                .hasSize(2)
                .allSatisfy(event -> assertThat(event.getStepId()).isEqualTo("git.wipe"));
        assertThat(events.getFirst().getEvent()).isInstanceOf(StepAccepted.class);
        assertThat(events.getLast().getEvent()).isInstanceOfSatisfying(StepError.class, error -> {
            assertThat(error.getKind()).isEqualTo(FailureKind.INVALID);
            assertThat(error.getMessage()).contains("does not know the action WipeWorkTree", "upgrade it");
        });
        assertThat(executed).as("what it was taken for").isEmpty();
        assertThat(letters).isEmpty();
    }

    @Test
    void leavesAnUnknownActionToTheWorkersOfItsSite() throws Exception {
        receive(registry.framed(LaterRelease.wipeWorkTree("elsewhere")));
        awaitAcknowledged();
        assertThat(events).isEmpty();
        assertThat(letters).isEmpty();
    }

    @Test
    void keepsAnUnknownKindOfCommandAndCancelsNothing() throws Exception {
        receive(registry.framed(LaterRelease.pauseStep("default")));
        awaitAcknowledged();
        assertThat(events).isEmpty();
        assertThat(letters)
                .singleElement()
                .satisfies(letter -> assertThat(letter.getReason()).contains("holds a PauseStep", "upgrade"));
    }

    private static StepCommand command() {
        return StepCommand.newBuilder()
                .setPlatform("freedom")
                .setSite("default")
                .setRollbackId("rb-1")
                .setStepId("git.return")
                .setAttempt(1)
                .setCompensation(true)
                .setAt(NOW)
                .setCommand(
                        new ExecuteStep(new StepAction(new ReturnToPrevious("/srv")), List.of(), NOW.plusSeconds(60)))
                .build();
    }

    @Test
    void carriesOutWhatCameAfterThePartitionWasItsOwn() throws Exception {
        receive(registry.framed(command()));
        awaitAcknowledged();
        assertThat(executed).hasSize(1);
    }

    @Test
    void handsBackWhatWasThereBeforeThePartitionWasItsOwn() throws Exception {
        assign(18);
        receive(registry.framed(command()));
        awaitAcknowledged();
        assertThat(executed).as("another may have done it").isEmpty();
        assertThat(events)
                .singleElement()
                .satisfies(event -> assertThat(event.getEvent()).isInstanceOf(StepCancelled.class));
    }

    @Test
    void asksAgainWhereItIsNotKnownWhatWasThereBefore() throws Exception {
        listener.onPartitionsLost(consumer, List.of(PARTITION));
        away.set(true);
        listener.onPartitionsAssigned(consumer, List.of(PARTITION));
        assertThatThrownBy(() -> receive(registry.framed(command())))
                .as("it is delivered again")
                .isInstanceOf(TimeoutException.class);

        away.set(false);
        consumer.updateEndOffsets(Map.of(PARTITION, 18L));
        receive(registry.framed(command()));
        awaitAcknowledged();
        assertThat(executed).isEmpty();
    }
}
