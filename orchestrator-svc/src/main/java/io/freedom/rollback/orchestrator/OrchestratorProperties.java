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
 * @param sites settings of single sites, by the name that descriptors have for them: {@code concurrent}, as above
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
        @DefaultValue Map<String, Map<String, Integer>> sites) {
    private static final String CONCURRENT = "concurrent";

    public OrchestratorProperties {
        limits(concurrent, sites); // what is wrong with them is said at the start
    }

    SiteLimits limits() {
        return limits(concurrent, sites);
    }

    private static SiteLimits limits(int byDefault, Map<String, Map<String, Integer>> sites) {
        return new SiteLimits(
                byDefault,
                sites.entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, entry -> concurrent(entry.getKey(), entry.getValue()))));
    }

    /** A limit that is written wrong must not be none. */
    private static int concurrent(String site, Map<String, Integer> settings) {
        for (var name : settings.keySet()) {
            if (!name.equals(CONCURRENT)) {
                throw new IllegalArgumentException("rollback.sites." + site + "." + name
                        + " is no setting of a site: write rollback.sites.NAME.concurrent, or in the environment"
                        + " ROLLBACK_SITES_NAME_CONCURRENT, with NAME in capitals and without its hyphens");
            }
        }
        return settings.getOrDefault(CONCURRENT, 0);
    }
}
