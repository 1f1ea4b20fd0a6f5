package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.Published;
import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.ctl.topics.TopicReader;
import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Topics in memory, with an orchestrator that answers as a test says. */
final class InMemoryControlPlane implements ControlPlane {
    private final Map<String, List<Received>> records = new HashMap<>();
    private BiFunction<SpecificRecord, Published, Map<Topic, SpecificRecord>> orchestrator = (_, _) -> Map.of();
    final List<Object> published = new ArrayList<>();

    final Map<String, SpecificRecord> known = new HashMap<>();

    @Nullable
    String lastKey;

    Map<String, String> lastHeaders = Map.of();

    void answering(BiFunction<SpecificRecord, Published, Map<Topic, SpecificRecord>> answers) {
        orchestrator = answers;
    }

    void add(Topic topic, SpecificRecord value) {
        add(topic, null, value);
    }

    void add(Topic topic, @Nullable String key, @Nullable SpecificRecord value) {
        var list = records.computeIfAbsent(topic.name(), _ -> new ArrayList<>());
        list.add(new Received(topic.name(), 0, list.size(), Samples.START, key, value));
    }

    @Override
    public TopicCatalogue topics() {
        return TopicCatalogue.withPrefix("rollback.");
    }

    @Override
    public Published publish(Topic topic, String key, SpecificRecord value) {
        var written = new Published(topic.name(), 0, published.size());
        published.add(value);
        lastKey = key;
        orchestrator.apply(value, written).forEach(this::add);
        return written;
    }

    @Override
    public Published publish(Topic topic, byte @Nullable [] key, byte[] value, Map<String, String> headers) {
        var written = new Published(topic.name(), 0, published.size());
        published.add(new String(value, StandardCharsets.UTF_8));
        lastKey = key == null ? null : new String(key, StandardCharsets.UTF_8);
        lastHeaders = headers;
        decoded(topic.name(), value)
                .ifPresent(record -> orchestrator.apply(record, written).forEach(this::add));
        return written;
    }

    /** Tests do without a registry: the bytes are the name of one that was made known. */
    @Override
    public Optional<SpecificRecord> decoded(String topic, byte[] value) {
        return Optional.ofNullable(known.get(new String(value, StandardCharsets.UTF_8)));
    }

    @Override
    public TopicReader read(List<Topic> topics) {
        return new Reader(topics.stream().map(Topic::name).toList());
    }

    @Override
    public void close() {}

    private final class Reader implements TopicReader {
        private final List<String> names;
        private final Map<String, Integer> positions = new HashMap<>();

        Reader(List<String> names) {
            this.names = names;
        }

        @Override
        public void seekToBeginning() {
            positions.clear();
        }

        @Override
        public void seekToEnd() {
            names.forEach(
                    n -> positions.put(n, records.getOrDefault(n, List.of()).size()));
        }

        @Override
        public void seekTo(Instant time) {
            seekToBeginning();
        }

        @Override
        public List<Received> poll(Duration wait) {
            return readToEnd();
        }

        @Override
        public void readToEnd(Consumer<Received> taker) {
            readToEnd().forEach(taker);
        }

        @Override
        public Map<TopicPartition, Long> beginnings() {
            return names.stream().collect(Collectors.toMap(name -> new TopicPartition(name, 0), _ -> 0L));
        }

        @Override
        public List<Received> readToEnd() {
            var read = new ArrayList<Received>();
            for (var name : names) {
                var all = records.getOrDefault(name, List.of());
                read.addAll(all.subList(positions.getOrDefault(name, 0), all.size()));
                positions.put(name, all.size());
            }
            return read;
        }

        @Override
        public Duration silence() {
            return Duration.ZERO;
        }

        @Override
        public void close() {}
    }
}
