package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.ExecResult;
import io.freedom.rollback.engine.Sidecar;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One base backup that is taken: streamed out of its container, sealed on its way to the disk, and read back. Whatever keeps an incremental one from being
 * taken, a full one is, at once.
 *
 * @param full writes a full one to its standard output
 * @param cluster bytes of all databases of the server
 * @param increment empty where it is to be a full one
 * @param kind what later ones need to know of it; empty where none can be incremental to it
 */
record BaseTaking(
        Engine engine,
        WalRun run,
        String id,
        long cluster,
        Sidecar full,
        Optional<Increment> increment,
        Optional<Kind> kind) {
    private static final Logger LOG = LoggerFactory.getLogger(BaseTaking.class);
    /** The server may take long for the checkpoint that it begins with. */
    private static final Duration SILENCE = Duration.ofHours(1);

    private static final String NO_INCREMENT = "no incremental one could be taken: ";
    /** As from then on, it was ended by a signal. */
    private static final int SIGNALLED = 128;

    private static final String PARENT = "/var/lib";
    private static final String NAME = "rollback-" + BackupManifest.NAME;

    /** Of `pg_basebackup`: says what the one before had. */
    static final String OPTION = "--incremental=" + PARENT + "/" + NAME;

    /** @param sidecar writes what has changed since {@code after} to its standard output */
    record Increment(WalBase after, Sidecar sidecar) {}

    /** @param why it is a full one; null where the server gives no other, or an incremental one is to be taken */
    record Kind(boolean checksums, @Nullable String why) {}

    void take(Vault vault, InstantSource clock) throws IOException, StepFailure, InterruptedException {
        var why = kind.map(Kind::why).orElse(null);
        if (increment.isPresent()) {
            try {
                takeIncrement(increment.get(), vault, clock);
                return;
            } catch (DamagedException e) {
                why = NO_INCREMENT + e.getMessage();
            } catch (StepFailure e) {
                if (!isOfTheIncrement(e)) {
                    throw e;
                }
                why = NO_INCREMENT + e.text();
            }
            LOG.info("{}: a full base backup is taken: {}", run.folder(), why);
        }
        take(full, _ -> {}, null, why, vault, clock);
    }

    /** Whatever else it is, a full one meets it as well; and who has removed its container takes one of their own. */
    private static boolean isOfTheIncrement(StepFailure e) {
        return (e.kind() == FailureKind.TOOL || e.kind() == FailureKind.MISMATCH) && !Disk.isFull(e);
    }

    private void takeIncrement(Increment increment, Vault vault, InstantSource clock)
            throws IOException, StepFailure, InterruptedException {
        var manifest = new BaseArchive(run.base(increment.after().id()), vault)
                .manifest()
                .orElseThrow(() -> new DamagedException("the manifest of the one before is gone"));
        long size = size(manifest, vault);
        take(
                increment.sidecar(),
                container -> engine.copyIn(
                        container,
                        out -> {
                            var tar = Archive.tar(out);
                            var entry = new TarArchiveEntry(NAME);
                            entry.setMode(0100600);
                            own(entry, increment.sidecar().user());
                            entry.setSize(size);
                            tar.putArchiveEntry(entry);
                            try (var in = vault.open(manifest)) {
                                in.transferTo(tar);
                            }
                            tar.closeArchiveEntry();
                            tar.finish();
                            tar.flush();
                        },
                        PARENT),
                increment.after().id(),
                null,
                vault,
                clock);
    }

    /** @throws DamagedException also where the key that it was kept by is gone: a full one needs neither */
    static long size(Path manifest, Vault vault) throws DamagedException {
        try (var in = vault.open(manifest)) {
            return in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new DamagedException("the manifest of the one before cannot be read: " + e.getMessage(), e);
        }
    }

    private static void own(TarArchiveEntry entry, String user) {
        int colon = user.indexOf(':');
        entry.setUserId(Long.parseLong(user.substring(0, colon)));
        entry.setGroupId(Long.parseLong(user.substring(colon + 1)));
    }

    private void take(
            Sidecar sidecar,
            Engine.Filling filling,
            @Nullable String after,
            @Nullable String why,
            Vault vault,
            InstantSource clock)
            throws IOException, StepFailure, InterruptedException {
        var begun = clock.instant();
        var folder = PrivateFiles.createFolders(run.making().resolve(id));
        try {
            var archive = new BaseArchive(folder, vault);
            var file = archive.target();
            ExecResult result;
            try (var out = vault.create(file)) {
                result = engine.streamSidecar(sidecar, filling, out, SILENCE);
            }
            if (!result.succeeded()) {
                throw new StepFailure(
                        result.exitCode() > SIGNALLED ? FailureKind.UNAVAILABLE : FailureKind.TOOL,
                        "pg_basebackup ends with exit code %d: %s"
                                .formatted(
                                        result.exitCode(),
                                        result.stderr().strip().replace("\n", " / ")));
            }
            var at = clock.instant().plusMillis(1).truncatedTo(ChronoUnit.MILLIS);
            PrivateFiles.force(file);
            var manifest = readBack(archive);
            var made = kind.map(kind -> new WalBase.Made(after, why, kind.checksums(), manifest.bytes()))
                    .orElse(null);
            run.finish(new WalBase(id, at, manifest.startLsn(), manifest.endLsn(), 0, Files.size(file), cluster, made));
            LOG.info(
                    "{}: base backup {} was taken and read back in {} ms",
                    run.folder(),
                    id,
                    Duration.between(begun, clock.instant()).toMillis());
        } catch (IOException | StepFailure | InterruptedException | RuntimeException | Error e) {
            PrivateFiles.delete(folder);
            throw e;
        }
    }

    private BackupManifest readBack(BaseArchive archive) throws IOException, StepFailure {
        try {
            return kind.isPresent() ? archive.checkAndKeepManifest() : archive.check();
        } catch (DamagedException e) {
            throw new StepFailure(
                    FailureKind.MISMATCH, "what was written is not what the server has sent: " + e.getMessage(), e);
        }
    }
}
