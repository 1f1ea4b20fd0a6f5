package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerDataChecked;
import io.freedom.rollback.schemas.action.ContainerDataReplaced;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes a folder of a stopped container what {@link CopyContainerDataHandler} has kept of it. To do it twice changes nothing. */
final class ReplaceContainerDataHandler implements StepHandler<ReplaceContainerData> {
    private static final Duration GRACE = Duration.ofSeconds(10);

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
        var kept = RestorePoint.at(action.getKept());
        return Disk.work(
                point.data(), () -> point.equals(kept) ? back(action, step, kept) : there(action, step, point, kept));
    }

    /** What a restore point has, once it is certain that the way back is there. */
    private Completed there(ReplaceContainerData action, StepContext step, RestorePoint point, RestorePoint kept)
            throws IOException, StepFailure, InterruptedException {
        var engine = engines.engine();
        var container = container(engine, action.getCompose(), action.getService());
        var place = ContainerDataPlace.of(engine, container, action.getPath());
        if (container.isActive()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    container.name()
                            + " runs, and would write beside what is put there: something else starts it again (a watchdog, a deployment?); stop that, then retry");
        }
        var before = step.input(ContainerDataChecked.class).getSources().get(action.getService());
        if (!place.source().equals(before)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s of %s is %s now, and was %s when its data were copied: the configuration that goes back mounts something else there. Put the data back by themselves afterwards, with `--part containers`"
                            .formatted(action.getPath(), action.getService(), named(place.source()), named(before)));
        }
        var archive = Vault.find(point.containerData(action.getService()))
                .orElseThrow(() -> new StepFailure(
                        FailureKind.PRECONDITION,
                        "restore point " + point.id() + " holds nothing of the containers of " + action.getService()));
        var name = point.directory().relativize(archive).toString();
        ManifestCheck.parts(
                point, Manifest.load(point, vault), vault, clock.instant(), step, path -> path.equals(name));
        check(archive, point, place);
        var copy = copy(action, step, kept);
        if (copy.isPresent()) {
            check(copy.get(), kept, place);
        }
        step.checkpoint();
        PrivateFiles.createFolders(kept.data());
        Files.writeString(kept.replaced(action.getService()), action.getPath());
        return put(action, step, place, archive, point);
    }

    private static String named(@Nullable String source) {
        return source == null || source.isEmpty() ? "in no volume" : "in " + source;
    }

    /** What was copied before: only where it is not there any more, since it was replaced or its container made anew. */
    private Completed back(ReplaceContainerData action, StepContext step, RestorePoint kept)
            throws IOException, StepFailure, InterruptedException {
        var engine = engines.engine();
        boolean replaced = Files.exists(kept.replaced(action.getService()));
        var recorded = step.input(ContainersRecorded.class).getContainers().stream()
                .map(ContainerState::getContainerId)
                .collect(Collectors.toSet());
        var containers = containers(engine, action.getCompose(), action.getService());
        boolean isNew = containers.stream().anyMatch(container -> !recorded.contains(container.id()));
        if (!replaced && !isNew) {
            return asItWas(action);
        }
        var copy = copy(action, step, kept);
        if (copy.isEmpty()) {
            if (replaced && step.find(DataArchived.class).isEmpty()) {
                throw isGone(action, kept);
            }
            return new Completed(
                    new ContainerDataReplaced(0, 0L, 0),
                    "there is no copy of %s in %s of before: what is there stays"
                            .formatted(action.getPath(), action.getService()));
        }
        if (!replaced) {
            return afterMaking(action, step, containers, copy.get(), kept);
        }
        var done = new ArrayList<Completed>();
        for (var container : containers) { // as many as somebody has scaled it to meanwhile
            var place = ContainerDataPlace.of(engine, container, action.getPath());
            check(copy.get(), kept, place);
            if (container.isActive()) { // its restart policy, or somebody, has started it meanwhile
                step.checkpoint();
                engine.stop(container.id(), GRACE);
            }
            done.add(put(action, step, place, copy.get(), kept));
        }
        return done.isEmpty() ? stays(action, kept, "it has no container") : done.getLast();
    }

    /** What is in a volume came through. What cannot be put where it was keeps nobody from going on, and nothing of it is lost. */
    private Completed afterMaking(
            ReplaceContainerData action,
            StepContext step,
            List<EngineContainer> containers,
            Path copy,
            RestorePoint kept)
            throws IOException, StepFailure, InterruptedException {
        if (containers.size() != 1) {
            return stays(action, kept, "it has " + containers.size() + " containers");
        }
        ContainerDataPlace place;
        try {
            place = ContainerDataPlace.of(engines.engine(), containers.getFirst(), action.getPath());
        } catch (StepFailure e) {
            if (e.kind() != FailureKind.PRECONDITION) {
                throw e;
            }
            return stays(action, kept, e.text());
        }
        if (place.kind() != ContainerDataPlace.Kind.LAYER) {
            return asItWas(action);
        }
        check(copy, kept, place);
        if (containers.getFirst().isActive()) {
            step.checkpoint();
            engines.engine().stop(containers.getFirst().id(), GRACE);
        }
        return put(action, step, place, copy, kept);
    }

    private static Completed stays(ReplaceContainerData action, RestorePoint kept, String why) {
        return new Completed(
                new ContainerDataReplaced(0, 0L, 0),
                "%s of %s was not put back, the copy is in %s: %s"
                        .formatted(action.getPath(), action.getService(), kept.data(), why));
    }

    private static Completed asItWas(ReplaceContainerData action) {
        return new Completed(
                new ContainerDataReplaced(0, 0L, 0),
                "%s of %s is as it was".formatted(action.getPath(), action.getService()));
    }

    private static Optional<Path> copy(ReplaceContainerData action, StepContext step, RestorePoint kept)
            throws StepFailure {
        var copy = Vault.find(kept.containerData(action.getService()));
        boolean wasKept = step.find(DataArchived.class)
                .filter(archived -> archived.getFiles() > 0)
                .isPresent();
        if (copy.isEmpty() && wasKept) {
            throw isGone(action, kept);
        }
        return copy;
    }

    private static StepFailure isGone(ReplaceContainerData action, RestorePoint kept) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "the copy of %s of %s is not in %s any more: bring it back (is the disk there?), then retry"
                        .formatted(action.getPath(), action.getService(), kept.data()));
    }

    private void check(Path archive, RestorePoint point, ContainerDataPlace place) throws IOException, StepFailure {
        try (var reader = ArchiveReader.open(archive, point, vault)) {
            reader.check(place.path().getFileName().toString());
        }
    }

    private Completed put(
            ReplaceContainerData action, StepContext step, ContainerDataPlace place, Path archive, RestorePoint point)
            throws IOException, StepFailure, InterruptedException {
        ArchiveReader.Counted counted;
        try (var reader = ArchiveReader.open(archive, point, vault)) {
            counted = reader.count();
        }
        step.progress(
                0,
                0,
                "bytes",
                "copying to " + action.getPath() + " of " + place.container().name());
        step.checkpoint();
        place.replace(
                () -> ArchiveReader.open(archive, point, vault), point.equals(RestorePoint.at(action.getKept())), step);
        return new Completed(
                new ContainerDataReplaced(counted.files(), counted.bytes(), 1),
                "%d files, %s, are all that is in %s of %s"
                        .formatted(
                                counted.files(),
                                Disk.size(counted.bytes()),
                                action.getPath(),
                                place.container().name()));
    }

    private static List<EngineContainer> containers(Engine engine, ComposeProject compose, String service)
            throws StepFailure, InterruptedException {
        return engine.containers(compose.getProject()).stream()
                .filter(c -> c.service().equals(service) && !c.oneOff())
                .toList();
    }

    /** Of several none would have a copy but the first. */
    static EngineContainer container(Engine engine, ComposeProject compose, String service)
            throws StepFailure, InterruptedException {
        var containers = containers(engine, compose, service);
        if (containers.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "service %s of project %s has no container to put data into: `docker compose up --no-start %s`, then retry"
                            .formatted(service, compose.getProject(), service));
        }
        if (containers.size() > 1) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "service %s of project %s has %d containers, and a restore point has the data of one: scale it to one first, or leave `containers` out"
                            .formatted(service, compose.getProject(), containers.size()));
        }
        return containers.getFirst();
    }
}
