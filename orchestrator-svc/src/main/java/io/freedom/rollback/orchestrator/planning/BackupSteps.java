package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.LONG;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.orchestrator.planning.PlannedStep.Undo;
import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.platform.Migration;
import io.freedom.rollback.platform.ObjectStoreSpec;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.CheckContainerData;
import io.freedom.rollback.schemas.action.CheckDatabaseServer;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerPath;
import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.CopyModifiedFiles;
import io.freedom.rollback.schemas.action.CountReplacedRows;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.ExportData;
import io.freedom.rollback.schemas.action.FetchRestorePoints;
import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.FindRestorePoints;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.ImportData;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RemoveUnpackedFiles;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.UnpackFiles;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What backup-svc does for a plan. */
final class BackupSteps {
    private static final Duration HOURS = Duration.ofHours(2);
    /** Parallel jobs of dump and restore. */
    private static final int AS_PROCESSORS = 0;

    private final PlanRequest request;
    private final PlatformDescriptor platform;
    private final ComposeProject compose;
    private final @Nullable Database database;
    private final String directory;

    BackupSteps(PlanRequest request) {
        this.request = request;
        platform = request.platform();
        compose = request.compose();
        database = request.database();
        directory = request.directory();
    }

    /** With a trial that the directory can be written to. */
    PlannedStep checkSpace() {
        return checkSpace(directory, true);
    }

    /** Writes nothing. */
    PlannedStep lookForSpace() {
        return checkSpace(platform.backups().directory(), false);
    }

    private PlannedStep checkSpace(String written, boolean trial) {
        return step(
                "backup.check-space",
                "Check the disk space for the backup",
                new CheckBackupSpace(
                        written,
                        platform.workTree(),
                        request.keptPaths(),
                        database,
                        platform.backups().reserve(),
                        trial,
                        compose,
                        platform.containerData().stream()
                                .map(data -> new ContainerPath(data.service(), data.path()))
                                .toList()),
                QUICK);
    }

    /** Fails where the server, that of the target if it is another, would not take the data. */
    PlannedStep checkServer(Database checked) {
        return step(
                        "backup.check-server",
                        "Check that the database server takes the data",
                        new CheckDatabaseServer(
                                compose, checked, request.restorePoint(), true, request.replacesDatabase()),
                        MINUTES)
                .attempts(2);
    }

    /** Fails at nothing, and counts what a restore would lose. */
    PlannedStep lookAtServer(Database looked) {
        return step(
                "backup.check-server",
                "Look whether the target's database server takes the data, and what would be lost",
                new CheckDatabaseServer(compose, looked, request.restorePoint(), false, false),
                MINUTES);
    }

    PlannedStep verifyRestorePoint(String restorePoint, Database restored) {
        return step(
                        "backup.verify-restore-point",
                        "Verify the restore point to go back to",
                        new VerifyRestorePoint(compose, restorePoint, restored, false),
                        LONG)
                .attempts(2);
    }

    /** Every file against its hash; nothing of the platform is needed for it. */
    PlannedStep readBack(String restorePoint) {
        return step(
                        "backup.verify-restore-point",
                        "Read the restore point back",
                        new VerifyRestorePoint(compose, restorePoint, null, false),
                        HOURS)
                .attempts(2);
    }

    PlannedStep dump(Database dumped) {
        return step(
                        "backup.database",
                        "Dump the database " + dumped.getName() + " and the others of its server",
                        DumpDatabase.newBuilder()
                                .setCompose(compose)
                                .setJobs(AS_PROCESSORS)
                                .setDatabase(dumped)
                                .setDirectory(directory)
                                .build(),
                        LONG)
                .attempts(3);
    }

