package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeepLogs;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keeps what all containers of a project have logged since the look before, one after the other: it is no hurry, and the platform serves. */
final class KeepLogsHandler implements StepHandler<KeepLogs> {
    /** Before the deadline, so that what was read is kept. */
    private static final Duration TO_FINISH = Duration.ofSeconds(15);

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    KeepLogsHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<KeepLogs> action() {
        return KeepLogs.class;
    }

    @Override
    public Completed execute(KeepLogs action, StepContext step) throws StepFailure, InterruptedException {
        var archive = action.getCompose().getLogs();
        if (archive == null) {
            throw new StepFailure(FailureKind.INVALID, "the command does not say where logs are kept");
        }
        try {
            return keep(action.getCompose().getProject(), archive, step);
        } catch (IOException e) {
            throw Kept.failure(Path.of(archive.getDirectory(), LogFiles.FOLDER), e);
        }
    }

    private Completed keep(String project, LogArchive archive, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var begun = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        var engine = engines.engine();
        var keeper = new LogKeeper(engine::logEntries, archive, vault, step, clock);
        var files = keeper.files();
        var keepFor = Duration.ofMillis(archive.getKeepFor());
        files.prune(keepFor, archive.getBound(), begun);
        keeper.recover();
        LogSession.requireRoom(files, archive);

        var containers = engine.containers(project);
        var notes = new TreeSet<String>();
        var until = step.deadline().minus(TO_FINISH);
        long lines = 0;
        boolean more = false;
        Failure failure = null;
        for (var container : containers) {
            step.checkpoint();
            if (!clock.instant().isBefore(until)) {
                more = true; // the next look goes on
                break;
            }
            try {
                var kept = keeper.keep(container, until);
                lines += kept.lines();
                more |= kept.more();
                if (kept.note() != null) {
                    notes.add(kept.note());
                }
            } catch (StepFailure e) {
                failure = failure == null ? new Failure(e, null) : failure;
            } catch (IOException e) {
                failure = failure == null ? new Failure(null, e) : failure;
            }
        }
        long bytes = files.prune(keepFor, archive.getBound(), clock.instant());
        files.forget(containers.stream().map(LogKeeper::id).collect(Collectors.toSet()), keepFor, begun);
        if (failure != null) {
            failure.rethrow();
        }
        return completed(more ? null : begun, containers.size(), lines, bytes, notes);
    }

    /** The first one; the other containers are seen to all the same. */
    private record Failure(
            @Nullable StepFailure step, @Nullable IOException disk) {
        void rethrow() throws StepFailure, IOException {
            if (step != null) {
                throw step;
            }
            if (disk != null) {
                throw disk;
            }
        }
    }

    private static Completed completed(
            @Nullable Instant until, int containers, long lines, long bytes, TreeSet<String> notes) {
        var kept = LogsKept.newBuilder()
                .setUntil(until)
                .setMore(until == null)
                .setContainers(containers)
                .setLines(lines)
                .setBytes(bytes)
                .setNotes(notes.stream().toList())
                .build();
        var text = "%d lines of %d containers kept%s"
                .formatted(lines, containers, until == null ? ", and there are more" : "");
        return new Completed(kept, notes.isEmpty() ? text : text + "; " + String.join("; ", notes));
    }
}
