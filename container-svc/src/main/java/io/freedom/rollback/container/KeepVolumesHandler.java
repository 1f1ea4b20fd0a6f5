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
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.BufferedInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Set;

/**
 * Copies volumes while nothing runs that uses them: of a database, files copied at different moments would be worthless. What
 * it copies it does not change.
 */
final class KeepVolumesHandler implements StepHandler<KeepVolumes> {
    /** Bytes between two looks at the free space. */
    private static final long STRIDE = 64 << 20;

    private static final Set<OpenOption> WRITTEN_ONCE = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final EngineProvider engines;

    KeepVolumesHandler(EngineProvider engines) {
        this.engines = engines;
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
            var archive = VolumeArchive.in(action.getDirectory(), volume.name());
            long bytes = copied(volumes, volume, archive, action.getReserve(), step);
            kept.add(new KeptVolume(
                    volume.name(),
                    archive.file().toString(),
                    bytes,
                    volume.driver(),
                    volume.options(),
                    volume.labels()));
            copied += bytes;
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

    private static long copied(
            EngineVolumes volumes, EngineVolume volume, VolumeArchive archive, long reserve, StepContext step)
            throws StepFailure, InterruptedException {
        var partial = archive.partial();
        try {
            archive.makeFolder();
            Files.deleteIfExists(partial);
            long bytes;
            try (var file = FileChannel.open(partial, WRITTEN_ONCE, OWNER_ONLY)) {
                var out = new Watched(Channels.newOutputStream(file), partial, reserve, step);
                bytes = volumes.save(volume.name(), out, done -> step.progress(done, 0, "bytes", volume.name()));
                // What is removed next must be on the disk by then.
                file.force(true);
            }
            requireReadable(volume, partial, bytes, step);
            Files.move(partial, archive.file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            archive.forceFolder();
            return bytes;
        } catch (IOException e) {
            throw Kept.failure(archive.file(), e);
        }
    }

    /** A stream that was cut within zeros ends like a whole one: only its entries tell that something is missing. */
    private static void requireReadable(EngineVolume volume, Path copy, long size, StepContext step)
            throws StepFailure, IOException {
        try (var in = new BufferedInputStream(Files.newInputStream(copy), 1 << 16)) {
            EngineVolumes.entries(in, done -> {
                step.checkpoint();
                step.progress(done, size, "bytes", "reading the copy of " + volume.name());
            });
        } catch (TarFormatException e) {
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
