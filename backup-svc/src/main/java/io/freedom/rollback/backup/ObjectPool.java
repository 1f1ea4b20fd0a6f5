package io.freedom.rollback.backup;

import com.github.luben.zstd.Zstd;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Content that several restore points share, each once on disk: {@code BACKUPS/.objects/ab/ab…/SUM.zst.age}, in a folder named by the
 * content, in a file named by the SHA-256 of its own bytes. Restore points have hard links to it, so each is complete by itself, and
 * what only the pool still has is garbage. An object's time of change says when it was last read back; 1970 for never.
 */
final class ObjectPool {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectPool.class);
    /** Smaller files are not worth an object of their own. */
    static final long AT_LEAST = 1 << 20;

    private static final String FOLDER = ".objects";
    private static final int SAMPLE = 1 << 20;
    private static final FileTime NEVER = FileTime.fromMillis(0);

    private final Path root;
    private final Vault vault;

    private ObjectPool(Path root, Vault vault) {
        this.root = root;
        this.vault = vault;
    }

    /** Of the restore points beside this one. */
    static ObjectPool of(RestorePoint point, Vault vault) {
        return new ObjectPool(root(point), vault);
    }

    private static Path root(RestorePoint point) {
        return Objects.requireNonNull(point.directory().getParent()).resolve(FOLDER);
    }

    /** What is known of the files of a work tree that this archive, before it is packed, is made of. */
    static SeenFiles seen(RestorePoint point, Path workTree, Path archive) {
        return seen(point, workTree.toString(), archive);
    }

    /** @param source where the files are */
    static SeenFiles seen(RestorePoint point, String source, Path archive) {
        var name = Sha256.of(source + "\n" + archive.getFileName()).substring(0, 16) + SeenFiles.SUFFIX;
        return SeenFiles.in(root(point).resolve(name));
    }

    /**
     * Content that a restore point has.
     *
     * @param sha256 of the content
     * @param fresh whether it was not there before
     */
    record Stored(Path file, String sha256, boolean fresh) {
        String name() {
            return String.valueOf(file.getFileName());
        }
    }

    /** Makes what the pool has of this content part of a restore point; empty where it has none. */
    Optional<Stored> take(String sha256, RestorePoint point) throws IOException {
        List<Path> objects = objects(sha256);
        for (var object : objects) {
            var target = point.object(String.valueOf(object.getFileName()));
            PrivateFiles.createParent(target);
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) || link(object, target)) {
                return Optional.of(new Stored(target, sha256, false));
            }
        }
        return Optional.empty();
    }

    /** Whether there is any of this content. */
    boolean has(String sha256) throws IOException {
        return !objects(sha256).isEmpty();
    }

    private List<Path> objects(String sha256) throws IOException {
        try (var files = Files.list(folder(sha256))) {
            return files.sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** False where it is gone meanwhile, has too many names already, or the disk knows no hard links. */
    private static boolean link(Path object, Path target) throws IOException {
        try {
            Files.createLink(target, object);
            return true;
        } catch (FileAlreadyExistsException e) {
            return true;
        } catch (FileSystemException | UnsupportedOperationException e) {
            return false;
        }
    }

    private Path folder(String sha256) throws IOException {
        var id = vault.objectId(sha256);
        return root.resolve(id.substring(0, 2)).resolve(id);
    }

    /**
     * Makes what is read part of a restore point, and of the pool.
     *
     * @param content read once, to its end; not closed
     * @param archive that it belongs to, unpacked: of each, one is stored at a time
     */
    Stored store(InputStream content, Path archive, RestorePoint point) throws IOException {
        var head = content.readNBytes(SAMPLE);
        var digest = Sha256.digest();
        digest.update(head);
        var in = new DigestInputStream(content, digest);
        var suffix = String.valueOf(vault.sealed(Path.of("x"), shrinks(head)).getFileName())
                .substring(1);
        var sum = Sha256.digest();
        try (var staging = Staging.beside(point.object(
                "of-" + point.directory().relativize(archive).toString().replace('/', '-')))) {
            try (var out = vault.pack(new Summed(Vault.plain(staging.path()), sum), suffix)) {
                out.write(head);
                in.transferTo(out);
            }
            var sha256 = Sha256.hex(digest.digest());
            var there = take(sha256, point);
            if (there.isPresent()) {
                return there.get();
            }
            var object = point.object(Sha256.hex(sum.digest()) + suffix);
            Files.setLastModifiedTime(staging.path(), NEVER);
            PrivateFiles.sealTree(staging.path());
            PrivateFiles.moveInto(staging.path(), object);
            var pooled = folder(sha256).resolve(object.getFileName());
            PrivateFiles.createParent(pooled);
            link(object, pooled);
            return new Stored(object, sha256, true);
        }
    }

    private static boolean shrinks(byte[] head) {
        return Zstd.compress(head, 1).length < head.length - head.length / 20;
    }

    /** When an object of a restore point was last found to be as it was written; null for never. */
    static @Nullable Instant readBack(Path object) throws IOException {
        var time = Files.getLastModifiedTime(object, LinkOption.NOFOLLOW_LINKS);
        return time.toMillis() <= 0 ? null : time.toInstant();
    }

    /** Only a hint: a disk that cannot be written to takes none. */
    static void noteReadBack(Path object, Instant now) {
        try {
            Files.setLastModifiedTime(object, FileTime.from(now));
        } catch (IOException e) {
            LOG.debug("{} stays without a note of when it was read back: {}", object, e.toString());
        }
    }

    /** Takes what is damaged out of the pool, so that the next restore point has it anew. */
    void disown(Path object) {
        try {
            Files.setLastModifiedTime(object, NEVER);
            for (var file : files()) {
                if (Objects.equals(file.getFileName(), object.getFileName())) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            LOG.warn("{} is damaged and stays in {}: {}", object, root, e.toString());
        }
    }

    /** Removes what no restore point has any more. Returns bytes. */
    long collect() throws IOException {
        long freed = 0;
        for (var file : files()) {
            try {
                if (isGarbage(file)) {
                    long size = Files.size(file);
                    Files.delete(file);
                    freed += size;
                    Files.deleteIfExists(Objects.requireNonNull(file.getParent()));
                }
            } catch (NoSuchFileException | DirectoryNotEmptyException e) {
                LOG.debug("somebody else collects too, or there are more of this content: {}", e.toString());
            }
        }
        return freed;
    }

    /** All of the pool; others may add and remove meanwhile. */
    private List<Path> files() throws IOException {
        var files = new ArrayList<Path>();
        if (!Files.isDirectory(root)) {
            return files;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                if (e != null && !(e instanceof NoSuchFileException)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    private static boolean isGarbage(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        return UnixStat.of(file).links() == 1 && !name.endsWith(SeenFiles.SUFFIX) && !name.startsWith(Staging.PREFIX);
    }

    /** Sums up what passes. */
    private static final class Summed extends FilterOutputStream {
        private final MessageDigest sum;

        Summed(OutputStream out, MessageDigest sum) {
            super(out);
            this.sum = sum;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            out.write(buffer, offset, length);
            sum.update(buffer, offset, length);
        }
    }
}
