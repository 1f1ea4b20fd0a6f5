package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyModifiedFiles;
import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Keeps what the check-out will overwrite or leave behind, in an archive that needs no git to be read. */
final class CopyModifiedFilesHandler implements StepHandler<CopyModifiedFiles> {
    private final KeptFiles files;

    CopyModifiedFilesHandler(KeptFiles files) {
        this.files = files;
    }

    @Override
    public Class<CopyModifiedFiles> action() {
        return CopyModifiedFiles.class;
    }

    @Override
    public Completed execute(CopyModifiedFiles action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var workTree = Path.of(action.getWorkTree());
        // A tag may be moved: what will be checked out is the commit that was verified.
        var verified = step.find(TargetVerified.class).map(TargetVerified::getCommit);
        var changes = verified.isPresent()
                ? WorkTreeChanges.sinceCommit(workTree, verified.get())
                : WorkTreeChanges.sinceTag(workTree, action.getTag());
        return Disk.work(point.modified(), () -> {
            var present = changes.present().stream().map(Path::of).toList();
            var tally = files.keep(point, point.modified(), workTree, present, step);
            var deleted = files.vault().sealed(point.deleted(), false);
            try (var staging = Staging.beside(deleted)) {
                try (var out = files.vault().create(staging.path())) {
                    for (var path : changes.deleted()) {
                        out.write((path + "\n").getBytes(StandardCharsets.UTF_8));
                    }
                }
                staging.publish();
            }
            return new Completed(
                    new FilesCopied(tally.files(), tally.bytes()),
                    tally.detail("files that differ from " + action.getTag()) + ", "
                            + changes.deleted().size() + " deleted");
        });
    }
}
