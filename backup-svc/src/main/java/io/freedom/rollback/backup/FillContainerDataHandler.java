package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.FillContainerData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.BufferedInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Unpacks what {@link CopyContainerDataHandler} keeps, into the container of a drill's copy and never into a platform's. */
final class FillContainerDataHandler implements StepHandler<FillContainerData> {
    private final EngineProvider engines;

    FillContainerDataHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<FillContainerData> action() {
        return FillContainerData.class;
    }

    @Override
    public Completed execute(FillContainerData action, StepContext step) throws StepFailure, InterruptedException {
        if (action.getCompose().getIsolation() == null) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    action.getCompose().getProject() + " is no drill's copy: nothing is put into its containers");
        }
        var archive = RestorePoint.at(action.getRestorePoint()).containerData(action.getService());
        var folder = Path.of(action.getPath()).getParent();
        if (!Files.isRegularFile(archive) || folder == null) {
            return new Completed(new DataArchived(0, 0L), "the restore point has none of " + action.getService());
        }
        var container = engines.engine().running(action.getCompose().getProject(), action.getService());
        step.checkpoint();
        return Disk.work(archive, () -> {
            try (var tar =
                    new GZIPInputStream(new BufferedInputStream(Files.newInputStream(archive), 1 << 16), 1 << 16)) {
                long bytes = engines.engine().copyInTar(container.id(), tar, folder.toString(), done -> {
                    step.checkpoint();
                    step.progress(done, 0, "bytes", "copying to " + action.getPath() + " of " + action.getService());
                });
                var result = new DataArchived(TarGz.count(archive), bytes);
                return new Completed(
                        result,
                        "%d files are in %s of %s".formatted(result.getFiles(), action.getPath(), action.getService()));
            }
        });
    }
}
