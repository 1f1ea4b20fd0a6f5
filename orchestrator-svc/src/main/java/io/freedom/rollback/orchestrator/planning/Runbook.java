package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;
import static io.freedom.rollback.schemas.step.Phase.ASSESS;
import static io.freedom.rollback.schemas.step.Phase.FINISH;
import static io.freedom.rollback.schemas.step.Phase.PRESERVE;
import static io.freedom.rollback.schemas.step.Phase.RECOVER;
import static io.freedom.rollback.schemas.step.Phase.REVERT;
import static io.freedom.rollback.schemas.step.Phase.SHUT_DOWN;
import static io.freedom.rollback.schemas.step.Phase.VALIDATE;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.*;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The runbook's phases in its order, each step with what undoes it. Scenarios are made of whole phases. */
final class Runbook {
    private static final Duration QUICK = Duration.ofSeconds(30);
    private static final Duration MINUTES = Duration.ofMinutes(5);
    private static final Duration LONG = Duration.ofMinutes(20);
    /** Services are healthy by then: a probe that fails for longer fails for good, and service waits for the way back. */
    private static final Duration SETTLE = Duration.ofSeconds(15);
    /** Grace of `docker stop`, seconds, as compose has it. */
    private static final int GRACE = 10;

    private final PlanRequest request;
    private final PlatformDescriptor platform;
    private final ComposeProject compose;
    private final @Nullable Database database;
    private final String directory;
    private final List<PlannedStep> steps = new ArrayList<>();

    Runbook(PlanRequest request) {
        this.request = request;
        platform = request.platform();
        compose = Contracts.compose(platform);
        database = platform.database() == null ? null : Contracts.database(platform.database());
        directory = request.directory();
    }

    List<PlanStep> steps() {
        return steps.stream().map(PlannedStep::build).toList();
    }

    // ---- Phase 1: emergency assessment ----------------------------------------------------------

    Runbook assess() {
        add(step(
                "git.verify-target",
                "Verify tag " + request.tag(),
                ASSESS,
                new VerifyTarget(platform.workTree(), request.tag(), platform.criticalPaths()),
                QUICK));
        add(step(
                        "git.record-state",
                        "Record the git state",
                        ASSESS,
                        new RecordGitState(platform.workTree(), directory),
                        QUICK)
                .attempts(2));
        add(step(
                        "container.record-state",
                        "Record the containers and guard their images",
                        ASSESS,
                        new RecordContainers(compose, directory),
                        QUICK)
                .attempts(3));
        add(step("health.env-keys", "Check the required env keys", ASSESS, files(List.of()), QUICK));
        add(step("backup.check-space", "Check the disk space for the backup", ASSESS, space(directory, true), QUICK)
                .attempts(2));
        if (database != null) {
            add(step(
                            "health.baseline",
                            "Count the rows while the platform serves",
                            ASSESS,
                            new RecordBaseline(database),
                            MINUTES)
                    .attempts(3));
        }
        if (database != null && request.restorePoint() != null) {
            add(step(
                            "backup.verify-restore-point",
                            "Verify the restore point to go back to",
                            ASSESS,
                            new VerifyRestorePoint(compose, request.restorePoint(), database),
                            LONG)
                    .attempts(2));
        }
        return this;
    }

    /** The slow part of recovery, done while the platform still serves. */
    Runbook prepareImages() {
        add(step(
                        "git.add-worktree",
                        "Check the tag out beside the live work tree",
                        ASSESS,
                        new AddWorktree(platform.workTree(), request.tag(), request.worktree()),
                        MINUTES)
                .after("git.verify-target")
                .with("git.verify-target")
                .attempts(2)
                .undoneBy(
                        "Remove the worktree beside",
                        Worker.GIT,
                        new RemoveWorktree(platform.workTree(), request.worktree()),
                        QUICK));
        add(step(
                        "container.prepare-images",
                        "Build the tag's images beside the live ones",
                        ASSESS,
                        new PrepareImages(compose, request.worktree(), request.tag()),
                        LONG)
                .after("git.add-worktree", "container.record-state")
                .with("git.verify-target"));
        return this;
    }

    // ---- Phase 2: backup and preservation, in parallel --------------------------------------------

