package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Whether a container listens on one of its ports yet. To look costs nothing, while a health check run in vain costs a
 * process inside the container, when all services are starting and the machine has the least to spare.
 */
final class Listening {
    private static final String LISTEN = "0A";

    private static final int POLL_MILLIS = 20;

    private Listening() {}

    /** Waits until it may listen, or its process is gone, without a question to the engine, which has enough to do. */
    static void await(String containerId, ContainerDetails details, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (!isPossible(containerId, details) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** False only when it is sure: not for one without ports, nor where the container's processes cannot be seen. */
    static boolean isPossible(String containerId, ContainerDetails details) {
        return isPossible(Path.of("/proc"), containerId, details);
    }

    static boolean isPossible(Path proc, String containerId, ContainerDetails details) {
        if (details.pid() <= 0 || details.ports().isEmpty()) {
            return true;
        }
        var process = proc.resolve(Long.toString(details.pid()));
        try {
            // In a container of its own the worker sees other processes under these numbers.
            if (!Files.readString(process.resolve("cgroup")).contains(containerId)) {
                return true;
            }
            var lines = new ArrayList<>(lines(process.resolve("net/tcp")));
            lines.addAll(lines(process.resolve("net/tcp6")));
            return lines.stream().anyMatch(line -> listens(line, details));
        } catch (IOException e) {
            return true;
        }
    }

    private static List<String> lines(Path table) throws IOException {
        try {
            return Files.readAllLines(table);
        } catch (NoSuchFileException e) {
            return List.of(); // no such protocol
        }
    }

    /** From "0: 00000000:1F40 00000000:0000 0A ...": number, local address and port, remote ones, state. */
    private static boolean listens(String line, ContainerDetails details) {
        var fields = line.strip().split("\\s+");
        return fields.length > 3
                && fields[3].equals(LISTEN)
                && details.ports().contains(Integer.parseInt(fields[1].substring(fields[1].lastIndexOf(':') + 1), 16));
    }
}
