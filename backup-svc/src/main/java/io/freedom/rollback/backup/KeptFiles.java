package io.freedom.rollback.backup;

import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;

/** Puts files of a work tree into a restore point, as an {@link Archive} that is there whole or not at all. */
record KeptFiles(Vault vault, InstantSource clock) {
    /** @param plain name of the archive before it is packed */
    Tally keep(RestorePoint point, Path plain, Path workTree, Iterable<Path> paths, StepContext step)
            throws IOException {
        var tally = new Tally(step);
        step.checkpoint();
        var begun = clock.instant();
        var file = vault.sealed(plain, true);
        try (var staging = Staging.beside(file)) {
            try (var archive = Archive.create(staging.path(), plain, point, vault, tally)) {
                archive.addAll(workTree, paths, clock);
            }
            step.checkpoint();
            PartTimes.note(plain, begun, clock.instant());
            staging.publish();
        }
        return tally;
    }
}
