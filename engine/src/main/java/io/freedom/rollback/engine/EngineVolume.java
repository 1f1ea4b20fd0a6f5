package io.freedom.rollback.engine;

import java.util.Map;

/**
 * A named volume.
 *
 * @param options of its driver
 */
public record EngineVolume(String name, String driver, Map<String, String> options, Map<String, String> labels) {
    public EngineVolume {
        options = Map.copyOf(options);
        labels = Map.copyOf(labels);
    }
}
