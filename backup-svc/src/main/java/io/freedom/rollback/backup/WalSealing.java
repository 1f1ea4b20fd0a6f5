package io.freedom.rollback.backup;

import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/**
 * Seals what is finished of a WAL archive, also what a release before has left in clear. A sealed file has its place before the plain one goes: what a
 * killed worker leaves is done again.
 */
final class WalSealing {
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final Vault vault;
    private final StepContext step;

    WalSealing(Vault vault, StepContext step) {
        this.vault = vault;
        this.step = step;
    }

    /** Seals segments for no longer than that. Returns whether some are left. */
    boolean seal(WalArchive archive, Duration budget) throws IOException {
        long end = System.nanoTime() + budget.toNanos();
        for (var run : archive.runs()) {
            removeAbandoned(run.wal());
            for (var base : run.complete()) {
                removeAbandoned(run.base(base.id()));
            }
            for (var file : run.finished()) {
                if (!file.isPlain() && !vault.leavesInClear(file.path())) {
                    continue;
                }
                if (System.nanoTime() - end > 0) {
                    return true;
                }
                step.checkpoint();
                try {
                    seal(file.path(), vault.sealed(file.plain(), true), vault);
                } catch (NoSuchFileException e) {
                    // Nobody needs it any more, or it was sealed by another look.
                }
            }
        }
        return false;
    }

    /** What a killed worker was writing; whoever writes still, does so all the time. */
    private static void removeAbandoned(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        var since = FileTime.from(Instant.now().minus(ABANDONED));
        try (var files = Files.newDirectoryStream(folder, Staging.PREFIX + "*")) {
            for (var file : files) {
                try {
                    if (Files.getLastModifiedTime(file).compareTo(since) < 0) {
                        Files.deleteIfExists(file);
                    }
                } catch (NoSuchFileException e) {
                    // It is in its place by now.
                }
            }
        }
    }

    /** Puts a file into the place of another, which has the same content and was changed at the same time. */
    static void seal(Path file, Path sealed, Vault vault) throws IOException {
        if (file.equals(sealed)) {
            return;
        }
        // Another look, or another worker, may be at the same.
        try (var staging = Staging.unique(sealed)) {
            try (var in = vault.open(file);
                    var out = vault.create(staging.path())) {
                in.transferTo(out);
            }
            Files.setLastModifiedTime(staging.path(), Files.getLastModifiedTime(file));
            staging.publish();
        }
        Files.deleteIfExists(file);
    }
}
