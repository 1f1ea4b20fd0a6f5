package io.freedom.rollback.container;

import io.freedom.rollback.worker.WorkerConfiguration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;

/** The container worker as a process of its own. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({ContainerConfiguration.class, WorkerConfiguration.class})
public class ContainerService {
    public static void main(String[] arguments) {
        SpringApplication.run(ContainerService.class, arguments);
    }
}
