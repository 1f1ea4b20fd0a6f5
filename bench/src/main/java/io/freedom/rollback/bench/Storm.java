package io.freedom.rollback.bench;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.IncidentDuplicated;
import io.freedom.rollback.schemas.history.IncidentHeld;
import io.freedom.rollback.schemas.history.IncidentIgnored;
import io.freedom.rollback.schemas.history.IncidentMerged;
import io.freedom.rollback.schemas.history.IncidentPostponed;
import io.freedom.rollback.schemas.history.IncidentQueued;
import io.freedom.rollback.schemas.history.IncidentRepeated;
import io.freedom.rollback.schemas.history.PlatformRegistered;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.serde.SpecificAvroDeserializer;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Ten reports of each of many platforms at once, through the webhook: one alert five times, one that flaps twice, one that began
 * hours ago; in any order. A last one of each shows when all before are decided.
 *
 * <p>Usage: {@code Storm BOOTSTRAP_SERVERS REGISTRY_URL WEBHOOK DESCRIPTOR PLATFORMS}, where the descriptor has {@code @name@}; prints
 * {@code {"reports": n, "accepted": ms, "decided": ms, "started": n, "platforms": n, "events": n, "lost": n, "mostStarts": n}}.
 */
public final class Storm {
    private static final int EACH = 11;
    private static final int TOGETHER = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final TopicCatalogue topics = TopicCatalogue.withPrefix(TopicCatalogue.DEFAULT_PREFIX);
    private final String servers;
    private final String registry;
    private final List<String> platforms = new ArrayList<>();
    private final Set<String> registered = new HashSet<>();
    private final Map<String, Integer> decided = new HashMap<>();
    private final Set<String> postponed = new HashSet<>();
    private final Map<String, Integer> started = new HashMap<>();
    private final Set<String> over = new HashSet<>();
    private final String round = Long.toHexString(System.nanoTime());
    private int events;

    private Storm(String servers, String registry, int count) {
        this.servers = servers;
        this.registry = registry;
        for (int n = 0; n < count; n++) {
            platforms.add("storm-" + round + "-" + n);
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 5) {
            System.err.println("usage: Storm BOOTSTRAP_SERVERS REGISTRY_URL WEBHOOK DESCRIPTOR PLATFORMS");
            System.exit(2);
        }
        var storm = new Storm(args[0], args[1], Integer.parseInt(args[4]));
        storm.run(URI.create(args[2]), Files.readString(Path.of(args[3])));
    }

    private void run(URI webhook, String descriptor) throws IOException, InterruptedException {
        Map<String, Object> settings = Map.of("bootstrap.servers", servers, "isolation.level", "read_committed");
        try (var history = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                var facts = new SpecificAvroDeserializer<HistoryEvent>()) {
            facts.configure(Map.of("schema.registry.url", registry), false);
            var partitions = history.partitionsFor(topics.history().name()).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            history.assign(partitions);
            history.seekToEnd(partitions);
            partitions.forEach(history::position);
            try (var operators = new Operators(servers, registry)) {
                operators.register(platforms, descriptor);
            }
            await(history, facts, () -> registered.size() == platforms.size(), "the platforms are not registered");
            events = 0;
            long began = System.nanoTime();
            report(webhook);
            long accepted = System.nanoTime();
            await(history, facts, () -> over.size() == platforms.size(), "not all reports are decided");
            long all = System.nanoTime();
            await(history, facts, () -> lost() == 0, lost() + " reports are not in the history");
            System.out.printf(
                    Locale.ROOT,
                    "{\"reports\": %d, \"accepted\": %d, \"decided\": %d, \"started\": %d, \"platforms\": %d,"
                            + " \"events\": %d, \"lost\": %d, \"mostStarts\": %d}%n",
                    EACH * platforms.size(),
                    (accepted - began) / 1_000_000,
                    (all - began) / 1_000_000,
                    started.values().stream().mapToInt(it -> it).sum(),
                    started.size(),
                    events,
                    lost(),
                    started.values().stream().mapToInt(it -> it).max().orElse(0));
        }
    }

    private int lost() {
        return platforms.stream()
                .mapToInt(platform -> EACH - decided.getOrDefault(platform, 0))
                .sum();
    }

    private void report(URI webhook) throws IOException, InterruptedException {
        var alerts = new ArrayList<String>();
        var last = new ArrayList<String>();
        var now = Instant.now();
        for (var platform : platforms) {
            for (int n = 0; n < 5; n++) {
                alerts.add(alert(platform, "down", "firing", now));
            }
            for (int n = 0; n < 2; n++) {
                alerts.add(alert(platform, "flaps", "firing", now.minusSeconds(60 * n)));
                alerts.add(alert(platform, "flaps", "resolved", now.minusSeconds(60 * n)));
            }
            alerts.add(alert(platform, "old", "firing", now.minus(Duration.ofHours(5))));
            last.add(alert(platform, "last", "firing", now));
        }
        Collections.shuffle(alerts, new Random(1));
        alerts.addAll(last);
        try (var http = HttpClient.newHttpClient()) {
            for (int from = 0; from < alerts.size(); from += TOGETHER) {
                var some = alerts.subList(from, Math.min(alerts.size(), from + TOGETHER));
                var body = "{\"version\":\"4\",\"alerts\":[" + String.join(",", some) + "]}";
                var request = HttpRequest.newBuilder(webhook)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
                var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() != 202) {
                    throw new IOException("the webhook answers " + answer.statusCode() + ": " + answer.body());
                }
            }
        }
    }

    private static String alert(String platform, String fingerprint, String status, Instant began) {
        return """
                {"status":"%s","fingerprint":"%s","startsAt":"%s","labels":{"alertname":"Down","platform":"%s",\
                "incident_class":"service-degradation"},"annotations":{"summary":"it does not answer"}}""".formatted(status, fingerprint, began, platform);
    }

    private void await(
            KafkaConsumer<byte[], byte[]> history,
            SpecificAvroDeserializer<HistoryEvent> facts,
            BooleanSupplier isThere,
            String otherwise)
            throws IOException {
        var end = System.nanoTime() + PATIENCE.toNanos();
        while (!isThere.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IOException(otherwise + " after " + PATIENCE.toMinutes() + " min");
            }
            for (var message : history.poll(Duration.ofMillis(200))) {
                var event = facts.deserialize(message.topic(), message.value());
                if (event != null && event.getPlatform().startsWith("storm-" + round)) {
                    add(event);
                }
            }
        }
    }

    private void decide(String platform, boolean isNew) {
        if (isNew) {
            decided.merge(platform, 1, Integer::sum);
        }
    }

    private void add(HistoryEvent event) {
        events++;
        var platform = event.getPlatform();
        var cause = event.getCause();
        switch (event.getEvent()) {
            case PlatformRegistered _ -> registered.add(platform);
            case RollbackStarted _ -> {
                started.merge(platform, 1, Integer::sum);
                decide(platform, !postponed.contains(platform));
            }
            // That it waits for its turn is said now and then.
            case IncidentPostponed _ -> decide(platform, postponed.add(platform));
            case IncidentDuplicated _, IncidentIgnored _, IncidentMerged _, IncidentQueued _, IncidentHeld _ ->
                decided.merge(platform, 1, Integer::sum);
            case IncidentRepeated repeated -> decided.merge(platform, repeated.getTimes(), Integer::sum);
            default -> {}
        }
        if (cause != null && cause.startsWith("alertmanager-last-")) {
            over.add(platform);
        }
    }
}
