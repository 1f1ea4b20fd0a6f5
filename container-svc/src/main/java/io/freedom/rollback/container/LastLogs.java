package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what containers have logged up to now, where the platform's logs are kept: to be asked for right before they are removed, since their
 * logs go with them. What keeps it from that is said, and holds nothing up: there is a time for all of it, and no failure of it fails the step.
 */
final class LastLogs {
    private static final Logger LOG = LoggerFactory.getLogger(LastLogs.class);
    /** For all containers of a step: the platform is down meanwhile. */
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Of the step's time, for what it is there for. */
    private static final Duration SPARE = Duration.ofMinutes(2);

    private final Engine engine;
    private final ComposeProject project;
    private final StepContext step;
    private final Vault vault;
    private final InstantSource clock = InstantSource.system();
    private final Set<String> notes = new ConcurrentSkipListSet<>();
    private @Nullable Instant until;

    LastLogs(Engine engine, ComposeProject project, StepContext step, Vault vault) {
        this.engine = engine;
        this.project = project;
        this.step = step;
        this.vault = vault;
    }

    void keep(Collection<EngineContainer> containers) throws InterruptedException, StepFailure {
        if (project.getLogs() != null) {
            InParallel.each(containers, this::keep);
        }
    }

    /** Of services; of all where none are named. */
    void keepOf(Collection<String> services) throws InterruptedException, StepFailure {
        if (project.getLogs() == null) {
            return;
        }
        List<EngineContainer> containers;
        try {
            containers = engine.containers(project.getProject());
        } catch (StepFailure e) {
            note("the containers whose last lines are to be kept are not known: " + e.text());
            return;
        }
        keep(containers.stream()
                .filter(it -> services.isEmpty() || services.contains(it.service()))
                .toList());
    }

    void keep(EngineContainer container) throws InterruptedException {
        var archive = project.getLogs();
        if (archive == null) {
            return;
        }
        var service = LogKeeper.service(container);
        var end = end();
        if (!clock.instant().isBefore(end)) {
            note(service + ": there was no time left for its last lines");
            return;
        }
        try {
            var kept = new LogKeeper(engine::logEntries, archive, vault, step, clock).keep(container, end);
            if (kept.note() != null) {
                note(kept.note());
            }
            if (kept.more()) {
                note(service + ": there was not time enough for all of its last lines");
            }
        } catch (StepFailure e) {
            note(service + ": its last lines are not kept: " + e.text());
        } catch (StepCancelledException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            note(service + ": its last lines are not kept: " + e);
        }
    }

    private synchronized Instant end() {
        var known = until;
        if (known == null) {
            var most = clock.instant().plus(LIMIT);
            var spared = step.deadline().minus(SPARE);
            known = spared.isBefore(most) ? spared : most;
            until = known;
        }
        return known;
    }

    private void note(String text) {
        LOG.warn("{}: logs: {}", step.stepId(), text);
        notes.add(text);
    }

    /** To be added to what a step says. */
    String note() {
        if (notes.isEmpty()) {
            return "";
        }
        return "; logs: " + String.join("; ", notes);
    }
}
