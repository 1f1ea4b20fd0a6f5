package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckContainerData;
import io.freedom.rollback.schemas.action.ContainerDataChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.TreeMap;

/** What would keep container data from being put back, found while the platform serves on. */
final class CheckContainerDataHandler implements StepHandler<CheckContainerData> {
    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    CheckContainerDataHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<CheckContainerData> action() {
        return CheckContainerData.class;
    }

    @Override
    public Completed execute(CheckContainerData action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var manifest = Manifest.load(point, vault); // what only describes it can be mended
        return Proof.noting(point, vault, clock, step, () -> checked(action, point, manifest, step));
    }

    private Completed checked(CheckContainerData action, RestorePoint point, Manifest manifest, StepContext step)
            throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var archives = new ArrayList<Path>();
        var roots = new ArrayList<String>();
        var sources = new TreeMap<String, String>();
        for (var data : action.getData()) {
            step.stillWanted();
            var archive = Vault.find(point.containerData(data.getService()));
            if (archive.isEmpty()) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "restore point %s holds nothing of the containers of %s: choose another, see `rollbackctl backups show ID`, or leave `containers` out"
                                .formatted(point.id(), data.getService()));
            }
            archives.add(archive.get());
            var container = ReplaceContainerDataHandler.container(engine, action.getCompose(), data.getService());
            var place = ContainerDataPlace.of(engine, container, data.getPath());
            place.check();
            sources.put(data.getService(), place.source());
            roots.add(place.path().getFileName().toString());
        }
        return Disk.work(point.data(), () -> {
            var names = new HashSet<String>();
            archives.forEach(
                    file -> names.add(point.directory().relativize(file).toString()));
            ManifestCheck.parts(point, manifest, vault, clock.instant(), step, names::contains);
            int files = 0;
            long bytes = 0;
            for (int i = 0; i < archives.size(); i++) {
                step.stillWanted();
                try (var reader = ArchiveReader.open(archives.get(i), point, vault)) {
                    reader.check(roots.get(i));
                }
                try (var reader = ArchiveReader.open(archives.get(i), point, vault)) {
                    var counted = reader.count();
                    files += counted.files();
                    bytes += counted.bytes();
                }
            }
            return new Completed(
                    new ContainerDataChecked(files, bytes, sources),
                    "%d files, %s of %s".formatted(files, Disk.size(bytes), point.id()));
        });
    }
}
