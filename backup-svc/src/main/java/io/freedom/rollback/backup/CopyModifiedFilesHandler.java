package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyModifiedFiles;
import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;

/** Keeps what the check-out will overwrite or leave behind, as plain files that need no git to be read. */
final class CopyModifiedFilesHandler implements StepHandler<CopyModifiedFiles> {
    /** Beside the copies, whose own paths begin below "files". */
    private static final String DELETED = "deleted.txt";

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
        var tally = new Tally(step);
        return Disk.work(point.modified(), () -> {
            step.checkpoint();
            try (var staging = Staging.beside(point.modified())) {
                var copy = new TreeCopy(workTree, staging.folder().resolve("files"), tally);
                for (var path : changes.present()) {
                    copy.copy(Path.of(path));
                }
                PrivateFiles.write(
                        staging.path().resolve(DELETED),
                        String.join(
                                "",
                                changes.deleted().stream().map(p -> p + "\n").toList()));
                step.checkpoint();
                staging.publish();
            }
            return new Completed(
                    new FilesCopied(tally.files(), tally.bytes()),
                    tally.detail("files that differ from " + action.getTag()) + ", "
                            + changes.deleted().size() + " deleted");
        });
    }
}
