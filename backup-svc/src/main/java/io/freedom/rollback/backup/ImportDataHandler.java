package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.DataExported;
import io.freedom.rollback.schemas.action.DataImported;
import io.freedom.rollback.schemas.action.ImportData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;

/** Has the platform, in the target's version, take in what was exported. */
final class ImportDataHandler implements StepHandler<ImportData> {
    @Override
    public Class<ImportData> action() {
        return ImportData.class;
    }

    @Override
    public Completed execute(ImportData action, StepContext step) throws StepFailure, InterruptedException {
        var file = Path.of(action.getFile());
        var exported = step.find(DataExported.class);
        return Disk.work(file, () -> {
            if (exported.isPresent() && !exported.get().getSha256().equals(Sha256.of(file, _ -> step.checkpoint()))) {
                throw new StepFailure(FailureKind.MISMATCH, file + " was changed since it was exported");
            }
            var said = PlatformProgram.run(action.getWorkTree(), action.getCommand(), file, step);
            return new Completed(new DataImported(said), said.isEmpty() ? "imported" : said);
        });
    }
}
