package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/** A data directory in the making, inside a container that does not run yet. */
final class RecoveredCluster {
    /** File in the data directory that says who is let in: whoever is inside the container. */
    static final String ACCESS = "rollback_hba.conf";

    private static final String EVERYBODY = "local all all trust\nhost all all 127.0.0.1/32 trust\n";

    /** Where what it is combined from lies, each in a folder of its own, if that is more than one base backup. */
    private static final String CHAIN = "rollback-chain";

    /** Says that combining has failed. */
    static final String NOT_COMBINED = "rollback: the base backups could not be combined";

    private final WalRun run;
    /** A full base backup, and those that are incremental each to the one before. */
    private final List<WalBase> chain;

    private final @Nullable DamagedException broken;
    private final Vault vault;
    private final StepContext step;
    private volatile @Nullable Unusable unusable;

    /** @param base that recovery begins from */
    static RecoveredCluster of(WalRun run, WalBase base, Vault vault, StepContext step) throws IOException {
        try {
            return new RecoveredCluster(run, run.chain(base), null, vault, step);
        } catch (DamagedException e) {
            return new RecoveredCluster(run, List.of(base), e, vault, step);
        }
    }

    private RecoveredCluster(
            WalRun run, List<WalBase> chain, @Nullable DamagedException broken, Vault vault, StepContext step) {
        this.run = run;
        this.chain = List.copyOf(chain);
        this.broken = broken;
        this.vault = vault;
        this.step = step;
    }

    /** A base backup that nothing can be recovered from, with those that are incremental to it. */
    record Unusable(WalBase base, String why) {}

    /** The one that kept it from being made; empty where it was something else. */
    Optional<Unusable> unusable() {
        return Optional.ofNullable(unusable);
    }

    /**
     * Unpacks all of them inside, and compares what it unpacks with what the server has sent.
     *
     * @param directory absolute path inside of what is to be recovered, below a folder that every image has
     */
    void fill(Engine engine, String container, String directory) throws StepFailure, InterruptedException {
        if (broken != null) {
            throw unusable(chain.getLast(), String.valueOf(broken.getMessage()), broken);
        }
        int slash = directory.lastIndexOf('/');
        var name = directory.substring(slash + 1);
        for (int i = 0; i < chain.size(); i++) {
            boolean alone = chain.size() == 1;
            var filling = new Filling(chain.get(i), alone ? List.of(name) : List.of(name, CHAIN, CHAIN + "/" + i));
            engine.copyIn(container, filling::write, directory.substring(0, slash));
        }
    }

    /**
     * Shell script that makes the data directory of what was unpacked, by the server's own tool, as whoever the container runs as; empty where there is
     * nothing to combine. What the last one has beside its files goes with it.
     */
    String combining(String directory) {
        if (chain.size() == 1) {
            return "";
        }
        var parent = directory.substring(0, directory.lastIndexOf('/') + 1);
        var inputs = IntStream.range(0, chain.size())
                .mapToObj(i -> parent + CHAIN + "/" + i)
                .collect(Collectors.joining(" "));
        return """
                set -e
                link=
                if pg_combinebackup --help | grep -q -e --link; then link=--link; fi
                pg_combinebackup --no-sync --no-manifest $link --output=%1$s %2$s || { echo '%3$s'; exit 1; }
                if [ "$(id -u)" = 0 ]; then chown -R "$(stat -c %%u:%%g %1$s)" %1$s; fi
                rm -rf %2$s
                """.formatted(directory, inputs, NOT_COMBINED);
    }

    /** Bytes of what is combined, which are there beside the result for a while; 0 where there is nothing to combine. */
    long room() {
        return chain.size() == 1
                ? 0
                : chain.stream()
                        .mapToLong(base -> base.made() == null
                                ? base.cluster()
                                : base.made().unpacked())
                        .sum();
    }

    /** Combining has failed, though each of them is whole. */
    StepFailure notCombined(String said) {
        return unusable(
                chain.getLast(),
                "base backup " + chain.getLast().id()
                        + " cannot be combined with what it is incremental to, pg_combinebackup says: " + said,
                null);
    }

    private StepFailure unusable(WalBase base, String why, @Nullable Throwable cause) {
        unusable = new Unusable(base, why);
        return new StepFailure(
                FailureKind.MISMATCH,
                why
                        + ": derive a moment before it was taken, or choose a restore point; or, where a store has it, move "
                        + run.folder() + " away and derive again",
                cause);
    }

    /** Everything is owned by who owned it in the platform's server: the image is the same. */
    private final class Filling {
        private final WalBase base;
        private final List<String> folders;
        private final String name;
        private long user = -1;
        private long group = -1;
        private long bytes;

        /** @param folders that are made; it goes into the last */
        Filling(WalBase base, List<String> folders) {
            this.base = base;
            this.folders = folders;
            name = folders.getLast();
        }

        void write(OutputStream out) throws IOException, StepFailure {
            var archive = new BaseArchive(run.base(base.id()), vault);
            try {
                var tar = Archive.tar(out);
                archive.read((entry, content) -> take(tar, entry, content));
                if (base.equals(chain.getLast())) {
                    add(tar, name + "/recovery.signal", "", user, group);
                    add(tar, name + "/" + ACCESS, EVERYBODY, user, group);
                }
                tar.finish();
                tar.flush();
            } catch (DamagedException e) {
                throw unusable(base, String.valueOf(e.getMessage()), e);
            } catch (KeyException e) {
                throw Disk.failure(archive.folder(), e);
            }
        }

        private void take(TarArchiveOutputStream tar, TarArchiveEntry entry, InputStream content) throws IOException {
            if (user < 0) {
                user = entry.getLongUserId();
                group = entry.getLongGroupId();
                for (var folder : folders) {
                    folder(tar, folder);
                }
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

        private void folder(TarArchiveOutputStream tar, String path) throws IOException {
            var folder = new TarArchiveEntry(path + "/");
            folder.setMode(040700);
            folder.setUserId(user);
            folder.setGroupId(group);
            tar.putArchiveEntry(folder);
            tar.closeArchiveEntry();
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
