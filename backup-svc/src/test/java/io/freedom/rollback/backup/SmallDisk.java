package io.freedom.rollback.backup;

import io.freedom.rollback.worker.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A disk of a few MB in memory, which can really be full. The tests need the right to mount. Closing unmounts it. */
final class SmallDisk implements AutoCloseable {
    private static final int PAGE = 4096;

    private final Path path;
    private final Path filler;

    private SmallDisk(Path path) {
        this.path = path;
        filler = path.resolve("filler");
    }

    /** Makes the folder that it is mounted at. */
    static SmallDisk mount(Path path, int megabytes) throws Exception {
        Files.createDirectories(path);
        command("mount", "-t", "tmpfs", "-o", "mode=755,size=" + megabytes + "m", "rollback-test", path.toString());
        return new SmallDisk(path);
    }

    /** One that does not look like memory, which some things are never put into. The first one is what it is in. */
    static SmallDisk overlay(SmallDisk memory, Path path) throws Exception {
        Files.createDirectories(path);
        for (var part : List.of("lower", "upper", "work")) {
            Files.createDirectory(memory.path.resolve(part));
        }
        command(
                "mount",
                "-t",
                "overlay",
                "-o",
                "lowerdir=%1$s/lower,upperdir=%1$s/upper,workdir=%1$s/work".formatted(memory.path),
                "rollback-test",
                path.toString());
        return new SmallDisk(path);
    }

    private static void command(String... argv) throws Exception {
        Command.in(Path.of("/"), List.of(argv)).check();
    }

    Path path() {
        return path;
    }

    /** Something else takes all of it but so many bytes, in whole pages. */
    void fill(long left) throws IOException {
        long size = free() - left / PAGE * PAGE;
        Files.write(filler, new byte[Math.toIntExact(size)]);
    }

    /** That is gone. */
    void empty() throws IOException {
        Files.deleteIfExists(filler);
    }

    long free() throws IOException {
        return Files.getFileStore(path).getUsableSpace();
    }

    long used() throws IOException {
        var store = Files.getFileStore(path);
        return store.getTotalSpace() - store.getUnallocatedSpace();
    }

    @Override
    public void close() throws Exception {
        command("umount", path.toString());
    }
}
