package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.schemas.action.LayFiles;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Makes the files of a drill's copy what they were when the restore point was taken. */
final class LayFilesHandler implements StepHandler<LayFiles> {
    /** What is packed in a restore point grows to so much of it: files, database with its indexes, and the scenario's own backup. */
    private static final int UNPACKED = 10;

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
        requireSpace(action, Manifest.load(point), copy);
        var tally = new Tally(step);
        return Disk.work(copy, () -> {
            lay(point.modified(), copy, tally);
            lay(point.configuration(), copy, tally);
            var models = point.models().resolve(ArchiveModelsHandler.ARCHIVE);
            if (Files.isRegularFile(models)) {
                TarGz.extract(models, copy, tally);
            }
            var envFile = action.getEnvFile();
            if (envFile != null && !Files.exists(copy.resolve(envFile))) {
                var original = Path.of(action.getOriginal()).resolve(envFile);
                if (Files.isRegularFile(original)) {
                    step.checkpoint();
                    Files.copy(original, copy.resolve(envFile), StandardCopyOption.COPY_ATTRIBUTES);
                    tally.took();
                }
            }
            return new Completed(new FilesCopied(tally.files(), tally.bytes()), tally.detail("files"));
        });
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

    private static void lay(Path from, Path to, Tally tally) throws IOException {
        if (!Files.isDirectory(from)) {
            return;
        }
        var home = to.toRealPath();
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                var laid = to.resolve(from.relativize(folder));
                Files.createDirectories(laid);
                if (!laid.toRealPath().startsWith(home)) {
                    throw new IOException(laid + " is a link that leads out of the copy: nothing is written there");
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                var name = from.relativize(file);
                tally.read(attributes.isSymbolicLink() ? 0 : attributes.size(), name.toString());
                Files.copy(
                        file,
                        to.resolve(name),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES,
                        LinkOption.NOFOLLOW_LINKS);
                tally.took();
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
