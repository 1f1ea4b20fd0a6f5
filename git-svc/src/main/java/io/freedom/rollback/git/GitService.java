package io.freedom.rollback.git;

import io.freedom.rollback.worker.WorkerConfiguration;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Import;

/** The git worker in a process of its own. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({GitConfiguration.class, WorkerConfiguration.class})
public class GitService {
    public static void main(String[] arguments) {
        new SpringApplicationBuilder(GitService.class)
                // Not in application.yaml: the standalone process has several workers on its class path.
                .properties("spring.application.name=git-svc")
                .run(arguments);
    }
}
