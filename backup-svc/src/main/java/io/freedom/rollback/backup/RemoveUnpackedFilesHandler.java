package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.RemoveUnpackedFiles;
import io.freedom.rollback.schemas.action.UnpackedFilesRemoved;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;

/** Compensation of {@link UnpackFilesHandler}. What was put into the work tree meanwhile is git-svc's to take back. */
final class RemoveUnpackedFilesHandler implements StepHandler<RemoveUnpackedFiles> {
    @Override
    public Class<RemoveUnpackedFiles> action() {
        return RemoveUnpackedFiles.class;
    }

    @Override
    public Completed execute(RemoveUnpackedFiles action, StepContext step) throws StepFailure, InterruptedException {
        var unpacked = UnpackedFiles.of(Path.of(action.getWorkTree()), step.rollbackId());
        step.checkpoint();
        return Disk.work(unpacked.folder(), () -> {
            long removed = unpacked.remove();
            return new Completed(new UnpackedFilesRemoved(removed), removed + " unpacked files removed");
        });
    }
}
