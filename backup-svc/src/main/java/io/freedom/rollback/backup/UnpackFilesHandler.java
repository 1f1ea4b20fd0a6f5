package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FilesUnpacked;
import io.freedom.rollback.schemas.action.UnpackFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** The slow part of bringing files back, while the platform serves on: read, compared with the manifest, and written beside the work tree. */
final class UnpackFilesHandler implements StepHandler<UnpackFiles> {
    private final Vault vault;
    private final InstantSource clock;

    UnpackFilesHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<UnpackFiles> action() {
        return UnpackFiles.class;
    }

    @Override
    public Completed execute(UnpackFiles action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getRestorePoint());
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        var unpacked = UnpackedFiles.of(paths.workTree(), step.rollbackId());
        return Disk.work(unpacked.folder(), () -> {
            requireOneDisk(paths, unpacked.gitDirectory());
            var archives = archives(action, point);
            var manifest = Manifest.load(point, vault);
            var names = new HashSet<String>();
            archives.forEach(
                    file -> names.add(point.directory().relativize(file).toString()));
            ManifestCheck.parts(point, manifest, vault, clock.instant(), step, names::contains);
            requireSpace(action, archives, point, unpacked.gitDirectory());
            step.checkpoint();
            unpacked.remove();
            unpacked.make();
            var tally = new Tally(step);
            for (var archive : archives) {
                try (var reader = ArchiveReader.open(archive, point, vault)) {
                    reader.extract(unpacked.folder(), tally);
                }
            }
            return new Completed(new FilesUnpacked(tally.files(), tally.bytes()), tally.detail("files"));
        });
    }

    private static List<Path> archives(UnpackFiles action, RestorePoint point) throws StepFailure {
        var archives = new ArrayList<Path>();
        if (action.getConfiguration()) {
            Vault.find(point.configuration()).ifPresent(archives::add);
        }
        if (action.getModels()) {
            Vault.find(point.models()).ifPresent(archives::add);
        }
        if (archives.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "restore point %s holds %s: choose another, see `rollbackctl backups show ID`"
                            .formatted(
                                    point.id(),
                                    !action.getModels()
                                            ? "no configuration"
                                            : action.getConfiguration()
                                                    ? "neither models nor configuration"
                                                    : "no models"));
        }
        return archives;
    }

    /** It is put in by renaming, which is as quick and as sure for gigabytes as for a byte, and ends at a disk's edge. */
    private static void requireOneDisk(WorkTreePaths paths, Path gitDirectory) throws IOException, StepFailure {
        var here = device(gitDirectory);
        for (var path : paths.present()) {
            var place = paths.workTree().resolve(path);
            if (!device(place).equals(here)) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "%s is on another file system than %s, or something is mounted there: it cannot be swapped in; take it out of the restore point by hand with `rollback-backups extract`, or leave that part out"
                                .formatted(place, gitDirectory));
            }
        }
    }

    private static String device(Path path) throws IOException {
        return UnixStat.of(path).inode().replaceFirst(":.*", "");
    }

    private void requireSpace(UnpackFiles action, List<Path> archives, RestorePoint point, Path disk)
            throws IOException, StepFailure {
        long needed = action.getReserve();
        for (var archive : archives) {
            try (var reader = ArchiveReader.open(archive, point, vault)) {
                needed += reader.count().bytes();
            }
        }
        long free = Files.getFileStore(disk).getUsableSpace();
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "to put the files beside the present ones takes %s with what is to stay free, and %s are free at %s: free some"
                            .formatted(Disk.size(needed), Disk.size(free), disk));
        }
    }
}
