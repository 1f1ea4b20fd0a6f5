package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.FillContainerData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;
import java.time.InstantSource;

/** Unpacks what {@link CopyContainerDataHandler} keeps, into the container of a drill's copy and never into a platform's. */
final class FillContainerDataHandler implements StepHandler<FillContainerData> {
    private final EngineProvider engines;
    private final Vault vault;

    private final InstantSource clock;

    FillContainerDataHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
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
        var point = RestorePoint.at(action.getRestorePoint());
        var archive = Vault.find(point.containerData(action.getService()));
        var folder = Path.of(action.getPath()).getParent();
        if (archive.isEmpty() || folder == null) {
            return new Completed(new DataArchived(0, 0L), "the restore point has none of " + action.getService());
        }
        var container = engines.engine().running(action.getCompose().getProject(), action.getService());
        step.checkpoint();
        step.progress(0, 0, "bytes", "copying to " + action.getPath() + " of " + action.getService());
        return Disk.work(archive.get(), () -> {
            var manifest = Manifest.load(point, vault);
            var name = point.directory().relativize(archive.get()).toString();
            ManifestCheck.parts(
                    point,
                    manifest,
                    vault,
                    clock.instant(),
                    step,
                    path -> path.equals(name)); // It has the hashes of what is in objects.
            ArchiveReader.Counted counted;
            try (var reader = ArchiveReader.open(archive.get(), point, vault)) {
                counted = reader.count();
            }
            engines.engine()
                    .copyIn(
                            container.id(),
                            out -> {
                                try (var reader = ArchiveReader.open(archive.get(), point, vault)) {
                                    reader.transferTo(out);
                                } catch (KeyException | DamagedException e) {
                                    throw Disk.failure(archive.get(), e);
                                }
                            },
                            folder.toString());
            return new Completed(
                    new DataArchived(counted.files(), counted.bytes()),
                    "%d files are in %s of %s".formatted(counted.files(), action.getPath(), action.getService()));
        });
    }
}
