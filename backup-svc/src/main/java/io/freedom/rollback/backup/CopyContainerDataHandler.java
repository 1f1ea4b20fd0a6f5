package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Archives a folder that only exists inside a container. Large files that the restore point before has too are not read again, where
 * the container runs and its image has the programs to tell. Having nothing to copy is no failure.
 */
final class CopyContainerDataHandler implements StepHandler<CopyContainerData> {
    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    CopyContainerDataHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<CopyContainerData> action() {
        return CopyContainerData.class;
    }

    @Override
    public Probe probe(CopyContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        return Vault.find(point.containerData(action.getService())).isPresent()
                ? new Probe.Applied(completed(action, point, ", archived before"))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(CopyContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var all = containers(action);
        if (all.isEmpty()) {
            return nothing("no container of " + action.getService());
        }
        // A stopped container can be read too, but a running one has the newer data.
        var container =
                all.stream().filter(EngineContainer::isRunning).findFirst().orElse(all.getFirst());
        var several = all.size() == 1
                ? ""
                : "; of its %d containers %s's is kept: the others' are not, unless all have them in one volume"
                        .formatted(all.size(), container.name());
        step.checkpoint();
        var copied = Disk.work(point.containerData(action.getService()), () -> copy(action, container, point, step));
        return copied.isPresent()
                ? completed(action, point, copied.get() + several)
                : nothing("no " + action.getPath() + " in " + action.getService());
    }

    private List<EngineContainer> containers(CopyContainerData action) throws StepFailure, InterruptedException {
        return engines.engine().containers(action.getCompose().getProject()).stream()
                .filter(c -> c.service().equals(action.getService()) && !c.oneOff())
                .toList();
    }

    /** @return what is to be said of it; empty where there is no such folder */
    private Optional<String> copy(
            CopyContainerData action, EngineContainer container, RestorePoint point, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var note = "";
        if (container.isRunning()) {
            try {
                return new ContainerDataCopy(engines.engine(), container, action, point, vault, clock, step).changed();
            } catch (ContainerFiles.UnsuitedException e) {
                note = "; what is unchanged was read too: " + e.getMessage();
            }
        }
        var copied = new ContainerDataCopy(engines.engine(), container, action, point, vault, clock, step).whole();
        return copied.isPresent() ? Optional.of(copied.get() + note) : copied;
    }

    /** Reads the archive again, so that a broken one is not taken for a copy. */
    private Completed completed(CopyContainerData action, RestorePoint point, String note)
            throws StepFailure, InterruptedException {
        var archive = Vault.find(point.containerData(action.getService())).orElseThrow();
        return Disk.work(archive, () -> {
            try (var reader = ArchiveReader.open(archive, point, vault)) {
                var counted = reader.count();
                return new Completed(
                        new DataArchived(counted.files(), counted.bytes()),
                        "%d files of %s in %s, %s%s"
                                .formatted(
                                        counted.files(),
                                        action.getPath(),
                                        action.getService(),
                                        Disk.size(counted.bytes()),
                                        note));
            }
        });
    }

    private static Completed nothing(String why) {
        return new Completed(new DataArchived(0, 0L), why + ": nothing to keep");
    }
}
