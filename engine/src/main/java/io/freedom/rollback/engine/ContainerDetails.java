package io.freedom.rollback.engine;

import java.util.List;

/**
 * What only an inspection tells.
 *
 * @param exitCode of the last run; 0 while running
 * @param restarts how often the engine started it again by itself
 * @param startedAt as the engine writes it; changes with every start
 * @param restartPolicy no, always, unless-stopped or on-failure
 * @param error why it could not be started; empty for none
 * @param healthCheck arguments of its own health check, to be run inside; empty when it has none
 */
public record ContainerDetails(
        String state,
        long exitCode,
        int restarts,
        String startedAt,
        String restartPolicy,
        String error,
        List<String> healthCheck) {
    public ContainerDetails {
        healthCheck = List.copyOf(healthCheck);
    }
}
