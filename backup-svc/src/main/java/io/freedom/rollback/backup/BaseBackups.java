package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The base backups that this worker takes, beside its looks. One whose worker dies is begun anew by the next.
 */
final class BaseBackups {
    private static final Logger LOG = LoggerFactory.getLogger(BaseBackups.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Vault vault;
    private final InstantSource clock;
    private final Map<String, Work> works = new ConcurrentHashMap<>();

    BaseBackups(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    /** What is being done for a platform, or was. */
    private static final class Work {
        /** Of the run that a base backup is taken in; null where one is sealed. */
        private final @Nullable String run;

        private final Thread thread;
        private volatile @Nullable Failed failed;

        Work(@Nullable String run, Job job, InstantSource clock) {
            this.run = run;
            thread = Thread.ofVirtual().unstarted(() -> {
                try {
                    job.run();
                } catch (StepFailure e) {
                    failed = new Failed(e, clock.instant());
                } catch (RuntimeException | InterruptedException | Error e) {
                    LOG.warn("a base backup came to nothing", e);
                    failed = new Failed(
                            new StepFailure(FailureKind.INTERNAL, "it came to nothing: " + e, e), clock.instant());
                }
            });
        }
    }

    private interface Job {
        void run() throws StepFailure, InterruptedException;
    }

    /** Why the last one came to nothing, and when. */
    record Failed(StepFailure why, Instant at) {}

    boolean isAtWork(String platform) {
        var work = works.get(platform);
        return work != null && work.thread.isAlive();
    }

    /** Of the last one that was taken in that run. */
    Optional<Failed> taking(String platform, WalRun run) {
        return failed(platform, run.about().id());
    }

    /** Of the last one that was sealed. */
    Optional<Failed> sealing(String platform) {
        return failed(platform, null);
    }

    private Optional<Failed> failed(String platform, @Nullable String run) {
        return Optional.ofNullable(works.get(platform))
                .filter(work -> Objects.equals(work.run, run))
                .map(work -> work.failed);
    }

    /** Ends one that is being taken; that it came to nothing then is no failure. */
    void end(String platform) throws InterruptedException {
        var work = works.get(platform);
        if (work != null && work.run != null) {
            works.remove(platform);
            work.thread.interrupt();
            // What it has begun is removed then.
            work.thread.join(PATIENCE);
        }
    }

    void take(String platform, BaseTaking taking) {
        var run = taking.run();
        begin(
                platform,
                run.about().id(),
                () -> Disk.work(run.making(), () -> {
                    taking.take(vault, clock);
                    return taking;
                }));
    }

    /** Seals a base backup of a release that did not. */
    void seal(String platform, Path file) {
        begin(
                platform,
                null,
                () -> Disk.work(file, () -> {
                    WalSealing.seal(file, vault.sealed(file, false), vault);
                    return file;
                }));
    }

    private void begin(String platform, @Nullable String run, Job job) {
        var work = new Work(run, job, clock);
        works.put(platform, work);
        work.thread.start();
    }
}
