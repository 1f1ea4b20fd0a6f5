package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the restore points becomes full while one is taken, and there is a good one on it. */
@Tag("engine")
class FullDiskTest {
    private static final long LEFT = 256 << 10;
    /** What a few folders and notes take. */
    private static final long CRUMBS = 64 << 10;

    private static PostgresContainer postgres;
    private static EngineProvider engines;

    @TempDir
    private Path temp;

    private SmallDisk disk;
    private long before;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        postgres.sql("postgres", "CREATE DATABASE small", "CREATE DATABASE large");
        postgres.sql("small", "CREATE TABLE t AS SELECT 1 AS id");
        postgres.sql("large", "CREATE TABLE t AS SELECT gen_random_uuid() AS id FROM generate_series(1, 40000)");
        postgres.exec("sh", "-c", "mkdir /srv/data && head -c 2000000 /dev/urandom >/srv/data/large");
    }

    @AfterAll
    static void removePostgres() throws Exception {
        engines.close();
        postgres.close();
    }

    @BeforeEach
    void givenAGoodRestorePoint() throws Exception {
        disk = SmallDisk.mount(temp.resolve("backups"), 8);
        dump("good", "small");
        manifest("good", "small");
        verify("good", "small");
        before = disk.used();
    }

    @AfterEach
    void unmount() throws Exception {
        disk.close();
    }

    private Path large() throws Exception {
        var bytes = new byte[2_000_000];
        new Random(1).nextBytes(bytes);
        Files.createDirectories(temp.resolve("platform/large"));
        return Files.write(temp.resolve("platform/large/file"), bytes);
    }

    private String directory(String id) {
        return disk.path().resolve(id).toString();
    }

    private static RunningStep step(String id) {
        return new RunningStep(id);
    }

    private void dump(String id, String name) throws Exception {
        new DumpDatabaseHandler(engines, VAULT)
                .execute(new DumpDatabase(postgres.compose(), alone(name), directory(id), 2), step(id));
    }

    private static Database alone(String name) {
        var database = postgres.database(name);
        return new Database(
                database.getService(),
                name,
                database.getUser(),
                database.getJdbcUrl(),
                database.getPassword(),
                Stream.of("small", "large").filter(other -> !other.equals(name)).toList());
    }

    private void manifest(String id, String database) throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(directory(id), "freedom", database, false, "restore-point", null), step(id));
    }

    private RestorePointVerified verify(String id, String name) throws Exception {
        Database database = postgres.database(name);
        return (RestorePointVerified) new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(new VerifyRestorePoint(postgres.compose(), directory(id), database, false), step(id))
                .result();
    }

    /** It says so, leaves nothing, and once there is room it is done. */
    private void doneOnceThereIsRoom(ThrowingCallable act) throws Throwable {
        disk.fill(LEFT);

        assertFull(act);

        disk.empty();
        assertThat(disk.used()).as("bytes that are left of it").isLessThan(before + CRUMBS);
        act.call();
        assertThat(disk.used()).isGreaterThan(before + CRUMBS);
    }

    private void assertFull(ThrowingCallable act) throws Exception {
        var failure = catchThrowableOfType(StepFailure.class, act);

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text())
                .startsWith("the disk of " + disk.path())
                .contains("is full: free space or change backups.directory, then retry");
        try (var all = Files.walk(disk.path())) {
            assertThat(all.filter(path -> path.getFileName().toString().startsWith(".")))
                    .as("what is not finished")
                    .isEmpty();
        }
        assertThat(postgres.folders()).isEmpty();
        assertThat(verify("good", "small").getFiles()).as("the one before").isPositive();
    }

    @Test
    void whileADumpIsFetched() throws Throwable {
        doneOnceThereIsRoom(() -> dump("rb", "large"));

        manifest("rb", "large");
        assertThat(verify("rb", "large").getRestorePointId()).isEqualTo("rb");
    }

    /** All of it is there but for what is written last. */
    @Test
    void whenTheVeryLastPageOfADumpLacksRoom() throws Exception {
        dump("trial", "large");
        long needed = disk.used() - before;
        PrivateFiles.delete(disk.path().resolve("trial"));
        disk.fill(needed - 4096);

        assertFull(() -> dump("rb", "large"));

        disk.empty();
        assertThat(disk.used()).as("bytes that are left of it").isLessThan(before + CRUMBS);
    }

    @Test
    void whileModelsAreArchived() throws Throwable {
        var platform = large().getParent().getParent().toString();

        doneOnceThereIsRoom(() -> new ArchiveModelsHandler(FILES)
                .execute(new ArchiveModels(platform, List.of("large"), directory("rb")), step("rb")));
    }

    @Test
    void whileConfigurationIsCopied() throws Throwable {
        var platform = large().getParent().getParent().toString();

        doneOnceThereIsRoom(() -> new CopyConfigurationHandler(FILES)
                .execute(new CopyConfiguration(platform, List.of("large"), directory("rb")), step("rb")));
    }

    @Test
    void whileDataOfAContainerAreCopied() throws Throwable {
        doneOnceThereIsRoom(() -> new CopyContainerDataHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new CopyContainerData(
                                postgres.compose(), PostgresContainer.SERVICE, "/srv/data", directory("rb")),
                        step("rb")));
    }

    @Test
    void whileTheManifestIsWritten() throws Throwable {
        dump("rb", "small");
        for (int page = 0; page < 2; page++) {
            disk.fill(page * 4096L);

            assertFull(() -> manifest("rb", "small"));

            disk.empty();
            assertThat(catchThrowableOfType(StepFailure.class, () -> verify("rb", "small")))
                    .hasMessageContaining("no complete restore point");
        }
        manifest("rb", "small");
        assertThat(verify("rb", "small").getRestorePointId()).isEqualTo("rb");
    }

    @Test
    void whileWhatCameOfAVerificationIsNoted() throws Throwable {
        dump("rb", "small");
        manifest("rb", "small");
        disk.fill(0);

        assertFull(() -> verify("rb", "small"));

        disk.empty();
        assertThat(verify("rb", "small").getRestorePointId()).isEqualTo("rb");
    }
}
