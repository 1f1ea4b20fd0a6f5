package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;

/**
 * Restores a restore point into a throwaway server and compares all rows. Only a failure of kind MISMATCH says something about the
 * restore point; all others are about the trial.
 */
final class ProveRestorePointHandler implements StepHandler<ProveRestorePoint> {
    /** Bytes of database for a byte of dump, where nobody noted them: more than is usual. */
    private static final long EXPANSION = 10;

    private final EngineProvider engines;
    private final Vault vault;
    private final InstantSource clock;

    ProveRestorePointHandler(EngineProvider engines, Vault vault, InstantSource clock) {
        this.engines = engines;
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<ProveRestorePoint> action() {
        return ProveRestorePoint.class;
    }

    @Override
    public Completed execute(ProveRestorePoint action, StepContext step) throws StepFailure, InterruptedException {
        var point = RestorePoint.at(action.getDirectory());
        var manifest = Manifest.load(point, vault);
        var dumps = dumps(point, manifest, action.getDatabase().getName());
        var engine = engines.engine();
        var server = server(
                engine, action.getCompose().getProject(), action.getDatabase().getService());
        var initArguments =
                engine.environment(server.id(), "POSTGRES_INITDB_ARGS").orElse("");
        var purpose = "trial-" + step.platform();
        var begun = clock.instant();
        try (var trial = TrialServer.start(
                engine, server.imageId(), action.getDatabase().getUser(), initArguments, purpose, step)) {
            var version = trial.version();
            requireNotOlder(version, dumps.getFirst());
            requireRoom(trial.free(), action.getReserve(), point, dumps);
            trial.createRoles(dumps.getFirst().roles());
            int tables = 0;
            long rows = 0;
            for (var dumped : dumps) {
                var restored = tried(trial, point, manifest, dumped, step);
                tables += restored.size();
                rows += restored.stream().mapToLong(TableRows::getRows).sum();
            }
            noted(point, version, tables, rows, step);
            var took = Duration.between(begun, clock.instant());
            return new Completed(
                    new RestorePointProven(point.id(), version, tables, rows, took.toMillis()),
                    String.format(
                            Locale.ROOT,
                            "restored into a throwaway PostgreSQL %s in %.1f s: %s%d tables, %,d rows, all as in the %s",
                            version,
                            took.toMillis() / 1000.0,
                            dumps.size() == 1 ? "" : dumps.size() + " databases, ",
                            tables,
                            rows,
                            dumps.size() == 1 ? "dump" : "dumps"));
        } catch (StepFailure e) {
            throw Proof.damaged(point, e, vault, clock.instant(), step);
        }
    }

    private List<TableRows> tried(
            TrialServer trial, RestorePoint point, Manifest manifest, DumpRecord dumped, StepContext step)
            throws StepFailure, InterruptedException {
        try {
            trial.restore(dumped.database(), ComparedDump.of(point, manifest, dumped.database(), vault, step));
            var tables = trial.count(dumped.database());
            compare(dumped, tables, trial.constraints(dumped.database()));
            return tables;
        } catch (StepFailure e) {
            throw new StepFailure(e.kind(), "database " + dumped.database() + ": " + e.text(), e);
        }
    }

    private static List<DumpRecord> dumps(RestorePoint point, Manifest manifest, String database) throws StepFailure {
        Verification.require(point);
        var dumped = manifest.database();
        if (dumped == null || !dumped.database().equals(database) || !point.hasDump(database)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "restore point " + point.id() + " holds no dump of " + database + ": there is nothing to restore");
        }
        return manifest.dumps();
    }

    /** It need not run. */
    private static EngineContainer server(Engine engine, String project, String service)
            throws StepFailure, InterruptedException {
        return engine.containers(project).stream()
                .filter(container -> container.service().equals(service) && !container.oneOff())
                .findFirst()
                .orElseThrow(() -> new StepFailure(
                        FailureKind.PRECONDITION,
                        "service %s of project %s has no container whose image a throwaway server could be made of: create it, then retry"
                                .formatted(service, project)));
    }

    private static void requireNotOlder(String version, DumpRecord dumped) throws StepFailure {
        if (VersionRules.major(version) < VersionRules.major(dumped.serverVersion())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "it is of PostgreSQL " + dumped.serverVersion() + ", and the platform's server is " + version
                            + ", which does not read it: it can be restored once the server is as new");
        }
    }

    private static void requireRoom(long free, long reserve, RestorePoint point, List<DumpRecord> dumps)
            throws StepFailure, InterruptedException {
        long needed = reserve;
        for (var dumped : dumps) {
            var known = dumped.bytes();
            needed += 2 * (known == null ? EXPANSION * size(point.dump(dumped.database())) : known);
        }
        if (free < needed) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the engine's disk has %s free, and a trial needs %s, %s of which stay free: free space, or set `backups.prove: never`"
                            .formatted(Disk.size(free), Disk.size(needed), Disk.size(reserve)));
        }
    }

    private static long size(Path dump) throws StepFailure, InterruptedException {
        return Disk.work(dump, () -> {
            try (var files = Files.walk(dump)) {
                long size = 0;
                for (var file : files.filter(Files::isRegularFile).toList()) {
                    size += Files.size(file);
                }
                return size;
            }
        });
    }

    private static void compare(DumpRecord dumped, List<TableRows> restored, List<Constraints> constraints)
            throws StepFailure {
        var differences = dumped.differences(restored, constraints);
        if (!differences.isEmpty()) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    "restored, it differs from the database that was dumped: " + String.join("; ", differences));
        }
    }

    private void noted(RestorePoint point, String version, int tables, long rows, StepContext step)
            throws StepFailure, InterruptedException {
        var proof = Disk.work(point.manifest(), () -> Proof.of(point, clock.instant(), version, tables, rows, null));
        proof.note(point, vault, step);
    }
}
