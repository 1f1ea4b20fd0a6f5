package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Objects;

/**
 * Removes restore points that retention does not keep. Each is moved aside first, so that one that is half removed is never taken
 * for a restore point.
 */
final class PruneRestorePointsHandler implements StepHandler<PruneRestorePoints> {
    private static final String ASIDE = ".pruned-";

    private final Vault vault;
    private final InstantSource clock;

    PruneRestorePointsHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<PruneRestorePoints> action() {
        return PruneRestorePoints.class;
    }

    @Override
    public Completed execute(PruneRestorePoints action, StepContext step) throws StepFailure, InterruptedException {
        var removed = new ArrayList<String>();
        var left = new ArrayList<String>();
        var notes = new ArrayList<String>();
        long freed = 0;
        int done = 0;
        for (var directory : action.getDirectories()) {
            step.checkpoint();
            var point = RestorePoint.at(directory);
            step.progress(done++, action.getDirectories().size(), "restore points", point.id());
            var aside = point.directory().resolveSibling(ASIDE + point.id());
            try {
                if (Files.exists(point.directory(), LinkOption.NOFOLLOW_LINKS)) {
                    requireRemovable(point, action.getPlatform());
                } else if (!Files.exists(aside, LinkOption.NOFOLLOW_LINKS)) {
                    requireMounted(point, step.rollbackId());
                }
            } catch (StepFailure e) {
                left.add(point.id());
                notes.add(e.text());
                continue;
            }
            freed += remove(point, aside);
            removed.add(point.id());
        }
        var text = removed.size() + " removed, " + Disk.size(freed) + " freed"
                + (left.isEmpty() ? "" : "; " + left.size() + " stay: " + String.join("; ", notes));
        return new Completed(new RestorePointsPruned(removed, left, freed), text);
    }

    /** Where it is gone, and all others but the newest with it, they are elsewhere rather than removed by hand. */
    private static void requireMounted(RestorePoint gone, String newest) throws StepFailure, InterruptedException {
        var root = Objects.requireNonNull(gone.directory().getParent());
        boolean others = Disk.work(root, () -> {
            if (!Files.isDirectory(root)) {
                return false;
            }
            try (var all = Files.list(root)) {
                return all.filter(path -> !path.getFileName().toString().equals(newest))
                        .anyMatch(path -> Files.exists(path.resolve(RestorePoint.MANIFEST)));
            }
        });
        if (!others) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    gone.directory()
                            + " is not there, and no other restore point either: is what they are on mounted?");
        }
    }

    /** Fails with the reason where it may not be removed. */
    private void requireRemovable(RestorePoint point, String platform) throws StepFailure, InterruptedException {
        var manifest = Manifest.load(point, vault);
        if (!manifest.platform().equals(platform) || !manifest.id().equals(point.id())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    point.directory() + " is restore point " + manifest.id() + " of " + manifest.platform());
        }
        if (Files.exists(point.hold(), LinkOption.NOFOLLOW_LINKS)) {
            var hold = Disk.work(point.hold(), () -> Json.read(point.hold(), Hold.class));
            if (hold.until().isAfter(clock.instant())) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        point.id() + " is held until " + hold.until() + ", " + hold.because());
            }
        }
    }

    /** Returns the bytes that are free for it: what it shares with other restore points stays. */
    private long remove(RestorePoint point, Path aside) throws StepFailure, InterruptedException {
        return Disk.work(point.directory(), () -> {
            PrivateFiles.delete(aside); // of an attempt that was interrupted
            long freed = 0;
            if (Files.exists(point.directory(), LinkOption.NOFOLLOW_LINKS)) {
                freed = alone(point.directory());
                Files.move(point.directory(), aside, StandardCopyOption.ATOMIC_MOVE);
                PrivateFiles.delete(aside);
            }
            return freed + ObjectPool.of(point, vault).collect();
        });
    }

    private static long alone(Path directory) throws IOException {
        long bytes = 0;
        try (var files = Files.walk(directory)) {
            for (var file : files.filter(it -> Files.isRegularFile(it, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                bytes += UnixStat.of(file).links() == 1 ? Files.size(file) : 0;
            }
        }
        return bytes;
    }
}
