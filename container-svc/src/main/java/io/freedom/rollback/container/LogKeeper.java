package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.LogEntries;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps what containers have logged since that was last done. Each line once, whoever is killed meanwhile. */
final class LogKeeper {
    /** The clock may have been put back by that much since the last entry, and have caught up; by more, lines of that time are lost. */
    private static final Duration MARGIN = Duration.ofMinutes(10);

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** The engine reads through gigabytes before it gives the first line of a time. */
    private static final Duration SILENCE = Duration.ofMinutes(4);
    /** The engine finds these at once, and mostly the last entry that is kept is among them. */
    private static final int TAIL = 10_000;

    /**
     * What came of it.
     *
     * @param note what is not kept and why; null for nothing
     * @param more whether there was no time for all of it
     */
    record Kept(long lines, @Nullable String note, boolean more) {}

    /** What gives logs: an engine. */
    interface Source {
        /** See {@link io.freedom.rollback.engine.Engine#logEntries}. */
        void read(String containerId, @Nullable Instant since, int tail, Duration silence, LogEntries entries)
                throws StepFailure, InterruptedException;
    }

    private final Source source;
    private final LogArchive archive;
    private final LogFiles files;
    private final Vault vault;
    private final StepContext step;
    private final InstantSource clock;

    LogKeeper(Source source, LogArchive archive, Vault vault, StepContext step, InstantSource clock)
            throws IOException {
        this.source = source;
        this.archive = archive;
        this.files = LogFiles.of(archive.getDirectory(), archive.getPlatform());
        this.vault = vault;
        this.step = step;
        this.clock = clock;
    }

    LogFiles files() {
        return files;
    }

    /** @param until when the time for it is over */
    Kept keep(EngineContainer container, Instant until) throws IOException, StepFailure, InterruptedException {
        try (var _ = lock(id(container), until)) {
            var folder = files.service(service(container));
            for (var unfinished : LogFiles.unfinished(folder)) {
                if (unfinished.container().equals(id(container))) {
                    LogSession.recover(files, unfinished); // before the position names another file
                }
            }
            var known = LogPosition.read(files.position(id(container)));
            try (var log = new LogSession(files, archive, vault, container, known, step, clock, until)) {
                return keep(container, known, until, log);
            }
        }
    }

    private Kept keep(EngineContainer container, Optional<LogPosition> known, Instant until, LogSession log)
            throws IOException, StepFailure, InterruptedException {
        String note = null;
        if (known.isPresent()) {
            log.expectTail();
            note = read(container, null, TAIL, until, log);
        }
        if (note == null && (known.isEmpty() || log.isLost())) {
            log.again();
            note = read(container, since(known), 0, until, log);
        }
        if (note == null && log.isLost()) {
            // The engine has removed the last line that was kept, and with it all before: what is there came later.
            log.takeAll();
            note = read(container, null, 0, until, log);
            if (note == null && log.lines() > 0) {
                note =
                        "lines may be lost, the engine removed some before they were kept: let it keep more (max-size and max-file"
                                + " of its logging driver), or keep them more often";
            }
        }
        return new Kept(
                log.lines(), note == null || note.isEmpty() ? null : service(container) + ": " + note, log.ranOut());
    }

    /** From when on the log is read; null for all of it, where the clock was put back. */
    private @Nullable Instant since(Optional<LogPosition> known) {
        var now = clock.instant();
        if (known.isEmpty()) {
            return now.minusMillis(archive.getKeepFor());
        }
        var last = Instant.parse(known.get().entry().stamp());
        return now.isBefore(last) ? null : last.minus(MARGIN);
    }

    /** Returns why it cannot be read, empty where it is gone; null where it was read. */
    private @Nullable String read(
            EngineContainer container, @Nullable Instant since, int tail, Instant until, LogSession log)
            throws IOException, StepFailure, InterruptedException {
        try {
            var silence = shorter(Duration.between(clock.instant(), until), SILENCE);
            source.read(container.id(), since, tail, silence, log);
        } catch (StepFailure e) {
            log.end(); // the engine's thread may be at it still
            log.finish();
            return switch (e.kind()) {
                // Some log drivers cannot be read back; that must not hold up the others.
                case TOOL -> "its log cannot be read (" + e.text() + ")";
                case PRECONDITION -> "";
                default -> throw e;
            };
        }
        log.end();
        log.finish();
        return null;
    }

    private LogLock lock(String container, Instant until) throws IOException, StepFailure, InterruptedException {
        var patience = shorter(Duration.between(clock.instant(), until), PATIENCE);
        return LogLock.take(files.lock(container), patience)
                .orElseThrow(() -> new StepFailure(
                        FailureKind.UNAVAILABLE,
                        "the log of container " + container + " is being kept by somebody else for longer than "
                                + patience.toSeconds() + " s: see whether another worker hangs"));
    }

    private static Duration shorter(Duration left, Duration most) {
        return left.isNegative() ? Duration.ZERO : left.compareTo(most) < 0 ? left : most;
    }

    /** What workers that were killed have left: whole files are given their names, others go. */
    void recover() throws IOException, InterruptedException {
        for (var unfinished : files.unfinished()) {
            var lock = LogLock.take(files.lock(unfinished.container()), Duration.ZERO);
            if (lock.isPresent()) {
                try (var _ = lock.get()) {
                    LogSession.recover(files, unfinished);
                }
            }
        }
    }

    static String service(EngineContainer container) {
        return container.service().isEmpty() ? container.name() : container.service();
    }

    /** As the engine's tools show it. */
    static String id(EngineContainer container) {
        return Containers.shortened(container.id());
    }
}
