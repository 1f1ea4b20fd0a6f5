package io.freedom.rollback.orchestrator.delivery;

import io.freedom.rollback.schemas.notification.Notification;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Of messages about the same to the same address the first is sent, and then one for many: a storm is told of, not each drop of it.
 * Kept in memory only: another process, or the next one, begins with a first one again.
 */
final class Gathering {
    static final Duration PACE = Duration.ofMinutes(10);
    static final int MANY = 100;
    private static final int NAMED = 20;

    private record Key(Object via, String gathered) {}

    /** Platforms of those that were not sent since one was. */
    private record Told(Instant at, List<String> platforms) {}

    private final Map<Key, Told> told = new HashMap<>();

    /** What is to be sent in its place; empty where nothing is. */
    synchronized Optional<Notification> next(Notification message, Instant now) {
        var gathered = message.getGathered();
        var before = gathered == null ? null : told.get(new Key(message.getVia(), gathered));
        if (gathered == null || before == null) {
            return Optional.of(message);
        }
        boolean isDue = !now.isBefore(before.at().plus(PACE)) || now.isBefore(before.at());
        if (!isDue && before.platforms().size() < MANY - 1) {
            before.platforms().add(message.getPlatform());
            return Optional.empty();
        }
        return Optional.of(
                before.platforms().isEmpty()
                        ? message
                        : Notification.newBuilder(message)
                                .setText(message.getText() + "\n" + further(gathered, before))
                                .build());
    }

    /** It got through. */
    synchronized void sent(Notification message, Instant now) {
        var gathered = message.getGathered();
        if (gathered != null) {
            told.put(new Key(message.getVia(), gathered), new Told(now, new ArrayList<>()));
        }
    }

    private static String further(String gathered, Told before) {
        var platforms = before.platforms().stream().distinct().toList();
        var named = String.join(", ", platforms.subList(0, Math.min(NAMED, platforms.size())));
        int more = platforms.size() - NAMED;
        return "Since %s not told one by one, of %s: %d further, of %s%s."
                .formatted(
                        before.at(),
                        gathered,
                        before.platforms().size(),
                        named,
                        more > 0 ? " and " + more + " platforms more" : "");
    }
}
