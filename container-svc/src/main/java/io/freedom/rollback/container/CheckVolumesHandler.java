package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckVolumes;
import io.freedom.rollback.schemas.action.VolumeSize;
import io.freedom.rollback.schemas.action.VolumesChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.Collectors;

/** Tells what would be removed before anybody is asked, and finds out that its copies do not fit before anything is stopped. */
final class CheckVolumesHandler implements StepHandler<CheckVolumes> {
    private final EngineProvider engines;
    private final Vault vault;

    CheckVolumesHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<CheckVolumes> action() {
        return CheckVolumes.class;
    }

    @Override
    public Completed execute(CheckVolumes action, StepContext step) throws StepFailure, InterruptedException {
        var volumes = engines.engine().volumes();
        var services = action.getServices();
        var found = OwnVolumes.of(volumes, action.getCompose().getProject(), services);
        if (!services.isEmpty() && found.own().isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "no container of %s has a volume of its own mounted that could be made anew%s. Where it has no container, `docker compose create %s` makes one; else choose another scenario"
                            .formatted(String.join(", ", services), found.sharedNote(), String.join(" ", services)));
        }
        var known = volumes.sizes();
        var sizes = new ArrayList<VolumeSize>();
        long needed = 0;
        for (var volume : found.own()) {
            var bytes = known.get(volume.name());
            sizes.add(new VolumeSize(volume.name(), bytes));
            needed += bytes == null ? 0 : bytes;
        }
        long free = VolumeArchive.free(Path.of(action.getDirectory()));
        if (free < needed + action.getReserve()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the copies of the volumes need %s + reserve %s at %s, %s free: free space or change backups.directory"
                            .formatted(
                                    VolumeArchive.size(needed),
                                    VolumeArchive.size(action.getReserve()),
                                    action.getDirectory(),
                                    VolumeArchive.size(free)));
        }
        requireKeys(Path.of(action.getDirectory()));
        var named = sizes.stream().map(CheckVolumesHandler::line).collect(Collectors.joining(", "));
        return new Completed(
                new VolumesChecked(sizes, found.shared(), free),
                (named.isEmpty() ? "no volumes" : named + "; " + VolumeArchive.size(free) + " free")
                        + found.sharedNote());
    }

    /** A copy that nobody could encrypt is found out about before anything is stopped. */
    private void requireKeys(Path directory) throws StepFailure {
        try {
            vault.requireKeys();
        } catch (IOException e) {
            throw Kept.failure(directory, e);
        }
    }

    private static String line(VolumeSize volume) {
        var bytes = volume.getBytes();
        return volume.getVolume() + " (" + (bytes == null ? "size not known" : VolumeArchive.size(bytes)) + ")";
    }
}
