package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.platform.PlatformDescriptor;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a restore point holds besides databases, and can be put back by itself. */
public enum FilePart {
    MODELS,
    CONFIGURATION,
    CONTAINERS;

    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static Optional<FilePart> of(String id) {
        return Arrays.stream(values()).filter(part -> part.id().equals(id)).findFirst();
    }

    private boolean isDeclared(PlatformDescriptor platform) {
        return switch (this) {
            case MODELS -> !platform.models().isEmpty();
            case CONFIGURATION -> !platform.configuration().isEmpty();
            case CONTAINERS -> !platform.containerData().isEmpty();
        };
    }

    private String key() {
        return this == CONTAINERS ? "containerData" : id();
    }

    /**
     * @param asked ids; empty for all that the descriptor has
     * @throws ChosenServices.Unsuitable where there is no such part, or the descriptor has nothing of it
     */
    public static Set<FilePart> of(Scenario scenario, PlatformDescriptor platform, List<String> asked)
            throws ChosenServices.Unsuitable {
        if (!scenario.restoresFiles()) {
            if (asked.isEmpty()) {
                return Set.of();
            }
            throw new ChosenServices.Unsuitable(
                    scenario.id() + " has no parts: leave --part out, or choose " + Scenario.FILES_RESTORE.id());
        }
        var parts = EnumSet.noneOf(FilePart.class);
        for (var id : asked) {
            var part = of(id).orElseThrow(() -> new ChosenServices.Unsuitable("there is no part " + id + ": choose of "
                    + Arrays.stream(values()).map(FilePart::id).collect(Collectors.joining(", "))));
            if (!part.isDeclared(platform)) {
                throw new ChosenServices.Unsuitable("the descriptor of " + platform.name() + " names no `" + part.key()
                        + "`: there is nothing to put back");
            }
            parts.add(part);
        }
        if (asked.isEmpty()) {
            Arrays.stream(values()).filter(part -> part.isDeclared(platform)).forEach(parts::add);
        }
        if (parts.isEmpty()) {
            throw new ChosenServices.Unsuitable("the descriptor of " + platform.name()
                    + " names neither `models`, `configuration` nor `containerData`: there is nothing to put back");
        }
        if (parts.contains(CONTAINERS) || parts.contains(CONFIGURATION)) {
            requireOneOfEach(platform);
        }
        return parts;
    }

    private static void requireOneOfEach(PlatformDescriptor platform) throws ChosenServices.Unsuitable {
        var services =
                platform.containerData().stream().map(ContainerData::service).toList();
        var database = platform.database();
        if (database != null && services.contains(database.service())) {
            throw new ChosenServices.Unsuitable(
                    database.service()
                            + " holds the database, and runs while files go back: of its container nothing is kept. Take it out of `containerData`, or say --part models");
        }
        if (Set.copyOf(services).size() < services.size()) {
            throw new ChosenServices.Unsuitable(
                    "`containerData` of " + platform.name()
                            + " names a service twice, and a restore point has one folder of each: name one folder around both, or say --part models");
        }
    }
}
