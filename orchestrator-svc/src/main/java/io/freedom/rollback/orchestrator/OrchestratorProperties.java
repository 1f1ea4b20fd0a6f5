package io.freedom.rollback.orchestrator;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the orchestrator reaches the control plane.
 *
 * @param schemaRegistryUrl Confluent-compatible registry
 * @param topicPrefix prefix of every topic name
 * @param stateDirectory where Kafka Streams keeps its stores; lost, they are restored from their changelogs
 * @param standbyReplicas copies of the stores on other orchestrators, for a fast take-over
 * @param replicationFactor of the topics created
 * @param streamThreads tasks worked on side by side
 */
@ConfigurationProperties("rollback")
public record OrchestratorProperties(
        @DefaultValue("http://localhost:8081/apis/ccompat/v7")
        String schemaRegistryUrl,

        @DefaultValue("rollback.") String topicPrefix,
        @DefaultValue("data/state") Path stateDirectory,
        @DefaultValue("0") int standbyReplicas,
        @DefaultValue("1") short replicationFactor,
        @DefaultValue("2") int streamThreads) {}
