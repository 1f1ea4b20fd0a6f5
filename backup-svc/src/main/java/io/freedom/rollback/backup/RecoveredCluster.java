package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A data directory in the making, inside a container that does not run yet. */
final class RecoveredCluster {
    /** File in the data directory that says who is let in: whoever is inside the container. */
    static final String ACCESS = "rollback_hba.conf";

    private static final String EVERYBODY = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

    private RecoveredCluster() {}

    /**
     * Unpacks a base backup there, ready to be recovered.
     *
     * @param base folder of the base backup, in the tar format of {@code pg_basebackup}
     * @param directory absolute path inside, below a folder that every image has
     */
    static void fill(Engine engine, String container, Path base, String directory, StepContext step)
            throws StepFailure, InterruptedException {
        var archive = base.resolve("base.tar.gz");
        Disk.work(archive, () -> {
            long user;
            long group;
            try (var in = new TarArchiveInputStream(new GZIPInputStream(Files.newInputStream(archive)))) {
                var first = in.getNextEntry();
                if (first == null) {
                    throw new StepFailure(FailureKind.MISMATCH, archive + " is empty: the base backup is damaged");
                }
                user = first.getLongUserId();
                group = first.getLongGroupId();
            }
            int slash = directory.lastIndexOf('/');
            engine.copyInTar(
                    container,
                    folder(directory.substring(slash + 1), user, group),
                    directory.substring(0, slash),
                    _ -> {});
            long total = Files.size(archive);
            try (var in = Files.newInputStream(archive)) {
                engine.copyInTar(container, in, directory, bytes -> {
                    step.checkpoint();
                    step.progress(bytes, total, "bytes", "unpacking the base backup");
                });
            }
            return engine.copyInTar(container, settings(user, group), directory, _ -> {});
        });
    }

    private static ByteArrayInputStream folder(String name, long user, long group) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            var entry = new TarArchiveEntry(name + "/");
            entry.setMode(040700);
            entry.setUserId(user);
            entry.setGroupId(group);
            tar.putArchiveEntry(entry);
            tar.closeArchiveEntry();
        }
        return new ByteArrayInputStream(bytes.toByteArray());
    }

    /** That it is to be recovered, and who is let in. */
    private static ByteArrayInputStream settings(long user, long group) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes)) {
            add(tar, "recovery.signal", "", user, group);
            add(tar, ACCESS, EVERYBODY, user, group);
        }
        return new ByteArrayInputStream(bytes.toByteArray());
    }

    private static void add(TarArchiveOutputStream tar, String name, String content, long user, long group)
            throws IOException {
        var bytes = content.getBytes(StandardCharsets.UTF_8);
        var entry = new TarArchiveEntry(name);
        entry.setMode(0100600);
        entry.setUserId(user);
        entry.setGroupId(group);
        entry.setSize(bytes.length);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }
}
