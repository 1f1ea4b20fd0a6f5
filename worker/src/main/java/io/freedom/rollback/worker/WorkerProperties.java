package io.freedom.rollback.worker;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How a worker reaches the control plane.
 *
 * @param schemaRegistryUrl Confluent-compatible registry
 * @param topicPrefix prefix of every topic name
 * @param site the site whose platforms this worker serves
 * @param heartbeat time between two signs of life of a running step
 * @param concurrentSteps steps that may run side by side in this process, per worker
 * @param replicationFactor of topics that this worker is the first to need
 */
@ConfigurationProperties("rollback")
public record WorkerProperties(
        @DefaultValue("http://localhost:8081/apis/ccompat/v7")
        String schemaRegistryUrl,

        @DefaultValue("rollback.") String topicPrefix,
        @DefaultValue("default") String site,
        @DefaultValue("2s") Duration heartbeat,
        @DefaultValue("16") int concurrentSteps,
        @DefaultValue("1") short replicationFactor) {}