    Runbook preserve() {
        var assessed = idsOf(ASSESS).stream()
                .filter(id -> !id.equals("git.add-worktree") && !id.equals("container.prepare-images"))
                .toList();
        if (database != null) {
            add(step(
                            "backup.database",
                            "Dump the database " + database.getName(),
                            PRESERVE,
                            DumpDatabase.newBuilder()
                                    .setCompose(compose)
                                    .setDatabase(database)
                                    .setDirectory(directory)
                                    .build(),
                            LONG)
                    .after(assessed)
                    .attempts(3));
        }
        add(step(
                        "git.preserve-changes",
                        "Keep the dirty work tree as commit and patch",
                        PRESERVE,
                        new PreserveChanges(platform.workTree(), directory),
                        MINUTES)
                .after(assessed)
                .attempts(2));
        add(step(
                        "backup.configuration",
                        "Copy the configuration",
                        PRESERVE,
                        new CopyConfiguration(platform.workTree(), platform.configuration(), directory),
                        MINUTES)
                .after(assessed)
                .attempts(2));
        add(step(
                        "backup.modified-files",
                        "Copy what differs from the tag",
                        PRESERVE,
                        new CopyModifiedFiles(platform.workTree(), request.tag(), directory),
                        MINUTES)
                .after(assessed)
                .attempts(2));
        if (!platform.models().isEmpty()) {
            add(step(
                            "backup.models",
                            "Archive the models",
                            PRESERVE,
                            new ArchiveModels(platform.workTree(), platform.models(), directory),
                            LONG)
                    .after(assessed)
                    .attempts(2));
        }
        for (var data : platform.containerData()) {
            add(step(
                            "backup.data-" + data.service(),
                            "Copy " + data.path() + " of " + data.service(),
                            PRESERVE,
                            new CopyContainerData(compose, data.service(), data.path(), directory),
                            LONG)
                    .after(assessed)
                    .attempts(3));
        }
        add(step(
                        "container.capture-logs",
                        "Keep the container logs",
                        PRESERVE,
                        new CaptureLogs(compose, directory),
                        MINUTES)
                .after(assessed)
                .dispensable());
        var kept = idsOf(PRESERVE);
        add(step(
                        "backup.manifest",
                        "Write the restore point's manifest",
                        PRESERVE,
                        new WriteManifest(directory, platform.name(), database == null ? null : database.getName()),
                        MINUTES)
                .after(kept)
                .with(database == null ? new String[0] : new String[] {"health.baseline", "backup.database"})
                .attempts(2));
        add(step(
                        "backup.verify",
                        "Verify the restore point",
                        PRESERVE,
                        new VerifyRestorePoint(compose, directory, database),
                        LONG)
                .after("backup.manifest")
                .attempts(2));
        return this;
    }

    // ---- Phase 3: service shutdown ----------------------------------------------------------------

    Runbook shutDown() {
        add(step(
                        "container.stop-writers",
                        database == null ? "Stop all services" : "Stop all services but " + database.getService(),
                        SHUT_DOWN,
                        new StopWriters(compose, databaseService(), GRACE),
                        MINUTES)
                .after("backup.verify", "container.prepare-images")
                .attempts(2)
                .takesServiceDown()
                .undoneBy(
                        "Start the services that ran",
                        Worker.CONTAINER,
                        new StartWriters(compose),
                        MINUTES,
                        "container.record-state"));
        if (database != null) {
            add(step(
                            "backup.seal-database",
                            "Seal the database and count its rows",
                            SHUT_DOWN,
                            new SealDatabase(database),
                            MINUTES)
                    .after("container.stop-writers")
                    .attempts(2));
        }
        add(step(
                        "container.down",
                        kept().isEmpty()
                                ? "Remove the containers, keep the volumes"
                                : "Remove the containers but "
                                        + databaseService().getFirst() + ", keep the volumes",
                        SHUT_DOWN,
                        new ComposeDown(compose, GRACE, kept()),
                        MINUTES)
                .after(sealed())
                .with("container.prepare-images", "container.record-state")
                .attempts(2)
                .undoneBy(
                        "Bring the recorded containers back",
                        Worker.CONTAINER,
                        new RestoreContainers(compose),
                        MINUTES,
                        "container.record-state",
                        "git.check-out"));
        return this;
    }

    /** Nothing is written any more: containers may go, and beside that the work tree may change. */
    private String sealed() {
        return database == null ? "container.stop-writers" : "backup.seal-database";
    }

    // ---- Phase 4: git rollback --------------------------------------------------------------------

    Runbook revert() {
        add(step(
                        "git.check-out",
                        "Check out " + request.tag(),
                        REVERT,
                        new CheckOutTarget(platform.workTree(), request.tag()),
                        MINUTES)
                .after(sealed())
                .with("git.verify-target", "git.preserve-changes")
                .attempts(2)
                .undoneBy(
                        "Return to the previous branch and dirty files",
                        Worker.GIT,
                        new ReturnToPrevious(platform.workTree()),
                        MINUTES));
        add(step(
                        "container.adopt-images",
                        "Give the prepared images their names",
                        REVERT,
                        new AdoptImages(compose),
                        QUICK)
                .after(sealed())
                .with("container.prepare-images", "container.record-state")
                .attempts(3)
                .undoneBy(
                        "Give the previous images their names back",
                        Worker.CONTAINER,
                        new RestoreImages(compose),
                        QUICK,
                        "container.record-state"));
        add(step(
                        "git.verify-work-tree",
                        "Verify the work tree and critical files",
                        REVERT,
                        new VerifyWorkTree(platform.workTree(), request.tag(), platform.criticalPaths()),
                        QUICK)
                .after("git.check-out")
                .with("git.verify-target"));
        return this;
    }

