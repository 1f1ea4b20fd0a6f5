package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.planning.Descriptors;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepResult;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** One task of the orchestrator without Kafka: a platform whose rollback rb-1 has just succeeded, and what follows from that. */
abstract class OneTask {
    static final Instant END = Instant.parse("2026-03-01T03:00:00Z");
    static final String DESCRIPTOR = Descriptors.FREEDOM + """
            watch: {for: 5m, every: 1m, looks: 2}
            followUps: [{what: Write it down, owner: ada, within: 24h}, {what: Review it}]
            notifications: [{name: chat, webhook: "http://127.0.0.1/"}]
            """;

    final MockProcessorContext<String, Outbound> context = new MockProcessorContext<>();
    KeyValueStore<String, PlatformState> platforms;
    KeyValueStore<String, HistoryEvent> events;
    InMemoryRegistry registry;
    SagaStore store;
    Aftercare aftercare;
    Caretaker caretaker;
    Admissions admissions;
    Sagas sagas;
    Schedules schedules;
    int ids;

    @BeforeEach
    void start() throws IOException {
        registry = new InMemoryRegistry();
        platforms = inMemory("platforms");
        events = inMemory("events");
        wired();
        store.put(Platforms.registered(Platforms.unknown("freedom"), DESCRIPTOR));
        aftercare.begin("freedom", "rb-1", END.minusSeconds(60), END);
    }

    /** As after a restart: what is in memory only is gone. */
    void wired() {
        store = new SagaStore(platforms, events, _ -> {});
        var publisher = new Publisher(context, TopicCatalogue.withPrefix("rollback."));
        var history = new History(store, publisher);
        var notifications = new Notifications(store, publisher);
        aftercare = new Aftercare(store, history, notifications, publisher);
        caretaker = new Caretaker(store, history, notifications, publisher);
        sagas = new Sagas(store, history, notifications, aftercare, publisher);
        admissions = new Admissions(
                store,
                sagas,
                new Reports(store, history),
                new SitePermits(store, limits(), history, notifications, publisher),
                history,
                notifications,
                publisher);
        schedules = new Schedules(store, admissions, history, notifications);
    }

    /** Of sites, if a test wants any. */
    SiteLimits limits() {
        return SiteLimits.NONE;
    }

    void operator(SpecificRecord command) {
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId("c-" + ++ids)
                        .setPlatform("freedom")
                        .setOperator("ada")
                        .setAt(END)
                        .setCommand(command)
                        .build(),
                END);
    }

    void done(String step, SpecificRecord result, Instant now) {
        admissions.advance(
                "freedom",
                new RollbackCommand.Complete(new AttemptId(step, false, 1), new StepResult(result), "", false),
                null,
                now);
    }

    void tick(Instant now) {
        aftercare.watched().forEach(platform -> aftercare.tick(platform, now));
    }

    @AfterEach
    void stop() {
        registry.close();
        var chain = sent(HistoryEvent.class).stream()
                .filter(event -> event.getRollbackId() == null)
                .map(HistoryEvent::getSequence)
                .toList();
        assertThat(chain)
                .as("the platform's own history has no gap and no duplicate")
                .isEqualTo(LongStream.rangeClosed(1, chain.size()).boxed().toList());
    }

    <T extends SpecificRecord> KeyValueStore<String, T> inMemory(String name) {
        var serde = new SpecificAvroSerde<T>();
        serde.configure(Map.of("schema.registry.url", registry.url()), false);
        var built = Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), serde)
                .withLoggingDisabled()
                .withCachingDisabled()
                .build();
        built.init(context.getStateStoreContext(), built);
        return built;
    }

    <T> List<T> sent(Class<T> type) {
        return context.forwarded().stream()
                .map(forwarded -> forwarded.record().value().value())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    <T> List<T> facts(Class<T> type) {
        return sent(HistoryEvent.class).stream()
                .map(HistoryEvent::getEvent)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    static Instant after(int seconds) {
        return END.plusSeconds(seconds);
    }

    static Incident reported(String id) {
        return Incident.newBuilder()
                .setIncidentId(id)
                .setPlatform("freedom")
                .setIncidentClass(IncidentClass.DATA_CORRUPTION)
                .setFingerprint("f")
                .setBeganAt(END)
                .setSummary("broken")
                .setEvidence(Map.of())
                .setSource("test")
                .build();
    }
}
