package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One restore point on its way to the store: first what its manifest names, then all else that is in its folder, at last the manifest. */
final class RestorePointCopy {
    /** Clocks may differ by that much: a store takes no request of one that differs more. */
    private static final Duration SKEW = Duration.ofMinutes(15);

    private final S3Store store;
    private final RestorePoint point;
    private final Manifest manifest;
    private final GoesOn goesOn;

    RestorePointCopy(S3Store store, CopyRestorePointsHandler.Local local, GoesOn goesOn) {
        this.store = store;
        point = local.point();
        manifest = local.manifest();
        this.goesOn = goesOn;
    }

    interface GoesOn {
        boolean after(long bytes, String what);
    }

    /**
     * @param there what the store has of restore points
     * @param objects what it has of contents, added to; null to take those of a restore point that is whole for there
     * @return false where the time was over before
     */
    boolean send(Map<String, S3Store.Stored> there, @Nullable Map<String, S3Store.Stored> objects)
            throws IOException, StepFailure, InterruptedException {
        boolean isWhole = there.containsKey(StoreKeys.manifest(point.id()));
        if (objects != null && !contents(objects)) {
            return false;
        }
        if (!isWhole && !executables()) {
            return false;
        }
        for (var file : others()) {
            if (!isThere(file, there.get(key(file))) && !sendOther(file)) {
                return false;
            }
        }
        return isWhole || put(StoreKeys.manifest(point.id()), point.manifest(), Sha256.of(point.manifest(), _ -> {}));
    }

    private boolean contents(Map<String, S3Store.Stored> objects)
            throws IOException, StepFailure, InterruptedException {
        for (var entry : manifest.files()) {
            var key = StoreKeys.object(entry.sha256());
            var known = objects.get(key);
            if (entry.link() != null || (known != null && known.size() == entry.size())) {
                continue;
            }
            var file = point.directory().resolve(entry.path()).normalize();
            if (!file.startsWith(point.directory()) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new StepFailure(FailureKind.MISMATCH, file + " is missing");
            }
            if (!put(key, file, entry.sha256())) {
                return false;
            }
            objects.put(key, new S3Store.Stored(key, entry.size(), manifest.createdAt(), ""));
        }
        return true;
    }

    private boolean executables() throws IOException, StepFailure, InterruptedException {
        var paths = new ArrayList<String>();
        for (var entry : manifest.files()) {
            if (entry.link() == null && Files.isExecutable(point.directory().resolve(entry.path()))) {
                paths.add(entry.path());
            }
        }
        var file = Files.createTempFile("rollback-", ".json");
        try {
            Files.writeString(file, Json.text(paths));
            return put(StoreKeys.executable(point.id()), file, Sha256.of(file, _ -> {}));
        } finally {
            Files.delete(file);
        }
    }

    /** Regular files that the manifest does not name, but itself. */
    private List<Path> others() throws IOException {
        var named = manifest.files().stream().map(Manifest.Entry::path).collect(Collectors.toSet());
        var root = point.directory();
        try (var all = Files.walk(root)) {
            return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(file -> !file.equals(point.manifest()))
                    .filter(file -> !named.contains(root.relativize(file).toString()))
                    .filter(file -> !Manifest.isUnfinished(root.relativize(file)))
                    .sorted()
                    .toList();
        }
    }

    private String key(Path file) {
        return StoreKeys.of(point.id(), point.directory().relativize(file).toString());
    }

    /** Notes, holds and logs may change. */
    private boolean isThere(Path file, S3Store.@Nullable Stored known)
            throws IOException, StepFailure, InterruptedException {
        if (known == null || known.size() != Files.size(file)) {
            return false;
        }
        var changed = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
        if (known.changed().isAfter(changed.plus(SKEW))) {
            return true;
        }
        if (known.size() <= S3Upload.PART && known.etag().equals(S3Upload.md5(Files.readAllBytes(file)))) {
            return true;
        }
        return store.sha256(known.key()).equals(Optional.of(Sha256.of(file, _ -> {})));
    }

    /** What is written or removed just now comes with the next look. */
    private boolean sendOther(Path file) throws IOException, StepFailure, InterruptedException {
        try {
            return put(key(file), file, Sha256.of(file, _ -> {}));
        } catch (NoSuchFileException e) {
            return true;
        } catch (StepFailure e) {
            if (e.kind() == FailureKind.MISMATCH) {
                return true;
            }
            throw e;
        }
    }

    private boolean put(String key, Path file, String sha256) throws IOException, StepFailure, InterruptedException {
        var what = point.id() + " " + point.directory().relativize(file);
        return goesOn.after(0, what)
                && new S3Upload(store, key, file, sha256).send((bytes, _) -> goesOn.after(bytes, what));
    }
}
