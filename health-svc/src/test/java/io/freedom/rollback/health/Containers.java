package io.freedom.rollback.health;

import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Real containers of one test, removed with their volumes at its end. */
final class Containers implements AutoCloseable {
    private final Deque<String> started = new ArrayDeque<>();

    /** @param arguments of {@code docker run}, image and command included; returns the container's id */
    String run(String... arguments) throws StepFailure, InterruptedException {
        var argv = new ArrayList<>(List.of("run", "--detach"));
        argv.addAll(List.of(arguments));
        var id = docker(argv).strip();
        started.push(id);
        return id;
    }

    /** Waits until a container ends by itself. */
    void awaitEnd(String id) throws StepFailure, InterruptedException {
        docker(List.of("wait", id));
    }

    void remove(String id) throws StepFailure, InterruptedException {
        started.remove(id);
        docker(List.of("rm", "--force", "--volumes", id));
    }

    void start(String id) throws StepFailure, InterruptedException {
        docker(List.of("start", id));
    }

    /** Port of this machine that leads to a port of the container. */
    int port(String id, int inside) throws StepFailure, InterruptedException {
        var address =
                docker(List.of("port", id, inside + "/tcp")).lines().findFirst().orElseThrow();
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1).strip());
    }

    private static String docker(List<String> arguments) throws StepFailure, InterruptedException {
        var argv = new ArrayList<>(List.of("docker"));
        argv.addAll(arguments);
        return Command.in(Path.of("/"), argv).check().stdout();
    }

    @Override
    public void close() throws StepFailure, InterruptedException {
        while (!started.isEmpty()) {
            docker(List.of("rm", "--force", "--volumes", started.pop()));
        }
    }
}
