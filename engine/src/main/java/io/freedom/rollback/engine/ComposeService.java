package io.freedom.rollback.engine;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service as compose resolves it.
 *
 * @param image null when only {@code build} is given
 * @param build empty when the image is not built here
 * @param dependsOn services started before it
 * @param replicas containers wanted; 0 means it is defined but not run
 * @param ports of the host that it takes; not those that the engine is to choose
 */
public record ComposeService(
        String name,
        @Nullable String image,
        Map<String, Object> build,
        List<String> dependsOn,
        int replicas,
        List<HostPort> ports) {
    public ComposeService {
        build = Map.copyOf(build);
        dependsOn = List.copyOf(dependsOn);
        ports = List.copyOf(ports);
    }

    public boolean isBuilt() {
        return !build.isEmpty();
    }
}
