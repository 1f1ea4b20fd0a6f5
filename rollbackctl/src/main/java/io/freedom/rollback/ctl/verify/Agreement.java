package io.freedom.rollback.ctl.verify;

import io.freedom.rollback.orchestrator.records.StatusComparison;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Whether history, status and store say the same. All three are written in one transaction, but read one after the other:
 * while rollbacks run they agree only now and then. So whoever has agreed once holds, up to the event reached then.
 */
final class Agreement {
    private final ToldHistory told;
    private final Map<String, RollbackStatus> statuses;
    private final OrchestratorStore store;
    /** Number of the last event that was compared, by rollback. */
    private final Map<String, Long> rollbacks = new HashMap<>();

    private final Set<String> platforms = new HashSet<>();

    Agreement(ToldHistory told, Map<String, RollbackStatus> statuses, OrchestratorStore store) {
        this.told = told;
        this.statuses = statuses;
        this.store = store;
    }

    /** What does not agree, and has not before. */
    List<Finding> differences() {
        var found = new ArrayList<Finding>();
        for (var story : told.rollbacks()) {
            if (story.broken().isEmpty() && !rollbacks.containsKey(story.id())) {
                of(story)
                        .ifPresentOrElse(
                                found::add,
                                () -> rollbacks.put(story.id(), story.chain().sequence()));
            }
        }
        return found;
    }

    /** The same of the platforms themselves. */
    List<Finding> differencesOfPlatforms() {
        var found = new ArrayList<Finding>();
        var byPlatform = told.rollbacksByPlatform();
        for (var story : told.platforms()) {
            var name = story.platform();
            if (story.broken().isEmpty() && !platforms.contains(name)) {
                story.difference(store.platform(name), byPlatform.getOrDefault(name, List.of()))
                        .ifPresentOrElse(found::add, () -> platforms.add(name));
            }
        }
        return found;
    }

    private Optional<Finding> of(RollbackStory story) {
        return store.difference(story.platform(), story.id(), story.chain())
                .map(problem -> Finding.storeDiffers(story.platform(), story.id(), problem))
                .or(() -> ofStatus(story));
    }

    private Optional<Finding> ofStatus(RollbackStory story) {
        if (story.state().isEmpty()) {
            return Optional.empty();
        }
        var status = statuses.get(story.id());
        var problem = status == null
                ? Optional.of("it has no status")
                : StatusComparison.difference(story.state().get(), status).map(what -> "its status differs: " + what);
        return problem.map(what -> Finding.statusDiffers(story.platform(), story.id(), what));
    }

    /** Number of the event up to which they agree. */
    OptionalLong upTo(String rollback) {
        var reached = rollbacks.get(rollback);
        return reached == null ? OptionalLong.empty() : OptionalLong.of(reached);
    }
}
