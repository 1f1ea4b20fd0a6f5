package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.schemas.history.HistoryEvent;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All rollbacks and platforms as the history tells them. */
final class ToldHistory {
    private final String topic;
    private final Map<String, RollbackStory> rollbacks = new LinkedHashMap<>();
    private final Map<String, PlatformStory> platforms = new TreeMap<>();
    private long events;

    ToldHistory(String topic) {
        this.topic = topic;
    }

    /** @param mayBeTruncated its partition does not begin at its beginning any more */
    void take(HistoryEvent event, boolean mayBeTruncated) {
        events++;
        var platform =
                platforms.computeIfAbsent(event.getPlatform(), name -> new PlatformStory(name, topic, mayBeTruncated));
        var id = event.getRollbackId();
        if (id == null) {
            platform.take(event);
        } else {
            platform.take(rollbacks.computeIfAbsent(id, _ -> new RollbackStory(event, topic, mayBeTruncated)), event);
        }
    }

    String topic() {
        return topic;
    }

    long events() {
        return events;
    }

    boolean knowsRollback(String id) {
        return rollbacks.containsKey(id);
    }

    boolean knowsPlatform(String name) {
        return platforms.containsKey(name);
    }

    Collection<RollbackStory> rollbacks() {
        return rollbacks.values();
    }

    Collection<PlatformStory> platforms() {
        return platforms.values();
    }

    Map<String, List<RollbackStory>> rollbacksByPlatform() {
        return rollbacks.values().stream().collect(Collectors.groupingBy(RollbackStory::platform));
    }

    /** What is wrong with the history itself. */
    Stream<Finding> broken() {
        return Stream.concat(
                rollbacks.values().stream().flatMap(story -> story.broken().stream()),
                platforms.values().stream().flatMap(story -> story.broken().stream()));
    }
}
