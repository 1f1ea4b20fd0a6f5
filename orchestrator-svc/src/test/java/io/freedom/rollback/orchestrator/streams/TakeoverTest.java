package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.orchestrator.records.StatusComparison;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.Transitions;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.history.RollbackFinished;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.ExecuteStep;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An orchestrator of this release takes over what those of earlier releases left in Kafka when they stopped amid rollbacks. */
class TakeoverTest {
    private static final Path RELEASES = Path.of("src", "test", "resources", "releases");
    private static final TopicCatalogue TOPICS = TopicCatalogue.withPrefix("rollback.");
    private static final String STORES = "test-%s-changelog";

    private final SpecificAvroDeserializer<SpecificRecord> deserializer = new SpecificAvroDeserializer<>();
    private final List<HistoryEvent> history = new ArrayList<>();
    private final List<StepCommand> commands = new ArrayList<>();
    private final List<Runnable> timers = new ArrayList<>();
    private InMemoryRegistry registry;
    private List<GenericRecord> records;
    private SimulatedTask task;
    private Instant now;
    private int offset;

    static Stream<Path> releases() throws IOException {
        return Files.list(RELEASES).filter(Files::isDirectory).sorted();
    }

    private void left(Path release) throws IOException {
        registry = new InMemoryRegistry(TakeoverTest.<CharSequence>in(release.resolve("schemas.avro")).stream()
                .map(CharSequence::toString)
                .toList());
        deserializer.configure(Map.of("schema.registry.url", registry.url()), false);
        records = in(release.resolve("records.avro"));
        history.addAll(of(TOPICS.history().name(), HistoryEvent.class).values());
    }

    @AfterEach
    void stop() {
        deserializer.close();
        registry.close();
    }

    private static <T> List<T> in(Path file) throws IOException {
        var found = new ArrayList<T>();
        try (var reader = new DataFileReader<T>(file.toFile(), new GenericDatumReader<>())) {
            reader.forEach(found::add);
        }
        return found;
    }

    private SpecificRecord read(GenericRecord kept) {
        var value = (ByteBuffer) kept.get("value");
        var bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        return Objects.requireNonNull(deserializer.deserialize(kept.get("topic").toString(), bytes));
    }

    /** What a topic has, in order: of one that belongs to a store by key, of another by number. */
    private <T> Map<String, T> of(String topic, Class<T> type) {
        var found = new LinkedHashMap<String, T>();
        for (var kept : records) {
            if (kept.get("topic").toString().equals(topic)) {
                var key = topic.endsWith("-changelog") ? kept.get("key").toString() : found.size() + "";
                found.put(key, type.cast(read(kept)));
            }
        }
        return found;
    }

    @ParameterizedTest
    @MethodSource("releases")
    void readsEveryRecord(Path release) throws IOException {
        left(release);

        assertThat(records)
                .filteredOn(kept ->
                        !kept.get("topic").toString().equals(TOPICS.incidents().name()))
                .hasSizeGreaterThan(100)
                .allSatisfy(kept -> assertThat(read(kept)).isNotNull());
    }

    @ParameterizedTest
    @MethodSource("releases")
    void buildsFromTheHistoryWhatOperatorsWereShown(Path release) throws IOException {
        left(release);
        var rebuilt = folded();

        var shown = of(TOPICS.status().name(), RollbackStatus.class).values();

        assertThat(shown)
                .hasSizeGreaterThan(4)
                .allSatisfy(
                        status -> assertThat(StatusComparison.difference(rebuilt.get(status.getRollbackId()), status))
                                .as(status.getRollbackId())
                                .isEmpty());
    }

