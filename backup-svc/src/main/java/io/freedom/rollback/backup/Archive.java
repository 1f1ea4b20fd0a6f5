package io.freedom.rollback.backup;

import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/**
 * Files of live folders, as a tar: modes, owners, times, links and odd names are kept. Of a large file it has only the name of an object
 * beside it (PAX headers {@code ROLLBACK.object}, {@code ROLLBACK.sha256}, {@code ROLLBACK.size}), which other restore points have too.
 */
final class Archive implements AutoCloseable {
    /** Name in the restore point's folder of objects. */
    static final String OBJECT = "ROLLBACK.object";
    /** Of the content. */
    static final String SHA256 = "ROLLBACK.sha256";
    /** Bytes of the content. */
    static final String SIZE = "ROLLBACK.size";

    private static final int READS = 3;

    private final TarArchiveOutputStream tar;
    private final RestorePoint point;
    private final ObjectPool pool;
    private final Path plain;
    private final Tally tally;

    private Archive(TarArchiveOutputStream tar, Path plain, RestorePoint point, ObjectPool pool, Tally tally) {
        this.tar = tar;
        this.plain = plain;
        this.point = point;
        this.pool = pool;
        this.tally = tally;
    }

    /**
     * @param file new, whose name says how it is packed
     * @param plain what it is called in the restore point before it is packed
     */
    static Archive create(Path file, Path plain, RestorePoint point, Vault vault, Tally tally) throws IOException {
        return new Archive(tar(vault.create(file)), plain, point, ObjectPool.of(point, vault), tally);
    }

    static TarArchiveOutputStream tar(OutputStream out) {
        var tar = new TarArchiveOutputStream(out, "UTF-8");
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
        return tar;
    }

    /** Takes paths below {@code root}, each with all that is below it. What was read before and is unchanged is not read again. */
    void addAll(Path root, Iterable<Path> relative, InstantSource clock) throws IOException {
        var seen = ObjectPool.seen(point, root, plain);
        var walk = new Walk(root, seen, clock);
        for (var path : relative) {
            Files.walkFileTree(root.resolve(path), walk);
        }
        seen.keep();
    }

    /** Is told of each large file of a tar stream. */
    interface LargeFiles {
        void took(String name, long size, String sha256);
    }

    /**
     * Takes a tar stream, such as the engine makes of a container's folder. What fails on this machine's disk is a StepFailure.
     *
     * @param below where its entries are in the archive, a path that ends in a slash; empty for where they say
     */
    void addAll(InputStream stream, String below, LargeFiles large) throws IOException, StepFailure {
        var source = new Source(stream);
        try {
            copyAll(new TarArchiveInputStream(source, "UTF-8"), below, large);
        } catch (IOException e) {
            var said = String.valueOf(e.getMessage());
            if (source.failed || said.contains("TAR archive") || said.contains("tar archive")) {
                throw e;
            }
            throw Disk.failure(plain, e);
        }
    }

