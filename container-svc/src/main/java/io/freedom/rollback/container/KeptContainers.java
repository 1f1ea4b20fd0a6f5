package io.freedom.rollback.container;

import io.freedom.rollback.engine.ContainerDetails;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.FilesSwapped;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Containers that live through a rollback, such as a database whose definition is the same in both versions. Compose
 * compares definition and image, and replaces what differs; it does not see what a checkout changes in mounted folders.
 */
final class KeptContainers {
    /** The most paths that a checkout of some paths, or a swap, lists. */
    private static final int LISTED = 1000;

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
        var checkout = checkout();
        if (checkout.isEmpty() || !container.isRunning() || !recorded.contains(container.id())) {
            return false;
        }
        var details = engine.details(container.id());
        return details.isPresent()
                && !startedAfter(details.get(), checkout.get().at())
                && reads(details.get(), checkout.get().changed());
    }

    /** Where files changed and when; null where that was not noted. */
    private record Checkout(
            @Nullable List<String> changed, @Nullable Instant at) {}

    private Optional<Checkout> checkout() {
        return step.find(TargetCheckedOut.class)
                .map(all -> new Checkout(all.getChanged(), all.getAt()))
                .or(() -> step.find(PathsCheckedOut.class)
                        // A full list may be cut short.
                        .map(some -> new Checkout(
                                some.getChanged().size() < LISTED ? some.getChanged() : null, some.getAt())))
                .or(() -> step.find(FilesSwapped.class)
                        .map(some -> new Checkout(
                                some.getChanged().size() < LISTED ? some.getChanged() : null, some.getAt())));
    }

    boolean knowsTheCheckout() {
        return checkout().isPresent();
    }

    private static boolean startedAfter(ContainerDetails details, @Nullable Instant checkedOut) {
        return checkedOut != null && Instant.parse(details.startedAt()).isAfter(checkedOut);
    }

    /**
     * Whether it runs, and files of the work tree that it reads have changed since it started and since the rollback began.
     * This needs no word of a checkout: of one that failed there is none.
     */
    boolean outlivedItsFiles(EngineContainer container) throws StepFailure, InterruptedException {
        var details = engine.details(container.id());
        if (!container.isRunning() || details.isEmpty()) {
            return false;
        }
        var started = Instant.parse(details.get().startedAt());
        var began = step.find(ContainersRecorded.class)
                .map(ContainersRecorded::getAt)
                .orElse(started);
        var since = began.isAfter(started) ? began : started;
        // In a folder that it may write to, its own files change; the others it sees there as they are.
        return mounted(details.get()).stream()
                .filter(mount -> !(mount.writable() && Files.isDirectory(Path.of(mount.source()))))
                .map(mount -> Path.of(mount.source()).normalize())
                // Of a folder around the work tree, only the tree.
                .anyMatch(source -> FileChanges.since(since, source.startsWith(directory) ? source : directory));
    }

    private boolean reads(ContainerDetails details, @Nullable List<String> changed) {
        var mounted = mounted(details).stream()
                .map(mount -> Path.of(mount.source()).normalize())
                .toList();
        return changed == null
                ? !mounted.isEmpty()
                : changed.stream()
                        .map(directory::resolve)
                        .anyMatch(place -> mounted.stream()
                                .anyMatch(source -> place.startsWith(source) || source.startsWith(place)));
    }

    private List<ContainerDetails.Bind> mounted(ContainerDetails details) {
        return details.binds().stream()
                .filter(mount -> {
                    var source = Path.of(mount.source()).normalize();
                    return source.startsWith(directory) || directory.startsWith(source);
                })
                .toList();
    }
}
