package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.topics.KafkaReach;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Runs a loop for every {@link Capability} of the application. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(WorkerProperties.class)
public class WorkerConfiguration {
    @Bean
    KafkaReach workersReach(KafkaProperties kafka) {
        return KafkaReach.begin(kafka.buildAdminProperties());
    }

    @Bean
    Workers workers(
            List<Capability> capabilities,
            WorkerProperties properties,
            KafkaProperties kafka,
            KafkaReach workersReach) {
        var loops = new LinkedHashMap<String, WorkerLoop>();
        for (var capability : capabilities) {
            loops.put(
                    capability.worker().name().toLowerCase(Locale.ROOT),
                    new WorkerLoop(
                            capability,
                            properties,
                            kafka.buildAdminProperties(),
                            workersReach,
                            InstantSource.system()));
        }
        return new Workers(loops);
    }

    @Bean
    HealthContributor workersHealthContributor(Workers workers) {
        return CompositeHealthContributor.fromMap(workers.loops, WorkerLoop::health);
    }

    /** All loops of the process as one lifecycle. */
    static final class Workers implements SmartLifecycle {
        private final Map<String, WorkerLoop> loops;

        Workers(Map<String, WorkerLoop> loops) {
            this.loops = Map.copyOf(loops);
        }

        @Override
        public void start() {
            loops.values().forEach(WorkerLoop::start);
        }

        @Override
        public void stop() {
            loops.values().forEach(WorkerLoop::stop);
        }

        @Override
        public boolean isRunning() {
            return loops.values().stream().anyMatch(WorkerLoop::isRunning);
        }
    }
}