    // ---- Phase 5: service recovery ----------------------------------------------------------------

    Runbook recover() {
        // The check-out verifies itself; that the critical files are there must be known before the services start.
        var reverted = List.of("container.down", "git.check-out", "container.adopt-images");
        var serving = new ArrayList<>(List.of("container.down", "git.verify-work-tree", "container.adopt-images"));
        if (database != null) {
            add(step(
                            "container.start-database",
                            kept().isEmpty()
                                    ? "Start " + database.getService()
                                    : "Start " + database.getService() + ", or leave it running",
                            RECOVER,
                            new ComposeUp(compose, databaseService()),
                            MINUTES)
                    .after(reverted)
                    .with("container.prepare-images", "container.record-state", "git.check-out")
                    .attempts(2)
                    .undoneBy(
                            "Remove the new containers",
                            Worker.CONTAINER,
                            new ComposeDown(compose, GRACE, kept()),
                            MINUTES,
                            "container.record-state",
                            "git.check-out"));
            add(step(
                            "health.database-ready",
                            "Await the database",
                            RECOVER,
                            new AwaitDatabase(database, true),
                            Duration.ofMinutes(2))
                    .after("container.start-database"));
            serving.add("health.database-ready");
            restore(database, serving);
        }
        var up = step("container.up", "Start all services", RECOVER, new ComposeUp(compose, List.of()), MINUTES)
                .after(serving)
                .with("container.prepare-images")
                .attempts(2);
        add(
                database == null
                        ? up.undoneBy(
                                "Remove the new containers",
                                Worker.CONTAINER,
                                new ComposeDown(compose, GRACE, List.of()),
                                MINUTES)
                        : up.undoneBy(
                                "Stop the new services",
                                Worker.CONTAINER,
                                new StopWriters(compose, databaseService(), GRACE),
                                MINUTES));
        add(step(
                        "container.await-healthy",
                        "Await healthy services",
                        RECOVER,
                        new AwaitHealthy(compose, List.of()),
                        MINUTES)
                .after("container.up")
                .with("container.prepare-images")
                .bringsServiceBack());
        return this;
    }

    private void restore(Database target, List<String> serving) {
        if (request.restorePoint() != null) {
            add(step(
                            "backup.restore-database",
                            "Restore the database beside, verify it and swap it in",
                            RECOVER,
                            RestoreDatabase.newBuilder()
                                    .setCompose(compose)
                                    .setDatabase(target)
                                    .setRestorePoint(request.restorePoint())
                                    .build(),
                            LONG)
                    .after("health.database-ready")
                    .attempts(2)
                    .undoneBy(
                            "Swap the previous database back",
                            Worker.BACKUP,
                            new SwapDatabaseBack(compose, target),
                            MINUTES));
            serving.add("backup.restore-database");
        }
    }

    // ---- Phase 6: validation ----------------------------------------------------------------------

    Runbook validate() {
        add(step("health.files", "Check critical files and env keys", VALIDATE, files(platform.criticalPaths()), QUICK)
                .after("container.await-healthy"));
        if (database != null) {
            var rows = step(
                            "health.database",
                            "Compare tables and rows",
                            VALIDATE,
                            new CheckDatabase(database),
                            MINUTES)
                    .after("container.await-healthy");
            add(
                    request.restorePoint() == null
                            ? rows.with("backup.seal-database", "health.baseline")
                            : rows.with("backup.restore-database"));
        }
        probes("container.await-healthy");
        add(step(
                        "health.logs",
                        "Scan the container logs",
                        VALIDATE,
                        new ScanLogs(
                                compose,
                                platform.logs().errors(),
                                platform.logs().ignore()),
                        MINUTES)
                .after(idsOf(VALIDATE))
                .with("container.record-state", "git.check-out"));
        return this;
    }

    private void probes(String... after) {
        var probes = platform.probes();
        if (!probes.http().isEmpty()) {
            add(step(
                            "health.probes",
                            "Probe the services",
                            VALIDATE,
                            new ProbeHttp(
                                    probes.http().stream().map(Contracts::probe).toList()),
                            SETTLE)
                    .after(after));
        }
        if (probes.model() != null) {
            add(step(
                            "health.model",
                            "Ask the model for a completion",
                            VALIDATE,
                            new CheckModel(Contracts.probe(probes.model())),
                            SETTLE)
                    .after(after));
        }
        if (probes.endToEnd() != null) {
            add(step(
                            "health.end-to-end",
                            "Send a query through the platform",
                            VALIDATE,
                            new CheckEndToEnd(Contracts.probe(probes.endToEnd())),
                            SETTLE)
                    .after(after));
        }
    }

