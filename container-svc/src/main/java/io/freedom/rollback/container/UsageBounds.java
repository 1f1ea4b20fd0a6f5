package io.freedom.rollback.container;

import io.freedom.rollback.schemas.action.ServiceUsage;
import io.freedom.rollback.schemas.action.UsageBound;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Compares what services use with what they may use. */
final class UsageBounds {
    private UsageBounds() {}

    /** One line for each bound that is passed. What does not run at all keeps no bound: it serves nobody. */
    static List<String> passed(List<UsageBound> bounds, List<ServiceUsage> services) {
        var passed = new ArrayList<String>();
        for (var bound : bounds) {
            if (services.stream().noneMatch(usage -> usage.getService().equals(bound.getService()))) {
                passed.add(bound.getService() + " does not run");
            }
            for (var usage : services) {
                if (!usage.getService().equals(bound.getService())) {
                    continue;
                }
                var memory = bound.getMemory();
                if (memory != null && usage.getMemory() > memory) {
                    passed.add("%s holds %s of memory, its bound is %s"
                            .formatted(bound.getService(), megabytes(usage.getMemory()), megabytes(memory)));
                }
                var cpu = bound.getCpu();
                if (cpu != null && usage.getCpu() > cpu) {
                    passed.add("%s uses %s of a processor, its bound is %s"
                            .formatted(bound.getService(), percent(usage.getCpu()), percent(cpu)));
                }
            }
        }
        return List.copyOf(passed);
    }

    /** Services that pass one. */
    static List<String> past(List<UsageBound> bounds, List<ServiceUsage> services) {
        return bounds.stream()
                .filter(bound -> !passed(List.of(bound), services).isEmpty())
                .map(UsageBound::getService)
                .distinct()
                .toList();
    }

    static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", share);
    }
}
