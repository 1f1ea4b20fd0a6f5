package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.Path;

/** Archives model files in one compressed tar. */
final class ArchiveModelsHandler implements StepHandler<ArchiveModels> {
    static final String ARCHIVE = "models.tar.gz";

    @Override
    public Class<ArchiveModels> action() {
        return ArchiveModels.class;
    }

    /** The archive has its name only once it is complete, and gigabytes are not packed twice. */
    @Override
    public Probe probe(ArchiveModels action, StepContext step) throws StepFailure, InterruptedException {
        var archive = archive(action);
        if (!Files.isRegularFile(archive)) {
            return new Probe.NotApplied();
        }
        return Disk.work(archive, () -> {
            var result = new DataArchived(TarGz.count(archive), Files.size(archive));
            return new Probe.Applied(new Completed(result, result.getFiles() + " files, archived before"));
        });
    }

    @Override
    public Completed execute(ArchiveModels action, StepContext step) throws StepFailure, InterruptedException {
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        if (paths.present().isEmpty()) {
            return new Completed(new DataArchived(0, 0L), "no models to keep" + paths.absentNote());
        }
        var archive = archive(action);
        var tally = new Tally(step);
        return Disk.work(archive, () -> {
            step.checkpoint();
            try (var staging = Staging.beside(archive)) {
                try (var tar = TarGz.create(staging.path(), paths.workTree(), tally)) {
                    for (var path : paths.present()) {
                        tar.add(path);
                    }
                }
                step.checkpoint();
                staging.publish();
            }
            return new Completed(
                    new DataArchived(tally.files(), Files.size(archive)),
                    tally.detail("files") + " in " + Disk.size(Files.size(archive)) + paths.absentNote());
        });
    }

    private static Path archive(ArchiveModels action) throws StepFailure {
        return RestorePoint.at(action.getDirectory()).models().resolve(ARCHIVE);
    }
}
