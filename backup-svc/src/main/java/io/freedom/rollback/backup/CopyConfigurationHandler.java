package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;

/** Keeps configuration files as they are on disk, ignored ones such as .env included. */
final class CopyConfigurationHandler implements StepHandler<CopyConfiguration> {
    private final KeptFiles files;

    CopyConfigurationHandler(KeptFiles files) {
        this.files = files;
    }

    @Override
    public Class<CopyConfiguration> action() {
        return CopyConfiguration.class;
    }

    @Override
    public Completed execute(CopyConfiguration action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        return Disk.work(point.configuration(), () -> {
            var tally = files.keep(point, point.configuration(), paths.workTree(), paths.present(), step);
            return new Completed(
                    new FilesCopied(tally.files(), tally.bytes()), tally.detail("files") + paths.absentNote());
        });
    }
}
