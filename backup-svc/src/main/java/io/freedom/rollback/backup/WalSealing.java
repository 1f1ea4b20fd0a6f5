package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Seals what is finished of a WAL archive, also what a release before has left in clear. A sealed file has its place before the plain one goes: what a
 * killed worker leaves is done again.
 */
final class WalSealing {
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

    /** Puts a file into the place of another, which has the same content and was changed at the same time. */
    static void seal(Path file, Path sealed, Vault vault) throws IOException {
        if (file.equals(sealed)) {
            return;
        }
        try (var staging = Staging.beside(sealed)) {
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
