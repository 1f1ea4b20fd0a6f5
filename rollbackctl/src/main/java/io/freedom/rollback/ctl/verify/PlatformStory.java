package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.state.PlatformState;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The facts of a platform that belong to no rollback: a chain of their own. */
final class PlatformStory {
    private final String platform;
    private final String topic;
    private final boolean mayBeTruncated;
    private HashChain chain = HashChain.EMPTY;
    private @Nullable Finding broken;

    /** @param mayBeTruncated its partition does not begin at its beginning any more */
    PlatformStory(String platform, String topic, boolean mayBeTruncated) {
        this.platform = platform;
        this.topic = topic;
        this.mayBeTruncated = mayBeTruncated;
    }

    void take(HistoryEvent event) {
        if (broken != null) {
            return;
        }
        if (mayBeTruncated && chain.equals(HashChain.EMPTY)) {
            chain = new HashChain(event.getSequence() - 1, event.getPreviousHash());
        }
        broken = chain.objection(event)
                .map(problem -> Finding.broken(platform, null, problem, topic))
                .orElse(null);
        chain = HashChain.endingWith(event);
    }

    String platform() {
        return platform;
    }

    Optional<Finding> broken() {
        return Optional.ofNullable(broken);
    }

    /** The store goes on from where the history is, and knows what runs. */
    Optional<Finding> difference(Optional<PlatformState> stored, List<RollbackStory> rollbacks) {
        return stored.map(state -> ofChain(state).or(() -> ofRunning(state, rollbacks)))
                .orElse(Optional.of("the store does not know it"))
                .map(problem -> Finding.storeDiffers(platform, null, problem));
    }

    private Optional<String> ofChain(PlatformState state) {
        if (chain.equals(new HashChain(state.getSequence(), state.getLastHash()))) {
            return Optional.empty();
        }
        if (mayBeTruncated && chain.equals(HashChain.EMPTY)) {
            return Optional.empty(); // none is kept any more
        }
        return Optional.of(
                chain.sequence() == state.getSequence()
                        ? "event " + chain.sequence()
                                + " of the platform's own is not the one that the store goes on from"
                        : "the store goes on from event " + state.getSequence() + " of the platform's own, the history"
                                + " ends with event " + chain.sequence());
    }

    private static Optional<String> ofRunning(PlatformState state, List<RollbackStory> rollbacks) {
        // What is broken, or begins in the middle, may run.
        boolean known = rollbacks.stream().allMatch(story -> story.broken().isEmpty() && !story.truncated());
        var running = rollbacks.stream()
                .filter(RollbackStory::runs)
                .map(RollbackStory::id)
                .reduce((one, other) -> one + " and " + other)
                .orElse(null);
        return !known || Objects.equals(state.getRunning(), running)
                ? Optional.empty()
                : Optional.of("by the store " + named(state.getRunning()) + " runs, by the history " + named(running));
    }

    private static String named(@Nullable String rollback) {
        return rollback == null ? "nothing" : rollback;
    }
}
