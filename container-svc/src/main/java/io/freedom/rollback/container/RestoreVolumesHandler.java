package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.engine.EngineVolume;
import io.freedom.rollback.engine.EngineVolumes;
import io.freedom.rollback.engine.TarFormatException;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.RestoreVolumes;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.action.VolumesRestored;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Compensation of the volumes' removal. Its mark on disk goes last: with it gone, a command that is delivered twice leaves what
 * was written since alone.
 */
final class RestoreVolumesHandler implements StepHandler<RestoreVolumes> {
    private final EngineProvider engines;
    private final Vault vault;

    RestoreVolumesHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<RestoreVolumes> action() {
        return RestoreVolumes.class;
    }

    @Override
    public Completed execute(RestoreVolumes action, StepContext step) throws StepFailure, InterruptedException {
        var volumes = engines.engine().volumes();
        // Without it nothing was kept, and so nothing removed.
        var kept = step.find(VolumesKept.class).map(VolumesKept::getVolumes).orElse(List.of());
        // Where a copy is not there, that no mark is beside it says nothing about what the volume has now.
        for (var volume : kept) {
            var archive = VolumeArchive.of(volume);
            if (archive.isRemoved() || !Files.exists(archive.file())) {
                archive.requireWhole(volume);
            }
        }
        var removed = kept.stream()
                .filter(volume -> VolumeArchive.of(volume).isRemoved())
                .toList();
        for (var volume : removed) {
            volumes.requireUnused(volume.getVolume());
        }
        for (var volume : removed) {
            requireReadable(volume, step);
        }
        var restored = new ArrayList<String>();
        for (var volume : removed) {
            step.checkpoint();
            restore(volumes, volume, step);
            restored.add(volume.getVolume());
        }
        return new Completed(
                new VolumesRestored(restored),
                restored.isEmpty() ? "no volume was removed" : "as they were: " + String.join(", ", restored));
    }

    /** For a copy takes the place of what the volume has now, which is all there is where the copy cannot be read. */
    private void requireReadable(KeptVolume kept, StepContext step) throws StepFailure {
        var archive = VolumeArchive.of(kept);
        try {
            archive.read(archive.file(), vault, done -> {
                step.checkpoint();
                step.progress(done, kept.getBytes(), "bytes", "reading the copy of " + kept.getVolume());
            });
        } catch (TarFormatException | DamagedException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the copy %s is damaged, so volume %s stays as it is: put a whole copy in its place, then retry (%s)"
                            .formatted(archive.file(), kept.getVolume(), e.getMessage()),
                    e);
        } catch (IOException e) {
            throw unreadable(archive, e);
        }
    }

    private static StepFailure unreadable(VolumeArchive archive, IOException e) {
        return e instanceof KeyException
                ? Kept.failure(archive.file(), e)
                : new StepFailure(
                        FailureKind.TOOL,
                        "cannot read %s: %s; is the disk that it is on well (`dmesg`)?".formatted(archive.file(), e),
                        e);
    }

    private void restore(EngineVolumes volumes, KeptVolume kept, StepContext step)
            throws StepFailure, InterruptedException {
        var name = kept.getVolume();
        var archive = VolumeArchive.of(kept);
        try (var in = archive.open(vault)) {
            // What the target wrote, and what an attempt before this one did not finish.
            volumes.remove(name);
            volumes.create(new EngineVolume(name, kept.getDriver(), kept.getOptions(), kept.getLabels()));
            volumes.load(name, in, done -> {
                step.checkpoint();
                step.progress(done, kept.getBytes(), "bytes", name);
            });
        } catch (IOException e) {
            throw unreadable(archive, e);
        }
        archive.markReturned();
    }
}
