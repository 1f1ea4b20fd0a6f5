package io.freedom.rollback.health;

import io.freedom.rollback.worker.WorkerConfiguration;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Import;

/** The health worker as a process of its own. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({HealthConfiguration.class, WorkerConfiguration.class})
public class HealthService {
    public static void main(String[] arguments) {
        new SpringApplicationBuilder(HealthService.class)
                // Not in application.yaml: the standalone process has several workers on its class path.
                .properties("spring.application.name=health-svc")
                .run(arguments);
    }
}
