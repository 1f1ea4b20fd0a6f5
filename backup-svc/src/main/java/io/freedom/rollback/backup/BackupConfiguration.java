package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineConfiguration;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.worker.Capability;
import java.time.InstantSource;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Contributes the backup worker to an application. */
@Configuration(proxyBeanMethods = false)
@Import(EngineConfiguration.class)
public class BackupConfiguration {
    @Bean
    Capability backupCapability(EngineProvider engines) {
        var clock = InstantSource.system();
        return new Capability(
                Worker.BACKUP,
                List.of(
                        new CheckBackupSpaceHandler(engines),
                        new CheckDatabaseServerHandler(engines),
                        new DumpDatabaseHandler(engines),
                        new CopyConfigurationHandler(),
                        new CopyModifiedFilesHandler(),
                        new ArchiveModelsHandler(),
                        new CopyContainerDataHandler(engines),
                        new WriteManifestHandler(clock),
                        new VerifyRestorePointHandler(engines, clock),
                        new ProveRestorePointHandler(engines, clock),
                        new KeepWalArchiveHandler(engines, clock),
                        new DerivePointInTimeHandler(engines, clock),
                        new FindRestorePointsHandler(clock),
                        new PruneRestorePointsHandler(clock),
                        new CopyRestorePointsHandler(clock),
                        new FetchRestorePointsHandler(),
                        new HoldRestorePointHandler(clock),
                        new LayFilesHandler(),
                        new FillContainerDataHandler(engines),
                        new RemoveCopiedFilesHandler(),
                        new SealDatabaseHandler(),
                        new RestoreDatabaseHandler(engines),
                        new SwapDatabaseBackHandler(engines),
                        new ExportDataHandler(),
                        new ImportDataHandler()));
    }
}
