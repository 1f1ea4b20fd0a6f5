package io.freedom.rollback.orchestrator;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Import;

/** The orchestrator as a process of its own. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import(OrchestratorConfiguration.class)
public class OrchestratorService {
    public static void main(String[] args) {
        SpringApplication.run(OrchestratorService.class, args);
    }
}
