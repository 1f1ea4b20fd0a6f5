package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.ctl.topics.Received;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The history, folded, beside the status and the orchestrator's store: takes the records of all, and tells what does not hold. */
public final class Verification {
    private final TopicCatalogue topics;
    private final Map<TopicPartition, Long> beginnings;
    private final @Nullable String onlyPlatform;
    private final @Nullable String onlyRollback;

    private final ToldHistory told;
    private final Map<String, RollbackStatus> statuses = new LinkedHashMap<>();
    private final OrchestratorStore store = new OrchestratorStore();
    private final Agreement agreement;
    private List<Finding> differing = List.of();

    /**
     * @param beginnings of the partitions that are read
     * @param platform null for all
     * @param rollback null for all
     */
    public Verification(
            TopicCatalogue topics,
            Map<TopicPartition, Long> beginnings,
            @Nullable String platform,
            @Nullable String rollback) {
        this.topics = topics;
        this.beginnings = beginnings;
        onlyPlatform = platform;
        onlyRollback = rollback;
        told = new ToldHistory(topics.history().name());
        agreement = new Agreement(told, statuses, store);
    }

    /** What is to be read, from its beginning. */
    public static List<Topic> topics(TopicCatalogue topics) {
        return List.of(topics.history(), topics.status(), topics.storedEvents(), topics.storedPlatforms());
    }

    /** Names of topics that do not exist: what they would have to say cannot be compared. */
    public List<String> missingTopics() {
        return topics(topics).stream()
                .map(Topic::name)
                .filter(name -> beginnings.keySet().stream()
                        .noneMatch(known -> known.topic().equals(name)))
                .toList();
    }

    public void take(Received received) {
        var topic = received.topic();
        var key = received.key();
        if (topic.equals(told.topic())) {
            if (received.value() instanceof HistoryEvent event && wanted(event.getPlatform(), event.getRollbackId())) {
                told.take(event, beginsLater(new TopicPartition(topic, received.partition())));
            }
        } else if (topic.equals(topics.status().name())) {
            if (received.value() instanceof RollbackStatus status
                    && wanted(status.getPlatform(), status.getRollbackId())) {
                statuses.put(status.getRollbackId(), status);
            }
        } else if (key != null && topic.equals(topics.storedEvents().name())) {
            store.takeEvent(key, received.value() instanceof HistoryEvent event ? event : null);
        } else if (key != null && topic.equals(topics.storedPlatforms().name())) {
            store.takePlatform(key, received.value() instanceof PlatformState state ? state : null);
        }
    }

    private boolean wanted(String platform, @Nullable String rollback) {
        return (onlyPlatform == null || onlyPlatform.equals(platform))
                && (onlyRollback == null || onlyRollback.equals(rollback));
    }

    private boolean beginsLater(TopicPartition partition) {
        return beginnings.getOrDefault(partition, 0L) > 0;
    }

    /** Compares what has not agreed before, to be called once all was read; true once nothing is left that may agree yet. */
    public boolean settle() {
        var found = new ArrayList<>(agreement.differences());
        if (onlyRollback == null) {
            found.addAll(agreement.differencesOfPlatforms());
        }
        boolean truncated = beginnings.keySet().stream()
                .anyMatch(partition -> partition.topic().equals(told.topic()) && beginsLater(partition));
        if (!truncated) {
            unheardOf().forEach(found::add);
        }
        differing = List.copyOf(found);
        return differing.isEmpty();
    }

    /** What others know and the history does not. */
    private Stream<Finding> unheardOf() {
        var shown = statuses.values().stream()
                .filter(status -> !told.knowsRollback(status.getRollbackId()))
                .filter(status -> status.getPermit() == null) // it has not begun
                .map(status -> lost(status.getPlatform(), status.getRollbackId(), "the status"));
        var stored = store.rollbacks()
                .filter(event -> !told.knowsRollback(event.getRollbackId()))
                .filter(event -> !statuses.containsKey(event.getRollbackId()))
                .filter(event -> wanted(event.getPlatform(), event.getRollbackId()))
                .map(event -> lost(event.getPlatform(), event.getRollbackId(), "the store"));
        var platforms = store.platforms()
                .filter(state -> state.getSequence() > 0 && !told.knowsPlatform(state.getPlatform()))
                .filter(state -> wanted(state.getPlatform(), null))
                .map(state -> lost(state.getPlatform(), null, "the store"));
        return Stream.of(shown, stored, platforms).flatMap(findings -> findings);
    }

    private Finding lost(String platform, @Nullable String rollback, String by) {
        return Finding.broken(platform, rollback, "all its events are missing, but " + by + " knows it", told.topic());
    }

    /** What does not hold, as {@link #settle} has left it. */
    public List<Finding> findings() {
        return Stream.concat(told.broken(), differing.stream()).toList();
    }

    public Summary summary() {
        var running = told.rollbacks().stream()
                .filter(RollbackStory::runs)
                .flatMap(story -> agreement.upTo(story.id()).stream()
                        .mapToObj(event -> new Summary.Running(story.platform(), story.id(), event)))
                .toList();
        return new Summary(
                told.rollbacks().size(),
                onlyRollback == null ? told.platforms().size() : 0,
                told.events(),
                findings().size(),
                told.rollbacks().stream().filter(RollbackStory::truncated).count(),
                running);
    }
}