    PlannedStep configuration() {
        return step(
                        "backup.configuration",
                        "Copy the configuration",
                        new CopyConfiguration(platform.workTree(), platform.configuration(), directory),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep modifiedFiles() {
        return step(
                        "backup.modified-files",
                        "Copy what differs from the tag",
                        new CopyModifiedFiles(platform.workTree(), request.tag(), directory),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep models() {
        return step(
                        "backup.models",
                        "Archive the models",
                        new ArchiveModels(platform.workTree(), platform.models(), directory),
                        LONG)
                .attempts(2);
    }

    PlannedStep data(ContainerData data) {
        return step(
                        "backup.data-" + data.service(),
                        "Copy " + data.path() + " of " + data.service(),
                        new CopyContainerData(compose, data.service(), data.path(), directory),
                        LONG)
                .attempts(3);
    }

    PlannedStep unpackFiles(RestorePoint point, List<String> paths) {
        return step(
                        "backup.unpack-files",
                        "Unpack " + String.join(", ", paths) + " of " + point.getId() + " beside the work tree",
                        new UnpackFiles(
                                platform.workTree(),
                                paths,
                                request.parts().contains(FilePart.MODELS),
                                request.parts().contains(FilePart.CONFIGURATION),
                                point.getDirectory(),
                                platform.backups().reserve()),
                        HOURS)
                .attempts(2)
                .undoneBy(new Undo(
                        "Remove what was unpacked", Worker.BACKUP, new RemoveUnpackedFiles(platform.workTree()), LONG));
    }

    PlannedStep checkData(RestorePoint point, List<ContainerData> data) {
        return step(
                        "backup.check-data",
                        "Check that the containers' data of " + point.getId() + " can be put back",
                        new CheckContainerData(compose, paths(data), point.getDirectory()),
                        HOURS)
                .attempts(2);
    }

    private static List<ContainerPath> paths(List<ContainerData> data) {
        return data.stream()
                .map(one -> new ContainerPath(one.service(), one.path()))
                .toList();
    }

    /** What is to be copied before it is replaced: of the databases, null for none, and of the containers. */
    PlannedStep checkSpaceForData(@Nullable Database dumped, List<ContainerData> data) {
        return step(
                "backup.check-space",
                "Check the disk space for the copy of what is replaced",
                new CheckBackupSpace(
                        directory,
                        platform.workTree(),
                        List.of(),
                        dumped,
                        platform.backups().reserve(),
                        true,
                        compose,
                        paths(data)),
                QUICK);
    }

    /** What is there was copied into the rollback's own directory, and what undoes that puts it back. */
    PlannedStep replaceData(ContainerData data, RestorePoint point) {
        return step(
                        "backup.replace-data-" + data.service(),
                        "Put " + data.path() + " of " + point.getId() + " into " + data.service(),
                        new ReplaceContainerData(compose, data.service(), data.path(), point.getDirectory(), directory),
                        LONG)
                .with("backup.data-" + data.service(), "backup.check-data")
                .attempts(2);
    }

    /** Where its container was made anew without it. */
    PlannedStep keepData(ContainerData data) {
        return step("backup.keep-data-" + data.service(), keeping(data), own(data), LONG)
                .with("backup.data-" + data.service(), "container.record-state")
                .attempts(2);
    }

    Undo putDataBack(ContainerData data) {
        return new Undo(keeping(data), Worker.BACKUP, own(data), LONG);
    }

    private static String keeping(ContainerData data) {
        return "Put " + data.path() + " of " + data.service() + " back as it was";
    }

    private ReplaceContainerData own(ContainerData data) {
        return new ReplaceContainerData(compose, data.service(), data.path(), directory, directory);
    }

    /** So that it can be read by hand, and goes when it is held no longer. */
    PlannedStep manifestOfReplaced() {
        return step(
                        "backup.manifest",
                        "Write the manifest of what was replaced",
                        new WriteManifest(
                                directory,
                                platform.name(),
                                null,
                                false,
                                request.scenario().id(),
                                "of data that were about to be replaced"),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep manifest() {
        return step(
                        "backup.manifest",
                        "Write the restore point's manifest",
                        new WriteManifest(
                                directory,
                                platform.name(),
                                database == null ? null : database.getName(),
                                request.replacesDatabase(),
                                request.scenario().id(),
                                request.distrust()),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep find() {
        return step(
                "backup.find-restore-points",
                "Find the restore points that are on disk",
                new FindRestorePoints(
                        platform.name(), platform.backups().directory(), database == null ? null : database.getName()),
                HOURS);
    }

    /** @param restorePoint id; null for the newest that may be restored */
    PlannedStep fetch(ObjectStoreSpec store, @Nullable String restorePoint) {
        return step(
                        "backup.fetch",
                        "Fetch " + (restorePoint == null ? "the newest restore point" : restorePoint)
                                + " from the store, unless it is here",
                        new FetchRestorePoints(
                                platform.name(),
                                platform.backups().directory(),
                                StoreCare.contract(store),
                                restorePoint,
                                platform.backups().reserve()),
                        HOURS)
                .attempts(3);
    }

    /** Where the disk was lost, and the moment with it. */
    PlannedStep fetchWal(ObjectStoreSpec store, String moment) {
        return step(
                        "backup.fetch-wal",
                        "Fetch the WAL for " + moment + " from the store, unless it is here",
                        new FetchWalArchive(
                                platform.name(),
                                platform.backups().directory(),
                                StoreCare.contract(store),
                                moment,
                                platform.backups().reserve()),
                        HOURS)
                .attempts(3);
    }

    PlannedStep verify() {
        return step(
                        "backup.verify",
                        "Verify the restore point",
                        new VerifyRestorePoint(compose, directory, database, request.replacesDatabase()),
                        LONG)
                .attempts(2);
    }

    /** The platform's server may be gone. */
    PlannedStep readBackOwn() {
        return step(
                        "backup.verify",
                        "Read the restore point back",
                        new VerifyRestorePoint(compose, directory, null, false),
                        HOURS)
                .attempts(2);
    }

    /** @param moment "latest", "lsn:…" or ISO 8601 */
    PlannedStep derive(Database dumped, String moment) {
        return step(
                        "backup.derive",
                        "Recover a throwaway server to " + moment + " and dump the databases from it",
                        DerivePointInTime.newBuilder()
                                .setJobs(AS_PROCESSORS)
                                .setPlatform(platform.name())
                                .setCompose(compose)
                                .setDatabase(dumped)
                                .setBackups(platform.backups().directory())
                                .setDirectory(directory)
                                .setPointInTime(moment)
                                .setReserve(platform.backups().reserve())
                                .build(),
                        HOURS)
                .attempts(2);
    }

    /** The evidence of an incident, and the way back from what answered it; and what is restored, but for a drill. */
    PlannedStep hold() {
        return step(
                "backup.hold",
                "Hold the restore point for later analysis",
                new HoldRestorePoint(
                        directory,
                        platform.backups().hold().toMillis(),
                        request.scenario().id() + " " + request.rollbackId(),
                        platform.compose().original() == null ? request.restorePoint() : null),
                QUICK);
    }

    /** In the background: it may take as long as it likes. */
    PlannedStep prove(String restorePoint, Database restored) {
        return step(
                "backup.prove",
                "Restore it into a throwaway server and compare all rows",
                new ProveRestorePoint(
                        compose, restorePoint, restored, platform.backups().reserve()),
                HOURS);
    }

    /** In the background, as well. */
    PlannedStep proveWal(Database recovered) {
        return step(
                "backup.prove-wal",
                "Recover a throwaway server from the WAL archive and read it through",
                new ProveWalArchive(
                        platform.name(),
                        compose,
                        recovered,
                        platform.backups().directory(),
                        platform.backups().reserve()),
                HOURS);
    }

    /** Of the restore point that is taken. */
    PlannedStep proveOwn(Database restored) {
        return prove(directory, restored);
    }

    PlannedStep hold(String restorePoint) {
        return step(
                "backup.hold",
                "Hold the restore point",
                new HoldRestorePoint(
                        restorePoint,
                        platform.backups().hold().toMillis(),
                        "asked for with " + request.rollbackId(),
                        null),
                QUICK);
    }

    PlannedStep prune(List<RestorePoint> surplus) {
        return step(
                "backup.prune",
                "Remove restore points that are kept no longer: "
                        + (surplus.size() == 1 ? surplus.getFirst().getId() : surplus.size() + " of them"),
                new PruneRestorePoints(
                        platform.name(),
                        surplus.stream().map(RestorePoint::getDirectory).toList()),
                LONG);
    }

    PlannedStep countReplaced(Database database) {
        return step(
                "backup.count-replaced",
                "Count what the replaced databases had",
                new CountReplacedRows(database),
                MINUTES);
    }

    PlannedStep dropReplaced(Database database, String rollback) {
        return step(
                        "backup.drop-replaced",
                        "Drop the databases that " + rollback + " replaced",
                        new DropReplacedDatabases(database, rollback),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep seal(Database sealed) {
        return step(
                        "backup.seal-database",
                        "Seal the database and count its rows",
                        new SealDatabase(sealed, platform.backups().wal() != null),
                        MINUTES)
                .attempts(2);
    }

    PlannedStep exportData(Migration migration) {
        return step(
                "backup.export-data",
                "Export the data in the target's format",
                new ExportData(platform.workTree(), migration.exporter(), request.exported()),
                LONG);
    }

    PlannedStep importData(Migration migration) {
        return step(
                        "backup.import-data",
                        "Import the data that were exported",
                        new ImportData(platform.workTree(), migration.importer(), request.exported()),
                        LONG)
                .attempts(2);
    }

    /** @param intoNewVolume the server has one, and the step that removed those before is container.remove-volumes */
    PlannedStep restore(Database restored, String restorePoint, boolean intoNewVolume) {
        return step(
                        "backup.restore-database",
                        "Restore the databases beside, verify them and swap them in",
                        RestoreDatabase.newBuilder()
                                .setCompose(compose)
                                .setJobs(AS_PROCESSORS)
                                .setDatabase(restored)
                                .setRestorePoint(restorePoint)
                                .setPlatform(originalPlatform())
                                .build(),
                        LONG)
                .attempts(2)
                .undoneBy(
                        swapBack(restored),
                        intoNewVolume
                                ? new String[] {"backup.restore-database", "container.remove-volumes"}
                                : new String[] {"backup.restore-database"});
    }

    /** Of the copy of a drill, which its platform's restore points are restored into. */
    private @Nullable String originalPlatform() {
        var original = platform.compose().original();
        return original == null ? null : original.platform();
    }

    private Undo swapBack(Database restored) {
        return new Undo(
                "Swap the previous databases back", Worker.BACKUP, new SwapDatabaseBack(compose, restored), MINUTES);
    }
}
