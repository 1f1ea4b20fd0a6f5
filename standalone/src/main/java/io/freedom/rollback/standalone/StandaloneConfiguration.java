package io.freedom.rollback.standalone;

import io.freedom.rollback.backup.BackupConfiguration;
import io.freedom.rollback.container.ContainerConfiguration;
import io.freedom.rollback.git.GitConfiguration;
import io.freedom.rollback.health.HealthConfiguration;
import io.freedom.rollback.orchestrator.OrchestratorConfiguration;
import io.freedom.rollback.worker.WorkerConfiguration;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;

/** The orchestrator and the four workers in one application. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({
    OrchestratorConfiguration.class,
    BackupConfiguration.class,
    GitConfiguration.class,
    ContainerConfiguration.class,
    HealthConfiguration.class,
    WorkerConfiguration.class,
    InfrastructureHealth.class
})
class StandaloneConfiguration {}
