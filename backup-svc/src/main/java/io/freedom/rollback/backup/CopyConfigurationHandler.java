package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;

/** Copies configuration files as they are on disk, ignored ones such as .env included. */
final class CopyConfigurationHandler implements StepHandler<CopyConfiguration> {
    @Override
    public Class<CopyConfiguration> action() {
        return CopyConfiguration.class;
    }

    @Override
    public Completed execute(CopyConfiguration action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        var tally = new Tally(step);
        return Disk.work(point.configuration(), () -> {
            step.checkpoint();
            try (var staging = Staging.beside(point.configuration())) {
                var copy = new TreeCopy(paths.workTree(), staging.folder(), tally);
                for (var path : paths.present()) {
                    copy.copy(path);
                }
                step.checkpoint();
                staging.publish();
            }
            return new Completed(
                    new FilesCopied(tally.files(), tally.bytes()), tally.detail("files") + paths.absentNote());
        });
    }
}
