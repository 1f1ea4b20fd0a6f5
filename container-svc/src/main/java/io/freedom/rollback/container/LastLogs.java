package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Keeps what containers have logged up to now, where the platform's logs are kept: to be asked for right before they are removed, since their
 * logs go with them. What keeps it from that is said, and holds nothing up.
 */
final class LastLogs {
    /** The platform is down meanwhile. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Engine engine;
    private final ComposeProject project;
    private final StepContext step;
    private final InstantSource clock = InstantSource.system();
    private final Set<String> notes = new ConcurrentSkipListSet<>();

    LastLogs(Engine engine, ComposeProject project, StepContext step) {
        this.engine = engine;
        this.project = project;
        this.step = step;
    }

    void keep(Collection<EngineContainer> containers) throws InterruptedException, StepFailure {
        if (project.getLogs() != null) {
            InParallel.each(containers, this::keep);
        }
    }

    /** Of the whole project. */
    void keepAll() throws InterruptedException, StepFailure {
        if (project.getLogs() != null) {
            keep(engine.containers(project.getProject()));
        }
    }

    void keep(EngineContainer container) throws InterruptedException {
        var archive = project.getLogs();
        if (archive == null) {
            return;
        }
        var service = LogKeeper.service(container);
        try {
            var kept = new LogKeeper(engine::logEntries, archive, step, clock)
                    .keep(container, clock.instant().plus(LIMIT));
            if (kept.note() != null) {
                notes.add(kept.note());
            }
            if (kept.more()) {
                notes.add(service + ": " + LIMIT.toSeconds() + " s were not enough for its last lines");
            }
        } catch (StepFailure e) {
            notes.add(service + ": its last lines are not kept: " + e.text());
        } catch (IOException e) {
            notes.add(service + ": its last lines are not kept: " + e);
        }
    }

    /** To be added to what a step says. */
    String note() {
        if (notes.isEmpty()) {
            return "";
        }
        return "; logs: " + String.join("; ", notes);
    }
}
