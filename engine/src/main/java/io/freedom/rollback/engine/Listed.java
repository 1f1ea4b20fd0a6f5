package io.freedom.rollback.engine;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.InternetProtocol;
import com.github.dockerjava.api.model.Network;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads docker-java's answers, in which anything may be missing. */
final class Listed {
    private Listed() {}

    static EngineContainer container(Container c) {
        Map<String, String> labels = c.getLabels() == null ? Map.of() : c.getLabels();
        var names = c.getNames();
        return new EngineContainer(
                c.getId(),
                names == null || names.length == 0 ? c.getId() : names[0].replaceFirst("^/", ""),
                labels.getOrDefault(EngineContainer.SERVICE, ""),
                c.getImage(),
                c.getImageId(),
                c.getState(),
                health(c.getStatus()),
                labels);
    }

    static List<TakenPort> ports(Container c) {
        var ports = c.getPorts();
        var read = container(c);
        return ports == null
                ? List.of()
                : Stream.of(ports)
                        .filter(port -> port.getPublicPort() != null)
                        .map(port -> new TakenPort(
                                read.name(),
                                read.labels().getOrDefault(EngineContainer.PROJECT, ""),
                                new HostPort(
                                        orEmpty(port.getIp()),
                                        port.getPublicPort(),
                                        port.getType() == null ? "tcp" : port.getType())))
                        .toList();
    }

    /** The list has health only in its human-readable status: "Up 9 seconds (health: starting)". */
    static @Nullable String health(@Nullable String status) {
        if (status == null) {
            return null;
        }
        return status.contains("(healthy)")
                ? "healthy"
                : status.contains("(unhealthy)")
                        ? "unhealthy"
                        : status.contains("(health: starting)") ? "starting" : null;
    }

    static ContainerDetails details(InspectContainerResponse c) {
        var state = c.getState();
        var policy = c.getHostConfig() == null ? null : c.getHostConfig().getRestartPolicy();
        return new ContainerDetails(
                orEmpty(state.getStatus()),
                state.getExitCodeLong() == null ? 0 : state.getExitCodeLong(),
                c.getRestartCount() == null ? 0 : c.getRestartCount(),
                orEmpty(c.getCreated()),
                orEmpty(state.getStartedAt()),
                orEmpty(state.getFinishedAt()),
                policy == null || policy.getName().isEmpty() ? "no" : policy.getName(),
                orEmpty(state.getError()),
                state.getPidLong() == null ? 0 : state.getPidLong(),
                ports(c),
                publishes(c),
                binds(c),
                mounts(c),
                c.getHostConfig() != null
                        && Boolean.TRUE.equals(c.getHostConfig().getReadonlyRootfs()),
                healthCheck(c));
    }

    private static Set<Integer> ports(InspectContainerResponse c) {
        var exposed = c.getConfig() == null ? null : c.getConfig().getExposedPorts();
        return exposed == null
                ? Set.of()
                : Stream.of(exposed)
                        .filter(port -> port.getProtocol() == InternetProtocol.TCP)
                        .map(ExposedPort::getPort)
                        .collect(Collectors.toUnmodifiableSet());
    }

    private static boolean publishes(InspectContainerResponse c) {
        var bindings = c.getHostConfig() == null ? null : c.getHostConfig().getPortBindings();
        return bindings != null && !bindings.getBindings().isEmpty();
    }

    /** Volumes have a name, bind mounts have none. */
    private static List<ContainerDetails.Bind> binds(InspectContainerResponse c) {
        var mounts = c.getMounts();
        return mounts == null
                ? List.of()
                : mounts.stream()
                        .filter(mount -> orEmpty(mount.getName()).isEmpty() && mount.getSource() != null)
                        .map(mount ->
                                new ContainerDetails.Bind(mount.getSource(), !Boolean.FALSE.equals(mount.getRW())))
                        .toList();
    }

    private static List<ContainerDetails.Mount> mounts(InspectContainerResponse c) {
        var mounts = c.getMounts();
        return mounts == null
                ? List.of()
                : mounts.stream()
                        .filter(mount -> mount.getDestination() != null)
                        .map(mount -> new ContainerDetails.Mount(
                                mount.getDestination().getPath(),
                                orEmpty(mount.getName()),
                                orEmpty(mount.getSource()),
                                !Boolean.FALSE.equals(mount.getRW())))
                        .toList();
    }

    /** As the image or compose file has it: CMD with arguments, CMD-SHELL with a line for the shell, or NONE. */
    private static List<String> healthCheck(InspectContainerResponse c) {
        var check = c.getConfig() == null ? null : c.getConfig().getHealthcheck();
        var test = check == null ? null : check.getTest();
        if (test == null || test.size() < 2) {
            return List.of();
        }
        return switch (test.getFirst()) {
            case "CMD" -> test.subList(1, test.size());
            case "CMD-SHELL" -> List.of("/bin/sh", "-c", test.get(1));
            // NONE, and what later engines may invent.
            default -> List.of();
        };
    }

    static EngineNetwork network(Network n) {
        Map<String, Network.ContainerNetworkConfig> attached = n.getContainers() == null ? Map.of() : n.getContainers();
        return new EngineNetwork(n.getId(), n.getName(), List.copyOf(attached.keySet()));
    }

    static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
