package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;

/** Archives model files. Those that the restore point before has too are not read again. */
final class ArchiveModelsHandler implements StepHandler<ArchiveModels> {
    private final KeptFiles files;

    ArchiveModelsHandler(KeptFiles files) {
        this.files = files;
    }

    @Override
    public Class<ArchiveModels> action() {
        return ArchiveModels.class;
    }

    /** The archive has its name only once it is complete, and gigabytes are not packed twice. */
    @Override
    public Probe probe(ArchiveModels action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var archive = Vault.find(point.models());
        if (archive.isEmpty()) {
            return new Probe.NotApplied();
        }
        return Disk.work(archive.get(), () -> {
            try (var reader = ArchiveReader.open(archive.get(), point, files.vault())) {
                var counted = reader.count();
                return new Probe.Applied(new Completed(
                        new DataArchived(counted.files(), counted.bytes()),
                        counted.files() + " files, archived before"));
            }
        });
    }

    @Override
    public Completed execute(ArchiveModels action, StepContext step) throws StepFailure, InterruptedException {
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        if (paths.present().isEmpty()) {
            return new Completed(new DataArchived(0, 0L), "no models to keep" + paths.absentNote());
        }
        var point = RestorePoint.at(action.getDirectory());
        return Disk.work(point.models(), () -> {
            var tally = files.keep(point, point.models(), paths.workTree(), paths.present(), step);
            return new Completed(
                    new DataArchived(tally.files(), tally.bytes()), tally.detail("files") + paths.absentNote());
        });
    }
}
