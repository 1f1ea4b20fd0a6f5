package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.ServiceSpec;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Which services a scenario concerns. */
public final class ChosenServices {
    private ChosenServices() {}

    /** The choice makes no sense; the message says what would. */
    public static final class Unsuitable extends Exception {
        private static final long serialVersionUID = 1L;

        Unsuitable(String message) {
            super(message);
        }
    }

    /**
     * @param asked names that an operator or an incident gave; empty for those that suit the scenario
     * @return empty for a scenario of the whole platform
     */
    public static List<String> of(Scenario scenario, PlatformDescriptor platform, List<String> asked)
            throws Unsuitable {
        if (!scenario.isOfServices()) {
            if (asked.isEmpty()) {
                return List.of();
            }
            throw new Unsuitable(scenario.id() + " concerns the whole platform: leave the services out");
        }
        var known = platform.services().stream().map(ServiceSpec::name).toList();
        if (known.isEmpty()) {
            throw new Unsuitable(scenario.id() + " needs to know the services of " + platform.name()
                    + ": declare them under `services` in its descriptor, then register it again");
        }
        var unknown = asked.stream().filter(name -> !known.contains(name)).toList();
        if (!unknown.isEmpty()) {
            throw new Unsuitable("the descriptor of " + platform.name() + " declares no service "
                    + String.join(", ", unknown) + ": choose of " + String.join(", ", known));
        }
        var chosen = platform.services().stream()
                .filter(asked.isEmpty() ? suits(scenario) : service -> asked.contains(service.name()))
                .toList();
        return suitable(scenario, platform, chosen);
    }

    private static Predicate<ServiceSpec> suits(Scenario scenario) {
        return switch (scenario) {
            case PERFORMANCE_RELIEF -> service -> service.memory() != null || service.cpu() != null;
            case MODEL_RESET -> service -> service.loaded() != null;
            case SERVICE_ROLLBACK -> service -> !service.paths().isEmpty();
            case SERVICE_RESTART,
                    FULL_ROLLBACK,
                    CONFIGURATION_ROLLBACK,
                    DATABASE_RESTORE,
                    DATABASE_REBUILD,
                    FILES_RESTORE,
                    FULL_RESTORE,
                    DATA_MIGRATION,
                    SELECTIVE_ROLLBACK,
                    FULL_RESET,
                    RESTORE_POINT,
                    QUIESCED_RESTORE_POINT,
                    RESTORE_POINT_CHECK,
                    RESTORE_POINT_IMPORT,
                    RESTORE_POINT_HOLD,
                    RESTORE_POINT_PRUNE,
                    RESTORE_POINT_DERIVE,
                    ACCEPTANCE,
                    RESTORE_POINT_WAL_CHECK,
                    PLATFORM_CHECK,
                    PREVIEW -> _ -> true;
        };
    }

    private static List<String> suitable(Scenario scenario, PlatformDescriptor platform, List<ServiceSpec> chosen)
            throws Unsuitable {
        var database = platform.database();
        if (scenario == Scenario.SERVICE_ROLLBACK
                && database != null
                && chosen.stream().anyMatch(service -> service.name().equals(database.service()))) {
            throw new Unsuitable(database.service()
                    + " holds the database: roll it back with full-rollback, or its data with database-restore");
        }
        if (chosen.isEmpty()) {
            throw new Unsuitable("no declared service suits " + scenario.id() + ": name them with --service");
        }
        var pathless = chosen.stream()
                .filter(service ->
                        scenario == Scenario.SERVICE_ROLLBACK && service.paths().isEmpty())
                .map(ServiceSpec::name)
                .collect(Collectors.joining(", "));
        if (!pathless.isEmpty()) {
            throw new Unsuitable("the descriptor does not say which paths of the repository belong to " + pathless
                    + ": add `paths`, then register it again");
        }
        return chosen.stream().map(ServiceSpec::name).toList();
    }
}
