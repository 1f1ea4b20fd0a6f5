package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.LookForAnomalies;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.RecordBaseline;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.worker.Capability;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

class HealthConfigurationTest {
    @Test
    void offersEveryHealthActionWithoutNeedingDockerAtStart() {
        try (var context = new AnnotationConfigApplicationContext(HealthConfiguration.class)) {
            var capability = context.getBean(Capability.class);

            assertThat(capability.worker()).isEqualTo(Worker.HEALTH);
            assertThat(capability.handlers().stream().<Class<?>>map(handler -> handler.action()))
                    .containsExactlyInAnyOrder(
                            RecordBaseline.class,
                            AwaitDatabase.class,
                            ProbeHttp.class,
                            CheckModel.class,
                            CheckEndToEnd.class,
                            CheckDatabase.class,
                            ScanLogs.class,
                            LookForAnomalies.class,
                            CheckFiles.class);
        }
    }
}
