package io.freedom.rollback.ctl.topics;

import java.util.Map;

/**
 * How to reach the control plane.
 *
 * @param bootstrapServers host:port, separated by commas
 * @param registryUrl base URL of the Confluent-compatible API
 * @param prefix of every topic
 * @param clientSettings further settings of Kafka clients and of the registry client, e.g. for TLS and SASL
 */
public record Connection(
        String bootstrapServers, String registryUrl, String prefix, Map<String, String> clientSettings) {
    public Connection {
        clientSettings = Map.copyOf(clientSettings);
    }
}
