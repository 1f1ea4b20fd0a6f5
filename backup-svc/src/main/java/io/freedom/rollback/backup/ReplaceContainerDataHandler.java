package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerDataReplaced;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Collectors;

/** Makes a folder of stopped containers what {@link CopyContainerDataHandler} has kept of it. To do it twice changes nothing. */
final class ReplaceContainerDataHandler implements StepHandler<ReplaceContainerData> {
    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    ReplaceContainerDataHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<ReplaceContainerData> action() {
        return ReplaceContainerData.class;
    }

    @Override
    public Completed execute(ReplaceContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var archive = Vault.find(point.containerData(action.getService()));
        if (archive.isEmpty() && action.getOwn()) {
            return new Completed(
                    new ContainerDataReplaced(0, 0L, 0),
                    "there was no %s in %s before: what is there stays"
                            .formatted(action.getPath(), action.getService()));
        }
        if (archive.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "restore point " + point.id() + " holds nothing of the containers of " + action.getService());
        }
        var engine = engines.engine();
        var containers = containers(engine, action.getCompose(), action.getService());
        requireStopped(containers);
        return Disk.work(archive.get(), () -> replace(action, step, engine, containers, point, archive.get()));
    }

    private Completed replace(
            ReplaceContainerData action,
            StepContext step,
            Engine engine,
            List<EngineContainer> containers,
            RestorePoint point,
            Path archive)
            throws IOException, StepFailure, InterruptedException {
        if (!action.getOwn()) {
            var name = point.directory().relativize(archive).toString();
            ManifestCheck.parts(
                    point, Manifest.load(point, vault), vault, clock.instant(), step, path -> path.equals(name));
        }
        ArchiveReader.Counted counted;
        try (var reader = ArchiveReader.open(archive, point, vault)) {
            counted = reader.count();
        }
        for (var container : containers) {
            var place = ContainerDataPlace.of(engine, container, action.getPath());
            step.progress(0, 0, "bytes", "copying to " + action.getPath() + " of " + container.name());
            step.checkpoint();
            place.empty();
            engine.copyIn(
                    container.id(),
                    out -> write(out, place, archive, point),
                    String.valueOf(place.path().getParent()));
        }
        return new Completed(
                new ContainerDataReplaced(counted.files(), counted.bytes(), containers.size()),
                "%d files, %s, are all that is in %s of %s"
                        .formatted(
                                counted.files(),
                                Disk.size(counted.bytes()),
                                action.getPath(),
                                containers.stream()
                                        .map(EngineContainer::name)
                                        .collect(Collectors.joining(", "))));
    }

    private void write(OutputStream out, ContainerDataPlace place, Path archive, RestorePoint point)
            throws IOException, StepFailure {
        try (var reader = ArchiveReader.open(archive, point, vault)) {
            if (place.kind() == ContainerDataPlace.Kind.MOUNT) {
                reader.transferTo(out);
            } else {
                reader.transferInPlaceOf(place.path().getFileName().toString(), out);
            }
        } catch (KeyException | DamagedException e) {
            throw Disk.failure(archive, e);
        }
    }

    static List<EngineContainer> containers(Engine engine, ComposeProject compose, String service)
            throws StepFailure, InterruptedException {
        var containers = engine.containers(compose.getProject()).stream()
                .filter(c -> c.service().equals(service) && !c.oneOff())
                .toList();
        if (containers.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "service %s of project %s has no container to put data into: `docker compose up --no-start %s`, then retry"
                            .formatted(service, compose.getProject(), service));
        }
        return containers;
    }

    private static void requireStopped(List<EngineContainer> containers) throws StepFailure {
        var active = containers.stream()
                .filter(EngineContainer::isActive)
                .map(EngineContainer::name)
                .collect(Collectors.joining(", "));
        if (!active.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    active + " runs, and would write beside what is put there: something else starts it again (a watchdog, a deployment?); stop that, then retry");
        }
    }
}
