package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.CommandRejected;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A fault of the orchestrator itself, at one record. */
class MishapsTest {
    private static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("rollback.");

    private final Mishaps mishaps = new Mishaps();
    private MockProcessorContext<String, Outbound> context;
    private InMemoryRegistry registry;
    private SagaProcessor processor;
    private UnaryOperator<OperatorCommand> reading = UnaryOperator.identity();
    private UnaryOperator<StepEvent> hearing = UnaryOperator.identity();

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        threadStarted();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    // ---- given ----------------------------------------------------------------------------------

    /** The first, or the one that replaces it: what the one before had not committed is gone. */
    private void threadStarted() {
        context = new MockProcessorContext<>();
        context.setCurrentSystemTimeMs(0);
        KeyValueStore<String, PlatformState> platforms = inMemory(SagaStore.PLATFORMS);
        KeyValueStore<String, HistoryEvent> events = inMemory(SagaStore.EVENTS);
        new SagaStore(platforms, events, _ -> {})
                .put(Platforms.registered(Platforms.unknown("freedom"), Descriptors.FREEDOM));
        processor = new SagaProcessor(
                TOPICS,
                thenApplying(this.<OperatorCommand>serde().deserializer(), command -> reading.apply(command)),
                thenApplying(this.<StepEvent>serde().deserializer(), event -> hearing.apply(event)),
                mishaps,
                new RecoveryPoints(InstantSource.system()),
                SiteLimits.NONE,
                () -> true);
        processor.init(context);
    }

    private <T extends SpecificRecord> SpecificAvroSerde<T> serde() {
        var serde = new SpecificAvroSerde<T>();
        serde.configure(Map.of("schema.registry.url", registry.url()), false);
        return serde;
    }

    private static <T> Deserializer<T> thenApplying(Deserializer<T> reader, UnaryOperator<T> then) {
        return (topic, bytes) -> then.apply(reader.deserialize(topic, bytes));
    }

