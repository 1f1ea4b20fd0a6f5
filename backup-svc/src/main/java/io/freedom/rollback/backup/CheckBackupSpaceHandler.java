package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Finds out that the backup does not fit before anything is stopped. */
final class CheckBackupSpaceHandler implements StepHandler<CheckBackupSpace> {
    private final ToLongFunction<Path> usable;

    CheckBackupSpaceHandler() {
        this(CheckBackupSpaceHandler::usableSpace);
    }

    /** @param usable bytes that may still be written at a path */
    CheckBackupSpaceHandler(ToLongFunction<Path> usable) {
        this.usable = usable;
    }

    /** Size of a database; 0 with a note when it is not known. */
    private record Known(long bytes, String note) {}

    @Override
    public Class<CheckBackupSpace> action() {
        return CheckBackupSpace.class;
    }

    @Override
    public Completed execute(CheckBackupSpace action, StepContext step) throws StepFailure, InterruptedException {
        var directory = RestorePoint.at(action.getDirectory()).directory();
        step.checkpoint();
        var there = action.getTrial() ? tried(directory) : looked(directory);
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        long files = Disk.work(paths.workTree(), () -> {
            long sum = 0;
            for (var path : paths.present()) {
                sum += SpaceNeeded.of(paths.workTree().resolve(path), step);
            }
            return sum;
        });
        var database = size(action.getDatabase(), step);
        long required = files + database.bytes();
        long free = usable.applyAsLong(there);
        if (free < required + action.getReserve()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "needs %s + reserve %s at %s, %s free: free space or change backups.directory%s"
                            .formatted(
                                    Disk.size(required),
                                    Disk.size(action.getReserve()),
                                    action.getTrial() ? directory.getParent() : directory,
                                    Disk.size(free),
                                    database.note()));
        }
        return new Completed(
                new BackupSpaceChecked(required, free),
                "needs %s, %s free%s".formatted(Disk.size(required), Disk.size(free), database.note()));
    }

    /** The directory itself, where it is certain by now that it can be written to. */
    private static Path tried(Path directory) throws StepFailure {
        try {
            PrivateFiles.createFolders(directory);
            var trial = directory.resolve(Staging.PREFIX + "trial");
            Files.writeString(trial, "may be removed\n");
            Files.delete(trial);
            return directory;
        } catch (IOException e) {
            throw unwritable(directory, e.toString(), e);
        }
    }

    /** What there is of the directory: itself, or the nearest above that it would be made in. Writes nothing. */
    private static Path looked(Path directory) throws StepFailure {
        var there = directory;
        while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
            there = there.getParent();
        }
        if (!Files.isDirectory(there)) {
            throw unwritable(directory, there + " is not a directory", null);
        }
        if (!Files.isWritable(there) || !Files.isExecutable(there)) {
            throw unwritable(directory, "no right to write in " + there, null);
        }
        return there;
    }

    private static StepFailure unwritable(Path directory, String why, @Nullable IOException cause) {
        return new StepFailure(
                FailureKind.PRECONDITION,
                "cannot write to %s (%s): create it for the worker's user or change backups.directory"
                        .formatted(directory, why),
                cause);
    }

    private static Known size(@Nullable Database database, StepContext step) throws InterruptedException {
        if (database == null) {
            return new Known(0, "");
        }
        try (var connection = JdbcConnections.open(database, step)) {
            return new Known(Long.parseLong(Sql.value(connection, "SELECT pg_database_size(current_database())")), "");
        } catch (SQLException e) {
            return new Known(0, unknown(JdbcConnections.failure(database, e)));
        } catch (StepFailure e) {
            return new Known(0, unknown(e));
        }
    }

    private static String unknown(StepFailure why) {
        return "; without the database, whose size is not known: " + why.text();
    }

    private static long usableSpace(Path path) {
        try {
            return Files.getFileStore(path).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
