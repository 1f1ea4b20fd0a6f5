package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One restore point on its way back. It comes into a hidden folder, file by file compared with the hash that its manifest has, and into its place
 * once all are there. What an interrupted attempt had fetched stays.
 */
final class RestorePointFetch {
    private static final Logger LOG = LoggerFactory.getLogger(RestorePointFetch.class);
    private static final String UNFINISHED = ".fetching-";
    private static final Set<String> OF_THE_MANIFEST =
            Set.of(RestorePoint.MANIFEST, RestorePoint.MANIFEST_SUM, RestorePoint.SIGNATURE);

    private final S3Store store;
    private final Manifest manifest;
    private final Path target;
    private final Path folder;
    private final long reserve;
    private final StepContext step;
    private final S3Download download;

    RestorePointFetch(S3Store store, Manifest manifest, Path root, long reserve, StepContext step) {
        this.store = store;
        this.manifest = manifest;
        target = root.resolve(manifest.id());
        folder = root.resolve(UNFINISHED + manifest.id());
        this.reserve = reserve;
        this.step = step;
        download = new S3Download(store, manifest.bytes(), step);
    }

    /** @return bytes that came */
    long fetch(Map<String, S3Store.Stored> there) throws IOException, StepFailure, InterruptedException {
        PrivateFiles.createFolders(folder);
        requireRoom();
        for (var entry : manifest.files()) {
            if (entry.link() == null) {
                fetch(StoreKeys.object(entry.sha256()), inside(entry.path()), entry.size(), entry.sha256());
            }
        }
        var named = manifest.files().stream()
                .map(entry -> folder.resolve(entry.path()).normalize())
                .collect(Collectors.toSet());
        for (var other : there.values()) {
            var beginning = StoreKeys.of(manifest.id(), "");
            if (other.key().startsWith(beginning)) {
                var file = inside(other.key().substring(beginning.length()));
                // Nobody has signed them: whoever can write into the store can have put them there, of any size.
                if (named.contains(file) || other.size() > S3Store.LARGEST) {
                    LOG.warn(
                            "{} does not come along: it {}, and is not signed",
                            store.name(other.key()),
                            named.contains(file)
                                    ? "stands where a file of the manifest belongs"
                                    : "is larger than 64 MiB");
                } else {
                    other(other, file);
                }
            }
        }
        executable(there);
        // At last: nothing is written through one.
        for (var entry : manifest.files()) {
            if (entry.link() != null) {
                var link = inside(entry.path());
                PrivateFiles.createParent(link);
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, Path.of(entry.link()));
            }
        }
        step.checkpoint();
        PrivateFiles.sealTree(folder);
        Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
        return download.done();
    }

    private void requireRoom() throws IOException, StepFailure {
        var disk = target.getParent();
        long free = Files.getFileStore(disk == null ? target : disk).getUsableSpace();
        long needed = Math.max(0, manifest.bytes() - fetched()) + reserve;
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "%s has %s free, and %s needs %s, %s of which stay free (backups.reserve): free space"
                            .formatted(disk, Disk.size(free), manifest.id(), Disk.size(needed), Disk.size(reserve)));
        }
    }

    /** Bytes that an interrupted attempt has left. */
    private long fetched() throws IOException {
        try (var all = Files.walk(folder)) {
            long bytes = 0;
            for (var file : all.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private Path inside(String path) throws StepFailure {
        var file = folder.resolve(path).normalize();
        if (!file.startsWith(folder) || file.equals(folder)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "restore point " + manifest.id() + " names a file outside of it, " + path + ": do not use it");
        }
        return file;
    }

    private void other(S3Store.Stored stored, Path file) throws IOException, StepFailure, InterruptedException {
        var sum = store.sha256(stored.key());
        if (OF_THE_MANIFEST.contains(String.valueOf(folder.relativize(file)))) {
            // They say themselves whether they are right, to whom has the key.
            PrivateFiles.createParent(file);
            PrivateFiles.write(file, new String(store.bytes(stored.key()), StandardCharsets.UTF_8));
        } else if (sum.isPresent()) {
            try {
                fetch(stored.key(), file, stored.size(), sum.get());
            } catch (StepFailure e) {
                if (e.kind() != FailureKind.MISMATCH) {
                    throw e;
                }
                LOG.warn("{} does not come along: {}", stored.key(), e.text()); // No restore needs it.
            }
        }
    }

    private void fetch(String key, Path file, long size, String sha256)
            throws IOException, StepFailure, InterruptedException {
        if (!download.fetch(key, file, size, sha256, manifest.id() + " " + folder.relativize(file))) {
            throw damaged(key);
        }
    }

    private void executable(Map<String, S3Store.Stored> there) throws IOException, StepFailure, InterruptedException {
        var key = StoreKeys.executable(manifest.id());
        if (there.containsKey(key)) {
            for (var path : Json.array(new String(store.bytes(key), StandardCharsets.UTF_8))) {
                var file = inside(path);
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.setPosixFilePermissions(file, PrivateFiles.FOLDER);
                }
            }
        }
    }

    private StepFailure damaged(String key) {
        return new StepFailure(
                FailureKind.MISMATCH,
                store.name(key) + " is damaged: restore point " + manifest.id()
                        + " cannot be fetched. Remove points/" + manifest.id()
                        + " there, and fetch another with --id; what is on the local disk stays as it is");
    }
}