    private <T extends SpecificRecord> KeyValueStore<String, T> inMemory(String name) {
        KeyValueStore<String, T> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), this.<T>serde())
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        context.addStateStore(store);
        return store;
    }

    private void receive(long offset, SpecificRecord command) {
        var value = this.<OperatorCommand>serde()
                .serializer()
                .serialize(
                        TOPICS.operatorCommands().name(),
                        OperatorCommand.newBuilder()
                                .setCommandId("c" + offset)
                                .setPlatform("freedom")
                                .setOperator("ada")
                                .setAt(Instant.EPOCH)
                                .setCommand(command)
                                .build());
        context.setRecordMetadata(TOPICS.operatorCommands().name(), 0, offset);
        processor.process(new Record<>("freedom", new Inbound.FromOperator(value), 0));
    }

    private void hear(long offset, StepCommand command) {
        var event = WholeTopology.said(command, WholeTopology.done(), Instant.EPOCH);
        var value = this.<StepEvent>serde()
                .serializer()
                .serialize(TOPICS.stepEvents().name(), event);
        context.setRecordMetadata(TOPICS.stepEvents().name(), 0, offset);
        processor.process(new Record<>("freedom", new Inbound.FromWorker(value), 0));
    }

    private static <T> UnaryOperator<T> failingTwice() {
        var times = new AtomicInteger();
        return read -> times.incrementAndGet() <= 2 ? broken(read) : read;
    }

    private static void failing(ThrowingCallable work) {
        assertThatThrownBy(work).hasMessage("a fault of ours");
    }

    private <T> List<T> sent(Class<T> type) {
        return context.forwarded().stream()
                .map(forwarded -> forwarded.record().value().value())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private List<Object> facts() {
        return sent(HistoryEvent.class).stream().map(HistoryEvent::getEvent).toList();
    }

    private static DeadLetter letterOf(int bytes) {
        return DeadLetter.newBuilder()
                .setTopic("t")
                .setPartition(0)
                .setOffset(1)
                .setAt(Instant.EPOCH)
                .setReason("broken")
                .setValue(ByteBuffer.allocate(bytes))
                .build();
    }

    private static <T> T broken(T ignored) {
        throw new IllegalArgumentException("a fault of ours");
    }

    // ---- then -----------------------------------------------------------------------------------

    @Test
    void putsARecordAsideAndTakesTheNext() {
        reading = command -> command.getCommand() instanceof UndoRollback ? broken(command) : command;
        for (int thread = 1; thread <= 3; thread++) {
            assertThatThrownBy(() -> receive(7, new UndoRollback("rb-1", false)))
                    .hasMessage("a fault of ours");
            assertThat(sent(DeadLetter.class)).isEmpty();
            threadStarted();
        }

        receive(7, new UndoRollback("rb-1", false));
        receive(8, new CheckPlatform("check-1", Descriptors.FREEDOM));

        assertThat(sent(DeadLetter.class)).singleElement().satisfies(letter -> {
            assertThat(letter.getReason())
                    .contains("failed on this record 3 times: java.lang.IllegalArgumentException: a fault of ours");
            assertThat(letter.getOffset()).isEqualTo(7);
            assertThat(letter.getValue()).isNotNull();
        });
        assertThat(facts()).hasAtLeastOneElementOfType(RollbackStarted.class);
        assertThat(mishaps.putAside()).containsOnlyKeys("record 7 of partition 0 of rollback.operator-commands");
    }

    @Test
    void tellsTheOperatorWhoseCommandIsPutAside() {
        reading = failingTwice();
        failing(() -> receive(7, new CheckPlatform("check-1", Descriptors.FREEDOM)));
        failing(() -> receive(7, new CheckPlatform("check-1", Descriptors.FREEDOM)));

        receive(7, new CheckPlatform("check-1", Descriptors.FREEDOM));

        assertThat(facts())
                .singleElement()
                .isInstanceOfSatisfying(
                        CommandRejected.class,
                        rejected -> assertThat(rejected.getReason()).contains("2 times", "a fault of ours"));
        assertThat(sent(DeadLetter.class)).hasSize(1);
    }

    @Test
    void endsTheStepWhoseReportIsPutAside() {
        receive(7, new CheckPlatform("check-1", Descriptors.FREEDOM));
        var command = sent(StepCommand.class).getFirst();
        hearing = failingTwice();
        failing(() -> hear(1, command));
        failing(() -> hear(1, command));

        hear(1, command);

        assertThat(facts())
                .filteredOn(StepFailed.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(StepFailed.class, failed -> {
                    assertThat(failed.getStepId()).isEqualTo(command.getStepId());
                    assertThat(failed.getMessage()).contains("is done, but", "a fault of ours");
                });
        assertThat(sent(DeadLetter.class)).hasSize(1);
    }

    @Test
    void leavesWhatItFailedAtTwiceAndNothingElse() {
        var done = new ArrayList<String>();
        for (int tick = 1; tick <= 4; tick++) {
            try {
                mishaps.guardOrLeave("one", () -> {
                    done.add("one");
                    broken("one");
                });
            } catch (IllegalArgumentException e) {
                continue; // a thread of Kafka Streams ends with it
            }
            mishaps.guardOrLeave("other", () -> done.add("other"));
        }

        assertThat(done).containsExactly("one", "one", "other", "other");
        assertThat(mishaps.left()).as("tells who watches the process").containsExactly("one");
    }

    @Test
    void putsWhatIsNoRollbackAsideWithoutCallingThisProcessUnfit() {
        for (int tick = 1; tick <= 2; tick++) {
            assertThatThrownBy(() -> mishaps.guardOrPutAside("a watch", () -> broken("a watch")))
                    .hasMessage("a fault of ours");
        }

        assertThat(mishaps.guardOrPutAside("a watch", () -> broken("a watch"))).isFalse();
        assertThat(mishaps.left()).isEmpty();
        assertThat(mishaps.putAside()).containsOnlyKeys("a watch");
    }

    @Test
    void leavesNothingThatFailsNowAndThen() {
        for (int tick = 1; tick <= 3; tick++) {
            assertThatThrownBy(() -> mishaps.guardOrLeave("one", () -> broken("one")))
                    .hasMessage("a fault of ours");
            mishaps.guardOrLeave("one", () -> {});
        }

        assertThat(mishaps.left()).isEmpty();
    }

    @Test
    void writesNothingThatKafkaWouldNotTake() {
        var outbound = new OutboundSerializer(this.<SpecificRecord>serde().serializer());
        var small = letterOf(999_000);
        assertThat(outbound.serialize(
                        TOPICS.deadLetters(TOPICS.incidents()).name(),
                        new Outbound(TOPICS.deadLetters(TOPICS.incidents()).name(), small)))
                .hasSizeGreaterThan(999_000);

        var large = letterOf(1_000_001);
        assertThatThrownBy(() -> outbound.serialize(
                        TOPICS.deadLetters(TOPICS.incidents()).name(),
                        new Outbound(TOPICS.deadLetters(TOPICS.incidents()).name(), large)))
                .isInstanceOfSatisfying(
                        IllegalStateException.class,
                        fault -> assertThat(Mishaps.isOurs(fault)).isTrue())
                .hasMessageContaining(
                        "a DeadLetter of 1000",
                        "too large for "
                                + TOPICS.deadLetters(TOPICS.incidents()).name());
    }

    @Test
    void blamesNoRecordForWhatIsAway() {
        var registryAway = new RegistryUnavailableException("away", new UnresolvedAddressException());

        assertThat(Mishaps.isOurs(new StreamsException("to topic", registryAway)))
                .isFalse();
        assertThat(Mishaps.isOurs(new TaskMigratedException("another has it", new IllegalStateException())))
                .as("taken over by another instance")
                .isFalse();
        assertThat(Mishaps.isOurs(new StreamsException(new ConnectException("refused"))))
                .isFalse();
        assertThat(Mishaps.isOurs(new StreamsException(
                        new SerializationException("cannot be written", new ClassCastException()))))
                .as("written wrongly")
                .isTrue();
    }
}
