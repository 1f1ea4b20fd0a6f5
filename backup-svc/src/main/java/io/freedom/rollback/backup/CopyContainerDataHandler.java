package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Archives a folder that only exists inside a container. Having nothing to copy is no failure. */
final class CopyContainerDataHandler implements StepHandler<CopyContainerData> {
    private final EngineProvider engines;

    CopyContainerDataHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<CopyContainerData> action() {
        return CopyContainerData.class;
    }

    @Override
    public Probe probe(CopyContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var archive = RestorePoint.at(action.getDirectory()).containerData(action.getService());
        return Files.isRegularFile(archive)
                ? new Probe.Applied(completed(action, archive, ", archived before"))
                : new Probe.NotApplied();
    }

    @Override
    public Completed execute(CopyContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var archive = RestorePoint.at(action.getDirectory()).containerData(action.getService());
        var container = container(action);
        if (container.isEmpty()) {
            return nothing("no container of " + action.getService());
        }
        step.checkpoint();
        boolean copied = Disk.work(archive, () -> copy(action, container.get(), archive, step));
        return copied
                ? completed(action, archive, "")
                : nothing("no " + action.getPath() + " in " + action.getService());
    }

    /** A stopped container can be read too, but a running one has the newer data. */
    private Optional<EngineContainer> container(CopyContainerData action) throws StepFailure, InterruptedException {
        var all = engines.engine().containers(action.getCompose().getProject()).stream()
                .filter(c -> c.service().equals(action.getService()) && !c.oneOff())
                .toList();
        return all.stream()
                .filter(EngineContainer::isRunning)
                .findFirst()
                .or(() -> all.stream().findFirst());
    }

    private boolean copy(CopyContainerData action, EngineContainer container, Path archive, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        try (var staging = Staging.beside(archive)) {
            try (var out = new Reported(TarGz.compressed(staging.path()), step)) {
                engines.engine().copyOutTar(container.id(), action.getPath(), out);
            } catch (StepFailure e) {
                if (e.kind() == FailureKind.PRECONDITION) {
                    return false;
                }
                throw e;
            }
            step.checkpoint();
            staging.publish();
            return true;
        }
    }

    /** Reads the archive again, so that a broken one is not taken for a copy. */
    private static Completed completed(CopyContainerData action, Path archive, String note)
            throws StepFailure, InterruptedException {
        return Disk.work(archive, () -> {
            var result = new DataArchived(TarGz.count(archive), Files.size(archive));
            return new Completed(
                    result,
                    "%d files of %s in %s, %s%s"
                            .formatted(
                                    result.getFiles(),
                                    action.getPath(),
                                    action.getService(),
                                    Disk.size(result.getBytes()),
                                    note));
        });
    }

    private static Completed nothing(String why) {
        return new Completed(new DataArchived(0, 0L), why + ": nothing to keep");
    }

    private static final class Reported extends FilterOutputStream {
        private final StepContext step;
        private long bytes;

        Reported(OutputStream out, StepContext step) {
            super(out);
            this.step = step;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            step.checkpoint();
            out.write(buffer, offset, length);
            bytes += length;
            step.progress(bytes, 0, "bytes", "container data");
        }
    }
}
