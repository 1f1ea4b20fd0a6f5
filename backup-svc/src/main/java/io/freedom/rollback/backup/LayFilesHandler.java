package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.schemas.action.LayFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.InnerFolder;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.List;

/** Makes the files of a drill's copy what they were when the restore point was taken. */
final class LayFilesHandler implements StepHandler<LayFiles> {
    /** What is packed in a restore point grows to so much of it: files, database with its indexes, and the scenario's own backup. */
    private static final int UNPACKED = 10;

    private final Vault vault;
    private final InstantSource clock;

    LayFilesHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<LayFiles> action() {
        return LayFiles.class;
    }

    @Override
    public Completed execute(LayFiles action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var copy = Path.of(action.getCopy());
        if (!DrillFolder.holds(copy)) {
            throw new StepFailure(FailureKind.INVALID, copy + " is no drill's copy: nothing is written there");
        }
        var manifest = Manifest.load(point, vault);
        if (manifest.format() < Manifest.FORMAT) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "an older release has taken restore point " + point.id()
                            + ", whose files a drill cannot read: take a new one, or choose a newer");
        }
        requireSpace(action, manifest, copy);
        var tally = new Tally(step);
        return Disk.work(copy, () -> {
            ManifestCheck.parts(point, manifest, vault, clock.instant(), step, LayFilesHandler::isFile);
            for (var plain : List.of(point.modified(), point.configuration(), point.models())) {
                var archive = Vault.find(plain);
                if (archive.isPresent()) {
                    try (var reader = ArchiveReader.open(archive.get(), point, vault)) {
                        reader.extract(copy, tally);
                    }
                }
            }
            var envFile = action.getEnvFile();
            if (envFile != null) {
                layEnvFile(Path.of(action.getOriginal()), copy, envFile, tally, step);
            }
            return new Completed(new FilesCopied(tally.files(), tally.bytes()), tally.detail("files"));
        });
    }

    static void layEnvFile(Path original, Path copy, String envFile, Tally tally, StepContext step)
            throws IOException, StepFailure {
        var from = original.resolve(envFile);
        var to = copy.resolve(envFile).normalize();
        var folder = to.getParent();
        if (folder == null || Files.exists(to, LinkOption.NOFOLLOW_LINKS) || !Files.isRegularFile(from)) {
            return;
        }
        if (!InnerFolder.make(copy, folder)) {
            tally.leftOut(envFile, "it would come to lie outside of the copy");
            return;
        }
        step.checkpoint();
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
        tally.took();
    }

    /** They have the hashes of what is in objects. */
    private static boolean isFile(String path) {
        return path.startsWith("files/");
    }

    /** The platform serves on beside the copy, on the same disk as like as not. */
    private static void requireSpace(LayFiles action, Manifest manifest, Path copy) throws StepFailure {
        long needed = UNPACKED * manifest.bytes() + action.getReserve();
        try {
            long free = Files.getFileStore(copy).getUsableSpace();
            if (free < needed) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "the copy takes up to %s, %s of it to stay free, and %s are free at %s: free some, or choose a smaller restore point"
                                .formatted(Disk.size(needed), Disk.size(action.getReserve()), Disk.size(free), copy));
            }
        } catch (IOException e) {
            throw Disk.failure(copy, e);
        }
    }
}
