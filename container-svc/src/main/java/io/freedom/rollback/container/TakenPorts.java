package io.freedom.rollback.container;

import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.HostPort;
import io.freedom.rollback.engine.TakenPort;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Ports that a project's services want and others have: with one of them taken, a service does not start. */
final class TakenPorts {
    private static final Path IN_A_CONTAINER = Path.of("/.dockerenv");

    private final String project;
    private final List<TakenPort> taken;

    private TakenPorts(String project, List<TakenPort> taken) {
        this.project = project;
        this.taken = taken;
    }

    static TakenPorts besides(String project, Engine engine) throws StepFailure, InterruptedException {
        return new TakenPorts(project, engine.takenPorts());
    }

    /** By containers that are not of the project, one line each. */
    List<String> byOthers(Collection<ComposeService> services) {
        var lines = new ArrayList<String>();
        for (var service : services) {
            for (var port : wanted(service)) {
                taken.stream()
                        .filter(other ->
                                !other.project().equals(project) && other.port().conflictsWith(port))
                        .findFirst()
                        .ifPresent(other -> lines.add("port %s, which %s publishes, is taken by container %s: stop that"
                                .formatted(port, service.name(), other.container())));
            }
        }
        return lines;
    }

    /** By programs of this machine, as far as a worker that is in no container can see them; one line each. */
    List<String> byPrograms(Collection<ComposeService> services) {
        var lines = new ArrayList<String>();
        if (Files.exists(IN_A_CONTAINER)) {
            return lines;
        }
        for (var service : services) {
            for (var port : wanted(service)) {
                boolean isOfContainer =
                        taken.stream().anyMatch(container -> container.port().conflictsWith(port));
                if (port.protocol().equals("tcp") && !isOfContainer && isInUse(port)) {
                    lines.add(
                            "port %s, which %s publishes, is in use by a program that is no container: `ss -ltnp` names it"
                                    .formatted(port, service.name()));
                }
            }
        }
        return lines;
    }

    private static List<HostPort> wanted(ComposeService service) {
        return service.replicas() == 0 ? List.of() : service.ports();
    }

    private static boolean isInUse(HostPort port) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(
                    port.address().isEmpty()
                            ? new InetSocketAddress(port.port())
                            : new InetSocketAddress(port.address(), port.port()),
                    1);
            return false;
        } catch (BindException e) {
            return String.valueOf(e.getMessage()).contains("in use"); // not where this user may not have such a port
        } catch (IOException | IllegalArgumentException e) {
            return false; // an address that this machine does not have: compose will say so
        }
    }
}
