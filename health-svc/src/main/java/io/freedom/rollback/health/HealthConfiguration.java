package io.freedom.rollback.health;

import io.freedom.rollback.engine.EngineConfiguration;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.worker.Capability;
import io.freedom.rollback.worker.StepHandler;
import java.util.ArrayList;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Contributes the health worker to an application. */
@Configuration(proxyBeanMethods = false)
@Import(EngineConfiguration.class)
public class HealthConfiguration {
    @Bean
    HttpProber httpProber() {
        return new HttpProber();
    }

    @Bean
    Capability healthCapability(HttpProber prober, EngineProvider engines) {
        var handlers = new ArrayList<StepHandler<?>>(ProbeHandler.all(prober));
        handlers.add(new RecordBaselineHandler());
        handlers.add(new AwaitDatabaseHandler());
        handlers.add(new CheckDatabaseHandler());
        handlers.add(new ScanLogsHandler(engines));
        handlers.add(new CheckFilesHandler());
        handlers.add(new LookForAnomaliesHandler(prober, engines));
        return new Capability(Worker.HEALTH, handlers);
    }
}
