package io.freedom.rollback.backup;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a restore point back, to its last byte. Without this it is not offered for a restore. */
final class VerifyRestorePointHandler implements StepHandler<VerifyRestorePoint> {
    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    VerifyRestorePointHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<VerifyRestorePoint> action() {
        return VerifyRestorePoint.class;
    }

    @Override
    public Completed execute(VerifyRestorePoint action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var manifest = Manifest.load(point, vault);
        return Disk.work(point.directory(), () -> {
            @Nullable String tool;
            var now = clock.instant();
            var known = "";
            try {
                if (Files.exists(point.verified())) {
                    ManifestCheck.all(point, manifest, vault, now, step);
                } else {
                    known = ManifestCheck.fresh(point, manifest, vault, now, step);
                }
                tool = readDumps(action, point, manifest, step);
            } catch (StepFailure e) {
                Verification.withdrawn(point, e);
                throw e;
            }
            var verification = new Verification(
                    point.id(),
                    now.truncatedTo(ChronoUnit.MILLIS),
                    Sha256.of(Files.readString(point.manifest())),
                    tool);
            step.checkpoint();
            verification.note(point);
            if (manifest.dumps().isEmpty()) {
                Proof.forgetFault(point); // nothing is left to be proven, and what was found of files is over
            }
            var catalogued = Papers.report(point, vault, now, step);
            var result = new RestorePointVerified(
                    point.id(),
                    point.directory().toString(),
                    manifest.createdAt(),
                    manifest.files().size(),
                    manifest.bytes());
            return new Completed(
                    result,
                    "%d files, %s read back%s%s%s"
                            .formatted(
                                    result.getFiles(),
                                    Disk.size(result.getBytes()),
                                    known,
                                    tool == null
                                            ? ""
                                            : "; "
                                                    + (manifest.dumps().size() == 1
                                                            ? "dump"
                                                            : "dumps of "
                                                                    + manifest.dumps()
                                                                            .size() + " databases")
                                                    + " read to the end by " + tool,
                                    catalogued));
        });
    }

    private @Nullable String readDumps(
            VerifyRestorePoint action, RestorePoint point, Manifest manifest, StepContext step)
            throws StepFailure, InterruptedException {
        Database database = action.getDatabase();
        if (database == null || action.getDumpOptional() && !point.hasDump(database.getName())) {
            return null;
        }
        if (!point.hasDump(database.getName())) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "the restore point %s holds no dump of %s: it was taken without it"
                            .formatted(point.directory(), database.getName()));
        }
        try (var tools = PostgresTools.open(engines, action.getCompose(), database, "verify", step)) {
            for (var dumped : manifest.dumps()) {
                read(dumped.database(), point, manifest, tools, step);
            }
            return tools.version("pg_restore");
        }
    }

    private void read(String name, RestorePoint point, Manifest manifest, PostgresTools tools, StepContext step)
            throws StepFailure, InterruptedException {
        step.progress(0, 0, "bytes", "pg_restore reads the dump of " + name);
        var dump = tools.copyIn(ComparedDump.of(point, manifest, name, vault, step));
        try {
            // Listing passes on a truncated archive: every byte has to be read.
            tools.run(List.of("pg_restore", "--file=/dev/null", "--exit-on-error", dump));
        } catch (StepFailure e) {
            throw PostgresTools.blamesTheDump(e)
                    ? new StepFailure(
                            FailureKind.MISMATCH,
                            "the dump of " + name + " cannot be restored, take another one: " + e.text(),
                            e)
                    : e;
        }
        tools.remove(dump);
    }
}
