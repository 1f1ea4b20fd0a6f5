package io.freedom.rollback.orchestrator;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
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
 * @param concurrent rollbacks that alerts may start at once at a site that is not among {@code sites}, 0 for any number
 * @param sites settings of single sites, by the name that descriptors have for them
 */
@ConfigurationProperties("rollback")
public record OrchestratorProperties(
        @DefaultValue("http://localhost:8081/apis/ccompat/v7")
        String schemaRegistryUrl,

        @DefaultValue("rollback.") String topicPrefix,
        @DefaultValue("data/state") Path stateDirectory,
        @DefaultValue("0") int standbyReplicas,
        @DefaultValue("1") short replicationFactor,
        @DefaultValue("2") int streamThreads,
        @DefaultValue("0") int concurrent,
        @DefaultValue Map<String, Site> sites) {
    /** @param concurrent rollbacks that alerts may start at once, 0 for any number */
    public record Site(@DefaultValue("0") int concurrent) {}

    SiteLimits limits() {
        return new SiteLimits(
                concurrent,
                sites.entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, entry -> entry.getValue().concurrent())));
    }
}
