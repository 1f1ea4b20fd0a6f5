package io.freedom.rollback.backup;

import io.freedom.rollback.worker.WorkerConfiguration;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Import;

/** The backup worker as a process of its own. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({BackupConfiguration.class, WorkerConfiguration.class})
public class BackupService {
    public static void main(String[] arguments) {
        new SpringApplicationBuilder(BackupService.class)
                // Not in application.yaml: the standalone process has several workers on its class path.
                .properties("spring.application.name=backup-svc")
                .run(arguments);
    }
}
