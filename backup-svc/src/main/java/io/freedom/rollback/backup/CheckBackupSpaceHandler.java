package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.ContainerPath;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds out that the backup does not fit before anything is stopped. */
final class CheckBackupSpaceHandler implements StepHandler<CheckBackupSpace> {
    private static final Pattern KIBIBYTES = Pattern.compile("^(\\d{1,15})\\s");
    private static final Duration MEASURING = Duration.ofSeconds(15);

    private final EngineProvider engines;
    private final Vault vault;
    private final ToLongFunction<Path> usable;

    CheckBackupSpaceHandler(EngineProvider engines, Vault vault) {
        this(engines, vault, CheckBackupSpaceHandler::usableSpace);
    }

    /** @param usable bytes that may still be written at a path */
    CheckBackupSpaceHandler(EngineProvider engines, Vault vault, ToLongFunction<Path> usable) {
        this.engines = engines;
        this.vault = vault;
        this.usable = usable;
    }

    /** Size of something; 0 with a note when it is not known. */
    private record Known(long bytes, String note) {
        Known and(Known other) {
            return new Known(bytes + other.bytes, note + other.note);
        }
    }

    @Override
    public Class<CheckBackupSpace> action() {
        return CheckBackupSpace.class;
    }

    @Override
    public Completed execute(CheckBackupSpace action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var directory = point.directory();
        step.checkpoint();
        var there = action.getTrial() ? tried(directory) : looked(directory);
        var paths = WorkTreePaths.of(action.getWorkTree(), action.getPaths());
        long files = Disk.work(paths.workTree(), () -> {
            long sum = 0;
            var seen = ObjectPool.seen(point, paths.workTree(), point.models());
            var pool = ObjectPool.of(point, vault);
            for (var path : paths.present()) {
                sum += SpaceNeeded.of(paths.workTree(), path, seen, pool, step);
            }
            return sum;
        });
        var other = size(action.getDatabase(), step);
        var compose = action.getCompose();
        if (compose != null) {
            for (var data : action.getData()) {
                other = other.and(size(compose.getProject(), data));
            }
        }
        long required = files + other.bytes();
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
                                    other.note()));
        }
        return new Completed(
                new BackupSpaceChecked(required, free),
                "needs %s, %s free%s".formatted(Disk.size(required), Disk.size(free), other.note()));
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
            long bytes = 0;
            for (var name : ServerDatabases.of(connection, database, step).names()) {
                bytes += Long.parseLong(Sql.value(connection, "SELECT pg_database_size(?::name)", name));
            }
            return new Known(bytes, "");
        } catch (SQLException e) {
            return new Known(0, unknown(JdbcConnections.failure(database, e)));
        } catch (StepFailure e) {
            return new Known(0, unknown(e));
        }
    }

    /** Only a container that runs can measure; what is not known is left to the reserve. */
    private Known size(String project, ContainerPath data) throws StepFailure, InterruptedException {
        try {
            var engine = engines.engine();
            var container = engine.running(project, data.getService());
            var measured = engine.exec(container.id(), List.of("du", "-sk", data.getPath()), Map.of(), MEASURING);
            var kibibytes = KIBIBYTES.matcher(measured.stdout());
            if (kibibytes.find()) {
                return new Known(Long.parseLong(kibibytes.group(1)) << 10, "");
            }
            return new Known(0, unknown(data, measured.stderr().strip()));
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.OUTAGE) {
                throw e;
            }
            return new Known(0, unknown(data, e.text()));
        }
    }

    private static String unknown(ContainerPath data, String why) {
        return "; without " + data.getPath() + " of " + data.getService() + ", whose size is not known: " + why;
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
