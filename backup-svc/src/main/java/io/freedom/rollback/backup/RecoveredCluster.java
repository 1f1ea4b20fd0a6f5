package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** A data directory in the making, inside a container that does not run yet. */
final class RecoveredCluster {
    /** File in the data directory that says who is let in: whoever is inside the container. */
    static final String ACCESS = "rollback_hba.conf";

    private static final String EVERYBODY = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

    private RecoveredCluster() {}

    /**
     * Unpacks a base backup there, ready to be recovered, and compares what it unpacks with what the server has sent.
     *
     * @param directory absolute path inside, below a folder that every image has
     */
    static void fill(Engine engine, String container, BaseArchive base, String directory, StepContext step)
            throws StepFailure, InterruptedException {
        int slash = directory.lastIndexOf('/');
        var filling = new Filling(base, directory.substring(slash + 1), step);
        engine.copyIn(container, filling::write, directory.substring(0, slash));
    }

    /** Everything is owned by who owned it in the platform's server: the image is the same. */
    private static final class Filling {
        private final BaseArchive base;
        private final String name;
        private final StepContext step;
        private long user = -1;
        private long group = -1;
        private long bytes;

        Filling(BaseArchive base, String name, StepContext step) {
            this.base = base;
            this.name = name;
            this.step = step;
        }

        void write(OutputStream out) throws IOException, StepFailure {
            try {
                var tar = Archive.tar(out);
                base.read((entry, content) -> take(tar, entry, content));
                add(tar, name + "/recovery.signal", "", user, group);
                add(tar, name + "/" + ACCESS, EVERYBODY, user, group);
                tar.finish();
                tar.flush();
            } catch (DamagedException e) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        e.getMessage() + ": derive a moment before it was taken, or choose a restore point",
                        e);
            } catch (KeyException e) {
                throw Disk.failure(base.folder(), e);
            }
        }

        private void take(TarArchiveOutputStream tar, TarArchiveEntry entry, InputStream content) throws IOException {
            if (user < 0) {
                user = entry.getLongUserId();
                group = entry.getLongGroupId();
                var home = new TarArchiveEntry(name + "/");
                home.setMode(040700);
                own(home);
                tar.putArchiveEntry(home);
                tar.closeArchiveEntry();
            }
            step.checkpoint();
            step.progress(bytes, 0, "bytes", "unpacking the base backup");
            var inside = new TarArchiveEntry(
                    name + "/" + entry.getName(),
                    entry.isSymbolicLink()
                            ? TarConstants.LF_SYMLINK
                            : entry.isDirectory() ? TarConstants.LF_DIR : TarConstants.LF_NORMAL);
            inside.setLinkName(entry.getLinkName());
            inside.setMode(entry.getMode());
            inside.setModTime(entry.getLastModifiedTime());
            inside.setUserId(entry.getLongUserId());
            inside.setGroupId(entry.getLongGroupId());
            inside.setSize(entry.isFile() ? entry.getSize() : 0);
            tar.putArchiveEntry(inside);
            if (entry.isFile()) {
                bytes += content.transferTo(tar);
            }
            tar.closeArchiveEntry();
        }

        private void own(TarArchiveEntry entry) {
            entry.setUserId(user);
            entry.setGroupId(group);
        }
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