    /** By id; every chain is sound, and every event may come where it comes. */
    private Map<String, Rollback> folded() {
        var chains = new HashMap<String, HashChain>();
        var rollbacks = new TreeMap<String, Rollback>();
        var last = new HashMap<String, RollbackEvent>();
        for (var event : history) {
            var id = event.getRollbackId();
            var chain = id == null ? event.getPlatform() : id;
            assertThat(chains.getOrDefault(chain, HashChain.EMPTY).objection(event))
                    .as(event.toString())
                    .isEmpty();
            chains.put(chain, HashChain.endingWith(event));
            SimulatedTask.fact(event).ifPresent(fact -> {
                var before = rollbacks.get(id);
                if (before != null) {
                    assertThat(Transitions.objection(before, fact, last.get(id)))
                            .as(event.toString())
                            .isEmpty();
                }
                rollbacks.put(id, RollbackDecider.evolve(before, List.of(fact), event.getAt()));
                last.put(id, fact);
            });
        }
        return rollbacks;
    }

    private void takenOver() {
        now = history.getLast().getAt().plusSeconds(20);
        task = new SimulatedTask(TOPICS, SiteLimits.NONE, () -> now, (what, _) -> timers.add(what));
        task.restored(
                of(STORES.formatted(SagaStore.PLATFORMS), PlatformState.class),
                of(STORES.formatted(SagaStore.EVENTS), HistoryEvent.class));
        task.start();
        for (var worker : TopicCatalogue.workers()) {
            of(TOPICS.commands(worker).name(), StepCommand.class).values().stream()
                    .filter(this::isInFlight)
                    .forEach(commands::add);
        }
    }

    private boolean isInFlight(StepCommand command) {
        var live = task.live(command.getPlatform());
        return live != null
                && live.id().equals(command.getRollbackId())
                && live.isCurrent(new AttemptId(command.getStepId(), command.getCompensation(), command.getAttempt()));
    }

    private void operator(String who, String platform, SpecificRecord command) {
        task.command(
                OperatorCommand.newBuilder()
                        .setCommandId("d" + ++offset)
                        .setPlatform(platform)
                        .setOperator(who)
                        .setAt(now)
                        .setCommand(command)
                        .build(),
                offset);
        workersSucceed();
    }

    private void workersSucceed() {
        written();
        while (!commands.isEmpty()) {
            var command = commands.removeFirst();
            if (command.getCommand() instanceof ExecuteStep) {
                task.report(WholeTopology.said(command, WholeTopology.done(), now), ++offset);
                written();
            }
        }
    }

    private void written() {
        for (var written : task.commit()) {
            switch (written.value()) {
                case HistoryEvent event -> history.add(event);
                case StepCommand command -> commands.add(command);
                default -> {} // what people are shown and told
            }
        }
    }

    @ParameterizedTest
    @MethodSource("releases")
    void goesOnWithEachRollback(Path release) throws IOException {
        left(release);
        int before = history.size();

        takenOver();
        assertThat(Stream.of("running", "undoing", "waiting", "paused").map(task::live))
                .containsExactlyInAnyOrderElementsOf(folded().values().stream()
                        .filter(rollback -> !rollback.finished())
                        .toList());
        assertThat(task.platform("undoing").getQueue()).hasSize(1);
        List.copyOf(timers).forEach(Runnable::run);
        workersSucceed();
        assertThat(task.live("waiting")).isNotNull();
        operator("bob", "waiting", new ApproveGate("restore", "orchestrator.approve-data-loss"));
        operator("ada", "paused", new ResumeRollback("stopped"));
        operator("ada", "undoable", new UndoRollback("done", true));

        var after = history.subList(before, history.size());
        assertThat(after.stream().filter(event -> event.getEvent() instanceof RollbackFinished))
                .extracting(HistoryEvent::getPlatform, event -> ((RollbackFinished) event.getEvent()).getOutcome())
                .containsExactlyInAnyOrder(
                        tuple("running", Outcome.SUCCEEDED),
                        tuple("undoing", Outcome.COMPENSATED),
                        tuple("undoing", Outcome.SUCCEEDED), // of what waited
                        tuple("waiting", Outcome.SUCCEEDED),
                        tuple("paused", Outcome.SUCCEEDED),
                        tuple("undoable", Outcome.COMPENSATED));
        folded();
    }
}
