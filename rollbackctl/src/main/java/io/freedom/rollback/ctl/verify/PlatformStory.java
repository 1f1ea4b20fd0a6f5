package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.records.HashChain;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.state.PlatformState;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The facts of a platform that belong to no rollback, a chain of their own; and what its rollbacks leave it in, one after the other. */
final class PlatformStory {
    private final String platform;
    private final String topic;
    private final boolean mayBeTruncated;
    private final Standing standing;
    private HashChain chain = HashChain.EMPTY;
    private @Nullable Finding broken;
    private @Nullable Finding disordered;

    /** @param mayBeTruncated its partition does not begin at its beginning any more */
    PlatformStory(String platform, String topic, boolean mayBeTruncated) {
        this.platform = platform;
        this.topic = topic;
        this.mayBeTruncated = mayBeTruncated;
        standing = new Standing(!mayBeTruncated);
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

    /** The next event of one of its rollbacks. */
    void take(RollbackStory rollback, HistoryEvent event) {
        boolean ran = rollback.runs();
        rollback.take(event);
        if (rollback.broken().isPresent()) {
            standing.nobodyKnows(); // that it is broken says its own finding
            return;
        }
        if (ran == rollback.runs()) {
            return;
        }
        if (ran) {
            rollback.state().ifPresent(standing::ended);
        } else {
            standing.begun(rollback.id(), rollback.state())
                    .ifPresent(other -> disordered = disordered != null
                            ? disordered
                            : Finding.impossible(
                                    platform,
                                    rollback.id(),
                                    "event " + event.getSequence() + ", "
                                            + event.getEvent().getClass().getSimpleName() + ", cannot come there: "
                                            + other
                                            + " runs, and a platform has one rollback at a time"));
        }
    }

    String platform() {
        return platform;
    }

    Optional<Finding> broken() {
        return Optional.ofNullable(broken).or(() -> Optional.ofNullable(disordered));
    }

    /** The store goes on from where the history is, and knows what runs and what the rollbacks before have left. */
    Optional<Finding> difference(Optional<PlatformState> stored, List<RollbackStory> rollbacks) {
        return stored.map(state -> ofChain(state).or(() -> ofRollbacks(state, rollbacks)))
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

    private Optional<String> ofRollbacks(PlatformState state, List<RollbackStory> rollbacks) {
        // Nobody knows what follows from what is broken.
        return rollbacks.stream().anyMatch(story -> story.broken().isPresent())
                ? Optional.empty()
                : ofRunning(state, rollbacks).or(() -> standing.difference(state));
    }

    private static Optional<String> ofRunning(PlatformState state, List<RollbackStory> rollbacks) {
        // What begins in the middle may run.
        boolean known = rollbacks.stream().noneMatch(RollbackStory::truncated);
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
