package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.DataExported;
import io.freedom.rollback.schemas.action.ExportData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.Path;

/** Has the platform write its data in the target's format. The writers are stopped: it can be done again and is the same. */
final class ExportDataHandler implements StepHandler<ExportData> {
    @Override
    public Class<ExportData> action() {
        return ExportData.class;
    }

    @Override
    public Completed execute(ExportData action, StepContext step) throws StepFailure, InterruptedException {
        var file = Path.of(action.getFile());
        return Disk.work(file, () -> {
            PrivateFiles.createParent(file);
            Files.deleteIfExists(file);
            var said = PlatformProgram.run(action.getWorkTree(), action.getCommand(), file, step);
            if (!Files.isRegularFile(file) || Files.size(file) == 0) {
                throw new StepFailure(
                        FailureKind.TOOL,
                        "the export program ended well but wrote nothing to " + file
                                + ": see `migration.export`; it said: " + said);
            }
            PrivateFiles.sealTree(file);
            long bytes = Files.size(file);
            return new Completed(
                    new DataExported(bytes, Sha256.of(file, _ -> step.checkpoint())),
                    "%s in %s: %s".formatted(Disk.size(bytes), file, said));
        });
    }
}
