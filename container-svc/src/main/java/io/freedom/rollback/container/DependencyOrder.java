package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Groups containers so that each comes after what it depends on. Compose writes the dependencies on the containers, so
 * this works while the compose file is broken; version 1 does not, and then all are one group.
 */
final class DependencyOrder {
    private static final String LABEL = "com.docker.compose.depends_on";

    private DependencyOrder() {}

    /** Dependencies first. */
    static List<List<EngineContainer>> starting(List<EngineContainer> containers) {
        var groups = new ArrayList<List<EngineContainer>>();
        var waiting = new ArrayList<>(containers);
        while (!waiting.isEmpty()) {
            var names = waiting.stream().map(EngineContainer::service).collect(Collectors.toSet());
            var free = waiting.stream()
                    .filter(c -> dependencies(c).stream().noneMatch(names::contains))
                    .toList();
            var next = free.isEmpty() ? List.copyOf(waiting) : free;
            groups.add(next);
            waiting.removeAll(next);
        }
        return groups;
    }

    /** Dependents first. */
    static List<List<EngineContainer>> stopping(List<EngineContainer> containers) {
        return starting(containers).reversed();
    }

    /** Whether one waits for another to have done its work and ended: then order alone will not do. */
    static boolean awaitsCompletion(List<EngineContainer> containers) {
        return containers.stream().anyMatch(c -> !completions(c).isEmpty());
    }

    /** Services whose end it waits for. */
    static Set<String> completions(EngineContainer container) {
        return withCondition(container, "service_completed_successfully");
    }

    /** Services that it needs started and no more. */
    static Set<String> startsAfter(EngineContainer container) {
        return withCondition(container, "service_started");
    }

    private static Set<String> withCondition(EngineContainer container, String condition) {
        return Stream.of(container.labels().getOrDefault(LABEL, "").split(","))
                .filter(entry -> entry.contains(":" + condition))
                .map(entry -> entry.replaceFirst(":.*", ""))
                .collect(Collectors.toSet());
    }

    /** From "postgres:service_healthy:false,cache:service_started:false". */
    static Set<String> dependencies(EngineContainer container) {
        var services = new HashSet<String>();
        for (var entry : container.labels().getOrDefault(LABEL, "").split(",")) {
            services.add(entry.replaceFirst(":.*", ""));
        }
        services.remove(container.service());
        return services;
    }
}
