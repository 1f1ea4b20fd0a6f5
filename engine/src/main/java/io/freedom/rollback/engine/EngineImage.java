package io.freedom.rollback.engine;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * An image of the engine.
 *
 * @param id {@code sha256:…}
 * @param tags {@code name:tag}; empty for a dangling image
 * @param bytes size with all its layers
 */
public record EngineImage(String id, List<String> tags, Instant created, long bytes, Map<String, String> labels) {
    public EngineImage {
        tags = List.copyOf(tags);
        labels = Map.copyOf(labels);
    }
}
