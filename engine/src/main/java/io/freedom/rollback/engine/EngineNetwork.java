package io.freedom.rollback.engine;

import java.util.List;

/** A network of a compose project and the ids of the running containers attached to it. */
public record EngineNetwork(String id, String name, List<String> attached) {
    public EngineNetwork {
        attached = List.copyOf(attached);
    }
}
