package io.freedom.rollback.standalone;

import java.nio.file.Path;

/**
 * What a start needs to know.
 *
 * @param dataDirectory created when absent
 * @param registryHome the unpacked schema registry
 */
public record Settings(Path dataDirectory, Path registryHome, Ports ports) {
    /** The registry of the distribution this program was started from. */
    static Path registryOfDistribution() {
        return Path.of(System.getProperty("rollback.home", "."), "registry").toAbsolutePath();
    }
}
