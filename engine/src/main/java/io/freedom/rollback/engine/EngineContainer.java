package io.freedom.rollback.engine;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A container of a compose project.
 *
 * @param service empty when it was not made by compose
 * @param image reference it was created from
 * @param imageId {@code sha256:…}
 * @param state created, running, restarting, exited, paused, removing or dead
 * @param health healthy, unhealthy, starting; null without health check or while not running
 */
public record EngineContainer(
        String id,
        String name,
        String service,
        String image,
        String imageId,
        String state,
        @Nullable String health,
        Map<String, String> labels) {
    public static final String PROJECT = "com.docker.compose.project";
    public static final String SERVICE = "com.docker.compose.service";
    /** Of all that a drill has made; the platform it is a copy of. */
    public static final String DRILL = "io.freedom.rollback.drill";

    public static final String CONFIG_HASH = "com.docker.compose.config-hash";
    static final String NUMBER = "com.docker.compose.container-number";
    static final String ONE_OFF = "com.docker.compose.oneoff";
    static final String DEPENDS_ON = "com.docker.compose.depends_on";

    public EngineContainer {
        labels = Map.copyOf(labels);
    }

    public boolean isRunning() {
        return state.equals("running");
    }

    /** Whether it holds or may soon hold a process: running, paused or between two starts. */
    public boolean isActive() {
        return isRunning() || state.equals("restarting") || state.equals("paused");
    }

    /** Made by {@code compose run}, not by {@code up}. */
    public boolean oneOff() {
        return "True".equalsIgnoreCase(labels.getOrDefault(ONE_OFF, "False"));
    }

    /** Services that it waits for to end before it starts: jobs. */
    public Set<String> awaitedJobs() {
        return Stream.of(labels.getOrDefault(DEPENDS_ON, "").split(","))
                .map(dependency -> dependency.split(":", -1))
                .filter(parts -> parts.length > 1 && parts[1].equals("service_completed_successfully"))
                .map(parts -> parts[0])
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Counts the replicas of a service from 1. */
    public int number() {
        var number = labels.getOrDefault(NUMBER, "1");
        return number.matches("\\d{1,6}") ? Integer.parseInt(number) : 1;
    }
}
