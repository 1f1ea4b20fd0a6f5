package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Containers that live through a rollback, such as a database whose definition is the same in both versions. Compose
 * compares definition and image, and replaces what differs; it does not see what a checkout changes in mounted folders.
 */
final class KeptContainers {
    private final Engine engine;
    private final StepContext step;
    private final Path directory;
    private final Set<String> recorded;

    KeptContainers(Engine engine, ComposeProject project, StepContext step) {
        this.engine = engine;
        this.step = step;
        directory = Path.of(project.getDirectory()).toAbsolutePath().normalize();
        recorded = step.find(ContainersRecorded.class).map(ContainersRecorded::getContainers).orElse(List.of()).stream()
                .map(ContainerState::getContainerId)
                .collect(Collectors.toSet());
    }

    /** Whether it ran when the rollback began and nothing it reads has changed since. */
    boolean mayStay(EngineContainer container) throws StepFailure, InterruptedException {
        return container.isRunning() && recorded.contains(container.id()) && !isStale(container);
    }

    /** Whether it ran when the rollback began, and the checkout has changed files that it reads. False before that. */
    boolean isStale(EngineContainer container) throws StepFailure, InterruptedException {
        var checkedOut = step.find(TargetCheckedOut.class);
        if (checkedOut.isEmpty() || !container.isRunning() || !recorded.contains(container.id())) {
            return false;
        }
        var details = engine.details(container.id());
        return details.isPresent()
                && !startedAfter(details.get(), checkedOut.get().getAt())
                && reads(details.get(), checkedOut.get().getChanged());
    }

    private static boolean startedAfter(ContainerDetails details, @Nullable Instant checkedOut) {
        return checkedOut != null && Instant.parse(details.startedAt()).isAfter(checkedOut);
    }

    /** Whether something of the work tree is mounted into it. */
    boolean readsFiles(EngineContainer container) throws StepFailure, InterruptedException {
        return engine.details(container.id())
                .filter(details -> !mounted(details).isEmpty())
                .isPresent();
    }

    private boolean reads(ContainerDetails details, @Nullable List<String> changed) {
        var mounted = mounted(details);
        return changed == null
                ? !mounted.isEmpty()
                : changed.stream()
                        .map(directory::resolve)
                        .anyMatch(place -> mounted.stream()
                                .anyMatch(source -> place.startsWith(source) || source.startsWith(place)));
    }

    private List<Path> mounted(ContainerDetails details) {
        return details.binds().stream()
                .map(source -> Path.of(source).normalize())
                .filter(source -> source.startsWith(directory) || directory.startsWith(source))
                .toList();
    }
}