    // ---- Once service is back ---------------------------------------------------------------------

    Runbook finish() {
        var validated = idsOf(VALIDATE);
        add(step(
                        "git.remove-worktree",
                        "Remove the worktree beside",
                        FINISH,
                        new RemoveWorktree(platform.workTree(), request.worktree()),
                        QUICK)
                .after(validated)
                .dispensable());
        add(step("container.prune-images", "Prune dangling images", FINISH, new PruneImages(compose), MINUTES)
                .after(validated)
                .dispensable());
        return this;
    }

    // ---- Only looking -----------------------------------------------------------------------------

    /**
     * What a rollback would stumble over, each on its own, so that all of it is reported at once; then, as validation, what
     * it would find different from the descriptor once it is done. The latter may be broken right now: hence the rollback.
     */
    Runbook check() {
        add(step(
                "git.verify-target",
                "Verify tag " + request.tag(),
                ASSESS,
                new VerifyTarget(platform.workTree(), request.tag(), platform.criticalPaths()),
                QUICK));
        var services = Stream.concat(
                        databaseService().stream(),
                        platform.containerData().stream().map(data -> data.service()))
                .distinct()
                .toList();
        add(step(
                "container.check",
                "Check the Docker engine and the compose file",
                ASSESS,
                new CheckCompose(compose, services),
                QUICK));
        add(step("health.env-keys", "Check the required env keys", ASSESS, files(List.of()), QUICK));
        if (database != null) {
            add(step("health.database-ready", "Reach the database", ASSESS, new AwaitDatabase(database, false), QUICK));
        }
        add(step(
                "backup.check-space",
                "Check the disk space for the backup",
                ASSESS,
                space(platform.backups().directory(), false),
                QUICK));
        present("health.critical-paths", "Look for the critical paths", platform.criticalPaths(), List.of());
        present("health.kept-paths", "Look for configuration and models", List.of(), keptPaths());
        glance();
        steps.forEach(PlannedStep::dispensable);
        return this;
    }

    private void present(String id, String title, List<String> critical, List<String> kept) {
        if (!critical.isEmpty() || !kept.isEmpty()) {
            add(step(id, title, VALIDATE, new CheckFiles(platform.workTree(), critical, null, List.of(), kept), QUICK));
        }
    }

    /** One step a probe: that one cannot even be sent must not hide how the others are. */
    private void glance() {
        var probes = platform.probes();
        for (int i = 0; i < probes.http().size(); i++) {
            var probe = probes.http().get(i);
            add(step(
                    "health.probe-" + (i + 1),
                    "Probe " + probe.name(),
                    VALIDATE,
                    new ProbeHttp(List.of(Contracts.glance(probe))),
                    QUICK));
        }
        if (probes.model() != null) {
            add(step(
                    "health.model",
                    "Ask the model for a completion",
                    VALIDATE,
                    new CheckModel(Contracts.glance(probes.model())),
                    QUICK));
        }
        if (probes.endToEnd() != null) {
            add(step(
                    "health.end-to-end",
                    "Send a query through the platform",
                    VALIDATE,
                    new CheckEndToEnd(Contracts.glance(probes.endToEnd())),
                    QUICK));
        }
    }

    // -----------------------------------------------------------------------------------------------

    private CheckFiles files(List<String> criticalPaths) {
        return new CheckFiles(
                platform.workTree(),
                criticalPaths,
                compose.getEnvFile(),
                platform.compose().requiredEnvKeys(),
                List.of());
    }

    private CheckBackupSpace space(String where, boolean trial) {
        return new CheckBackupSpace(
                where,
                platform.workTree(),
                keptPaths(),
                database,
                platform.backups().reserve(),
                trial);
    }

    private List<String> keptPaths() {
        return Stream.concat(platform.configuration().stream(), platform.models().stream())
                .toList();
    }

    private List<String> databaseService() {
        return database == null ? List.of() : List.of(database.getService());
    }

    /**
     * A database server that is the same in both versions runs on: its restart would be downtime, and the one more thing
     * that can fail. Not where it is to hold other data, nor after a breach.
     */
    private List<String> kept() {
        return request.restorePoint() == null && request.incident() != IncidentClass.SECURITY_BREACH
                ? databaseService()
                : List.of();
    }

    private List<String> idsOf(Phase phase) {
        return steps.stream()
                .map(PlannedStep::build)
                .filter(step -> step.getPhase() == phase)
                .map(PlanStep::getId)
                .toList();
    }

    private void add(PlannedStep step) {
        steps.add(step);
    }
}
