package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineConfiguration;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import io.freedom.rollback.vault.DefaultKeyFolder;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.vault.VaultConfiguration;
import io.freedom.rollback.worker.Capability;
import io.freedom.rollback.worker.WorkerProperties;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Contributes the backup worker to an application. */
@Configuration(proxyBeanMethods = false)
@Import({EngineConfiguration.class, VaultConfiguration.class})
public class BackupConfiguration {
    @Bean
    DefaultKeyFolder defaultKeyFolder() {
        return new DefaultKeyFolder();
    }

    @Bean
    Capability backupCapability(
            EngineProvider engines, Vault vault, WorkerProperties properties, KafkaProperties kafka) {
        var catalogue = new KafkaCatalogue(
                TopicCatalogue.withPrefix(properties.topicPrefix())
                        .restorePoints()
                        .name(),
                kafka.buildAdminProperties(),
                Map.of("schema.registry.url", properties.schemaRegistryUrl()));
        var clock = InstantSource.system();
        var files = new KeptFiles(vault, clock);
        return new Capability(
                Worker.BACKUP,
                List.of(
                        new CheckBackupSpaceHandler(engines, vault),
                        new CheckDatabaseServerHandler(engines, vault),
                        new DumpDatabaseHandler(engines, vault),
                        new CopyConfigurationHandler(files),
                        new CopyModifiedFilesHandler(files),
                        new ArchiveModelsHandler(files),
                        new CopyContainerDataHandler(engines, vault, clock),
                        new WriteManifestHandler(engines, vault, clock),
                        new VerifyRestorePointHandler(engines, vault, clock),
                        new ProveRestorePointHandler(engines, vault, clock),
                        new KeepWalArchiveHandler(engines, vault, clock),
                        new DerivePointInTimeHandler(engines, vault, clock),
                        new ProveWalArchiveHandler(engines, vault, clock),
                        new FindRestorePointsHandler(vault, clock, catalogue),
                        new PruneRestorePointsHandler(vault, clock),
                        new CopyRestorePointsHandler(vault, clock),
                        new FetchRestorePointsHandler(vault),
                        new CopyWalArchiveHandler(vault, clock),
                        new FetchWalArchiveHandler(clock),
                        new HoldRestorePointHandler(vault, clock),
                        new CountReplacedRowsHandler(),
                        new DropReplacedDatabasesHandler(),
                        new LayFilesHandler(vault, clock),
                        new FillContainerDataHandler(engines, vault, clock),
                        new RemoveCopiedFilesHandler(),
                        new UnpackFilesHandler(vault, clock),
                        new RemoveUnpackedFilesHandler(),
                        new CheckContainerDataHandler(engines, vault, clock),
                        new ReplaceContainerDataHandler(engines, vault, clock),
                        new SealDatabaseHandler(),
                        new RestoreDatabaseHandler(engines, vault, clock),
                        new SwapDatabaseBackHandler(engines),
                        new ExportDataHandler(),
                        new ImportDataHandler()));
    }
}
