package io.freedom.rollback.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container of our own in the network of another, with a folder of this machine or none.
 *
 * @param image id or reference of an image that is here
 * @param networkOf id of a running container, whose addresses it has
 * @param user "uid:gid" that it runs as, who owns what it writes
 * @param command program and arguments, in place of the image's own
 * @param folder of this machine, as the engine sees it; null for none
 * @param mountedAt absolute path inside
 * @param labels that it is found by
 */
public record Sidecar(
        String image,
        String networkOf,
        String user,
        List<String> command,
        Map<String, String> environment,
        @Nullable Path folder,
        String mountedAt,
        Map<String, String> labels) {
    public Sidecar {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        labels = Map.copyOf(labels);
    }
}