    private void copyAll(TarArchiveInputStream in, String below, LargeFiles large) throws IOException {
        for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
            entry.setName(below + withoutDot(entry.getName()));
            if (entry.getName().indexOf('\uFFFD') >= 0) {
                tally.leftOut(entry.getName(), "its name is not UTF-8, so it has another");
            }
            if (entry.isLink()) {
                entry.setLinkName(below + withoutDot(entry.getLinkName()));
            }
            if (entry.isFile() && entry.getSize() >= ObjectPool.AT_LEAST) {
                long size = entry.getSize();
                var stored = pool.store(new Counted(in, entry.getName()), plain, point);
                refer(entry, stored, size);
                large.took(entry.getName(), size, stored.sha256());
            } else {
                tar.putArchiveEntry(entry);
                if (entry.isFile()) {
                    new Counted(in, entry.getName()).transferTo(tar);
                }
                tar.closeArchiveEntry();
            }
            if (!entry.isDirectory()) {
                tally.took();
            }
        }
    }

    private static String withoutDot(String name) {
        return name.startsWith("./") ? name.substring(2) : name;
    }

    /** Takes a file whose content is known. */
    void addKnown(String name, UnixStat found, ObjectPool.Stored content) throws IOException {
        tally.unchanged(found.size());
        refer(entry(found, name, TarConstants.LF_NORMAL), content, found.size());
        tally.took();
    }

    /** Remembers whether it was what failed. */
    private static final class Source extends FilterInputStream {
        private boolean failed;

        Source(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            failed = true;
            int n = in.read(buffer, offset, length);
            failed = false;
            return n;
        }
    }

    private final class Walk extends SimpleFileVisitor<Path> {
        private final Path root;
        private final SeenFiles seen;
        private final InstantSource clock;

        Walk(Path root, SeenFiles seen, InstantSource clock) {
            this.root = root;
            this.seen = seen;
            this.clock = clock;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
            tar.putArchiveEntry(entry(UnixStat.of(folder), name(folder) + "/", TarConstants.LF_DIR));
            tar.closeArchiveEntry();
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            try {
                add(file, attributes);
            } catch (NoSuchFileException e) {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) { // then it is of ours
                    throw e;
                }
                return visitFileFailed(file, e);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (!(e instanceof NoSuchFileException)) {
                throw e;
            }
            tally.leftOut(name(file), "deleted meanwhile");
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
            if (e != null) {
                throw e;
            }
            return FileVisitResult.CONTINUE;
        }

        private String name(Path path) {
            return root.relativize(path).toString();
        }

        private void add(Path file, BasicFileAttributes attributes) throws IOException {
            if (name(file).indexOf('\uFFFD') >= 0) {
                tally.leftOut(name(file), "its name is not UTF-8");
                return;
            }
            if (attributes.isSymbolicLink()) {
                var entry = entry(UnixStat.of(file), name(file), TarConstants.LF_SYMLINK);
                entry.setLinkName(Files.readSymbolicLink(file).toString());
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
                noteIfOutside(file);
            } else if (!attributes.isRegularFile()) {
                tally.leftOut(name(file), "neither file, folder nor link");
                return;
            } else if (attributes.size() >= ObjectPool.AT_LEAST) {
                addLarge(file);
            } else {
                addSmall(file);
            }
            tally.took();
        }

        private void noteIfOutside(Path link) throws IOException {
            var target = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
            if (!target.startsWith(root)) {
                tally.leftOut(name(link), "a link to " + target + ", whose content is not in the archive");
            }
        }

        private void addLarge(Path file) throws IOException {
            var path = name(file);
            for (int read = 1; ; read++) {
                var began = clock.instant();
                var found = UnixStat.of(file);
                var known = seen.sha256(path, found);
                var there = known.isPresent() ? pool.take(known.get(), point) : Optional.<ObjectPool.Stored>empty();
                if (there.isPresent()) {
                    tally.unchanged(found.size());
                    refer(entry(found, path, TarConstants.LF_NORMAL), there.get(), found.size());
                    return;
                }
                ObjectPool.Stored stored;
                long size;
                // A byte more shows that it grows; at last the file is what it was when it was looked at.
                long most = read < READS ? found.size() + 1 : found.size();
                try (var in = new Counted(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), path, most)) {
                    stored = pool.store(in, plain, point);
                    size = in.bytes();
                }
                if (size == found.size() && found.isSteady(UnixStat.of(file))) {
                    seen.note(path, found, began, stored.sha256());
                } else if (read < READS) {
                    tally.forget(size);
                    if (stored.fresh()) { // what was half new is of no use; the pool's is garbage then
                        Files.deleteIfExists(stored.file());
                    }
                    continue;
                } else {
                    tally.changedWhileRead(path);
                }
                refer(entry(found, path, TarConstants.LF_NORMAL), stored, size);
                return;
            }
        }

        private void addSmall(Path file) throws IOException {
            var path = name(file);
            for (int read = 1; ; read++) {
                var found = UnixStat.of(file);
                if (found.size() >= ObjectPool.AT_LEAST) { // it has grown
                    addLarge(file);
                    return;
                }
                byte[] content;
                try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                    content = in.readNBytes((int) ObjectPool.AT_LEAST + 1);
                }
                boolean steady = content.length == found.size() && found.isSteady(UnixStat.of(file));
                if (!steady && read < READS) {
                    continue;
                }
                if (!steady) {
                    tally.changedWhileRead(path);
                }
                tally.read(content.length, path);
                var entry = entry(found, path, TarConstants.LF_NORMAL);
                entry.setSize(content.length);
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
                return;
            }
        }
    }

    private void refer(TarArchiveEntry entry, ObjectPool.Stored stored, long size) throws IOException {
        entry.addPaxHeader(OBJECT, stored.name());
        entry.addPaxHeader(SHA256, stored.sha256());
        entry.addPaxHeader(SIZE, String.valueOf(size));
        entry.setSize(0);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
    }

    private static TarArchiveEntry entry(UnixStat stat, String name, byte type) {
        var entry = new TarArchiveEntry(name, type);
        entry.setModTime(FileTime.from(stat.modified()));
        entry.setUserId(stat.user());
        entry.setGroupId(stat.group());
        if (type != TarConstants.LF_SYMLINK) {
            entry.setMode((entry.getMode() & ~07777) | (stat.mode() & 07777));
        }
        return entry;
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }

    /** Tells the tally of what passes; closing it closes what is read. */
    private final class Counted extends InputStream {
        private final InputStream in;
        private final String name;
        private final long most;
        private long bytes;

        Counted(InputStream in, String name) {
            this(in, name, Long.MAX_VALUE);
        }

        /** @param most bytes, after which it is at its end */
        Counted(InputStream in, String name, long most) {
            this.in = in;
            this.name = name;
            this.most = most;
        }

        long bytes() {
            return bytes;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (bytes == most && length > 0) {
                return -1;
            }
            int n = in.read(buffer, offset, (int) Math.min(length, most - bytes));
            if (n > 0) {
                bytes += n;
                tally.read(n, name);
            }
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
