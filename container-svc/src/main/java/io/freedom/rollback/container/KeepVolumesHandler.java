package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.engine.EngineVolume;
import io.freedom.rollback.engine.EngineVolumes;
import io.freedom.rollback.engine.TarFormatException;
import io.freedom.rollback.schemas.action.KeepVolumes;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.VolumeSize;
import io.freedom.rollback.schemas.action.VolumesChecked;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;

/**
 * Copies volumes while nothing runs that uses them: of a database, files copied at different moments would be worthless. What
 * it copies it does not change.
 */
final class KeepVolumesHandler implements StepHandler<KeepVolumes> {
    /** Bytes between two looks at the free space. */
    private static final long STRIDE = 64 << 20;

    private final EngineProvider engines;
    private final Vault vault;

    KeepVolumesHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<KeepVolumes> action() {
        return KeepVolumes.class;
    }

    @Override
    public Completed execute(KeepVolumes action, StepContext step) throws StepFailure, InterruptedException {
        var volumes = engines.engine().volumes();
        var all = OwnVolumes.of(volumes, action.getCompose().getProject());
        // Without their containers nobody can tell any more whose they were.
        var found = step.find(VolumesChecked.class)
                .map(checked -> all.only(
                        checked.getVolumes().stream().map(VolumeSize::getVolume).toList()))
                .orElse(all);
        for (var volume : found.own()) {
            requireAtRest(volumes, volume);
        }
        var kept = new ArrayList<KeptVolume>();
        long copied = 0;
        for (var volume : found.own()) {
            step.checkpoint();
            var copy = copied(volumes, volume, action, step);
            kept.add(copy);
            copied += copy.getBytes();
        }
        return new Completed(
                new VolumesKept(kept, found.shared()),
                kept.isEmpty()
                        ? "no volumes" + found.sharedNote()
                        : "%d volumes, %s in %s%s"
                                .formatted(
                                        kept.size(),
                                        VolumeArchive.size(copied),
                                        action.getDirectory(),
                                        found.sharedNote()));
    }

    private static void requireAtRest(EngineVolumes volumes, EngineVolume volume)
            throws StepFailure, InterruptedException {
        var running = volumes.users(volume.name()).stream()
                .filter(EngineContainer::isActive)
                .map(EngineContainer::name)
                .toList();
        if (!running.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "volume %s is in use by %s, so a copy would not fit together: stop them, then retry"
                            .formatted(volume.name(), running));
        }
    }

    private KeptVolume copied(EngineVolumes volumes, EngineVolume volume, KeepVolumes action, StepContext step)
            throws StepFailure, InterruptedException {
        var archive = VolumeArchive.in(action.getDirectory(), volume.name(), vault);
        var partial = archive.partial();
        try {
            archive.makeFolder();
            for (var earlier : archive.ofEarlierAttempts()) {
                Files.deleteIfExists(earlier);
            }
            long bytes;
            var name = archive.file().getFileName().toString();
            try (var out = new Watched(vault.pack(Vault.plain(partial), name), partial, action.getReserve(), step)) {
                bytes = volumes.save(volume.name(), out, done -> step.progress(done, 0, "bytes", volume.name()));
            }
            // What is removed next must be on the disk by then.
            PrivateFiles.force(partial);
            requireReadable(volume, archive, bytes, step);
            long packed = Files.size(partial);
            PrivateFiles.moveInto(partial, archive.file());
            return KeptVolume.newBuilder()
                    .setVolume(volume.name())
                    .setArchive(archive.file().toString())
                    .setBytes(bytes)
                    .setDriver(volume.driver())
                    .setOptions(volume.options())
                    .setLabels(volume.labels())
                    .setPackedBytes(packed)
                    .build();
        } catch (IOException e) {
            throw Kept.failure(archive.file(), e);
        }
    }

    private void requireReadable(EngineVolume volume, VolumeArchive archive, long size, StepContext step)
            throws StepFailure, IOException {
        try {
            archive.read(archive.partial(), vault, done -> {
                step.checkpoint();
                step.progress(done, size, "bytes", "reading the copy of " + volume.name());
            });
        } catch (TarFormatException | DamagedException e) {
            throw new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "the copy of volume %s is not whole, and nothing was removed: %s. Retry; is the disk that it is on well (`dmesg`)?"
                            .formatted(volume.name(), e.getMessage()),
                    e);
        }
    }

    /** Ends the copy where the step is over, or before it fills the disk. */
    private static final class Watched extends FilterOutputStream {
        private final Path file;
        private final long reserve;
        private final StepContext step;
        private long unseen;

        Watched(OutputStream out, Path file, long reserve, StepContext step) {
            super(out);
            this.file = file;
            this.reserve = reserve;
            this.step = step;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            step.checkpoint();
            unseen += length;
            if (unseen >= STRIDE) {
                unseen = 0;
                if (VolumeArchive.free(file) < reserve) {
                    throw new FileSystemException(
                            file.toString(), null, "less than the reserve would stay free: free space, then retry");
                }
            }
            out.write(buffer, offset, length);
        }
    }
}
