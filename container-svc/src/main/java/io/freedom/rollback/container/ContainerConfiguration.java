package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineConfiguration;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.vault.VaultConfiguration;
import io.freedom.rollback.worker.Capability;
import java.time.InstantSource;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Contributes the container worker to an application. */
@Configuration(proxyBeanMethods = false)
@Import({EngineConfiguration.class, VaultConfiguration.class})
public class ContainerConfiguration {
    @Bean
    Capability containerCapability(EngineProvider engines, Vault vault) {
        return new Capability(
                Worker.CONTAINER,
                List.of(
                        new CheckComposeHandler(engines),
                        new ForecastContainersHandler(engines),
                        new RecordContainersHandler(engines),
                        new PrepareImagesHandler(engines),
                        new CaptureLogsHandler(engines, vault),
                        new KeepLogsHandler(engines, vault, InstantSource.system()),
                        new PreserveEvidenceHandler(engines),
                        new StopWritersHandler(engines),
                        new StartWritersHandler(engines),
                        new StopServicesHandler(engines),
                        new RestartServicesHandler(engines),
                        new ComposeDownHandler(engines, vault),
                        new CheckVolumesHandler(engines, vault),
                        new KeepVolumesHandler(engines, vault),
                        new RemoveVolumesHandler(engines),
                        new RestoreVolumesHandler(engines, vault),
                        new AdoptImagesHandler(engines),
                        new RestoreImagesHandler(engines),
                        new ComposeUpHandler(engines, vault),
                        new AwaitHealthyHandler(engines),
                        new AwaitLogHandler(engines),
                        new MeasureUsageHandler(engines),
                        new RestoreContainersHandler(engines, vault),
                        new RemoveCopyHandler(engines),
                        new PruneImagesHandler(engines)));
    }
}
