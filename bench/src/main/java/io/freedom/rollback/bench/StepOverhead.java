package io.freedom.rollback.bench;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepDispatched;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepAccepted;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The orchestrator's overhead per step: from the moment a worker publishes the result that a step waited for, to the
 * moment a worker has taken the next step. Both by the workers' clock, which is one on one machine; Kafka there and
 * back, deciding and committing are all in it.
 *
 * <p>Usage: {@code StepOverhead BOOTSTRAP_SERVERS REGISTRY_URL}; prints {@code {"results": n, "median": ms, "p90": ms,
 * "medianUntilDecided": ms}}, the last being the part until the orchestrator decided.
 */
public final class StepOverhead {
    private record Key(String rollbackId, String stepId) {}

    private final Map<String, List<PlanStep>> plans = new HashMap<>();
    private final Map<Key, Instant> accepted = new HashMap<>();
    private final Map<Key, Instant> decided = new HashMap<>();
    private final Map<Key, Instant> done = new HashMap<>();

    private StepOverhead() {}

    public static void main(String[] args) {
        if (args.length != 2) {
            System.err.println("usage: StepOverhead BOOTSTRAP_SERVERS REGISTRY_URL");
            System.exit(2);
        }
        var topics = TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX);
        var overhead = new StepOverhead();
        try (var history = new SpecificAvroDeserializer<HistoryEvent>();
                var events = new SpecificAvroDeserializer<StepEvent>()) {
            var registry = Map.of("schema.registry.url", args[1]);
            history.configure(registry, false);
            events.configure(registry, false);
            readAll(args[0], topics.history().name(), history, overhead::add);
            readAll(args[0], topics.stepEvents().name(), events, overhead::add);
        }
        overhead.print();
    }

    private void add(HistoryEvent event) {
        if (event.getEvent() instanceof RollbackStarted started) {
            plans.put(event.getRollbackId(), started.getPlan().getSteps());
        } else if (event.getEvent() instanceof StepDispatched dispatched && !dispatched.getCompensation()) {
            decided.putIfAbsent(new Key(event.getRollbackId(), dispatched.getStepId()), event.getAt());
        }
    }

    private void add(StepEvent event) {
        var key = new Key(event.getRollbackId(), event.getStepId());
        if (event.getCompensation()) {
            return;
        }
        if (event.getEvent() instanceof StepAccepted) {
            accepted.putIfAbsent(key, event.getAt());
        } else if (event.getEvent() instanceof StepDone) {
            done.putIfAbsent(key, event.getAt());
        }
    }

    private void print() {
        // A result may release several steps: the overhead is until the first of them is taken.
        var first = new HashMap<Instant, Long>();
        var deciding = new ArrayList<Long>();
        plans.forEach((rollback, steps) -> steps.forEach(step -> {
            var begun = accepted.get(new Key(rollback, step.getId()));
            var released = step.getDependsOn().stream()
                    .map(dependency -> done.get(new Key(rollback, dependency)))
                    .toList();
            if (begun != null && !released.isEmpty() && released.stream().noneMatch(at -> at == null)) {
                var last = released.stream().max(Instant::compareTo).orElseThrow();
                first.merge(last, Duration.between(last, begun).toMillis(), Math::min);
                deciding.add(Duration.between(last, decided.getOrDefault(new Key(rollback, step.getId()), last))
                        .toMillis());
            }
        }));
        var millis = new ArrayList<>(first.values());
        millis.sort(Long::compare);
        if (millis.isEmpty()) {
            System.err.println("no finished step in the topics");
            System.exit(1);
        }
        deciding.sort(Long::compare);
        System.out.printf(
                Locale.ROOT,
                "{\"results\": %d, \"median\": %d, \"p90\": %d, \"medianUntilDecided\": %d}%n",
                millis.size(),
                millis.get(millis.size() / 2),
                millis.get(millis.size() * 9 / 10),
                deciding.get(deciding.size() / 2));
    }

    private static <T extends SpecificRecord> void readAll(
            String servers, String topic, SpecificAvroDeserializer<T> deserializer, Consumer<T> each) {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (var message : consumer.poll(Duration.ofSeconds(1))) {
                    var value = deserializer.deserialize(topic, message.value());
                    if (value != null) {
                        each.accept(value);
                    }
                }
            }
        }
    }
}
