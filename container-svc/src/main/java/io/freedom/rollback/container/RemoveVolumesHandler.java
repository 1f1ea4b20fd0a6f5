package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.action.VolumesRemoved;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.List;

/** Removes exactly the volumes of which a whole copy is on disk. */
final class RemoveVolumesHandler implements StepHandler<RemoveVolumes> {
    private final EngineProvider engines;

    RemoveVolumesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<RemoveVolumes> action() {
        return RemoveVolumes.class;
    }

    /** What is there after it was removed is new, and not removed again. */
    @Override
    public Probe probe(RemoveVolumes action, StepContext step) throws StepFailure, InterruptedException {
        var kept = step.input(VolumesKept.class).getVolumes();
        for (var volume : kept) {
            if (!VolumeArchive.of(volume).isRemoved()
                    || engines.engine().volumes().find(volume.getVolume()).isPresent()) {
                return new Probe.NotApplied();
            }
        }
        return new Probe.Applied(completed(kept));
    }

    @Override
    public Completed execute(RemoveVolumes action, StepContext step) throws StepFailure, InterruptedException {
        var volumes = engines.engine().volumes();
        var kept = step.input(VolumesKept.class).getVolumes();
        for (var volume : kept) {
            VolumeArchive.of(volume).requireWhole(volume);
            volumes.requireUnused(volume.getVolume());
        }
        for (var volume : kept) {
            step.checkpoint();
            VolumeArchive.of(volume).markRemoved();
            volumes.remove(volume.getVolume());
        }
        return completed(kept);
    }

    private static Completed completed(List<KeptVolume> kept) {
        var names = kept.stream().map(KeptVolume::getVolume).toList();
        return new Completed(
                new VolumesRemoved(names),
                names.isEmpty()
                        ? "there were none"
                        : "removed " + String.join(", ", names) + "; their content is kept");
    }
}
