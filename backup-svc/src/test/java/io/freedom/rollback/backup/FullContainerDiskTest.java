package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.InstantSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the database's container, where dumps pass through, becomes full. */
@Tag("engine")
class FullContainerDiskTest {
    @TempDir
    private Path temp;

    private SmallDisk memory;
    private SmallDisk disk;
    private PostgresContainer postgres;
    private EngineProvider engines;

    @BeforeEach
    void start() throws Exception {
        memory = SmallDisk.mount(temp.resolve("memory"), 4);
        disk = SmallDisk.overlay(memory, temp.resolve("disk"));
        postgres = new PostgresContainer("--volume=" + disk.path() + ":/tmp");
        engines = new EngineProvider();
        postgres.sql("postgres", "CREATE DATABASE shop");
        postgres.sql("shop", "CREATE TABLE t AS SELECT gen_random_uuid() AS id FROM generate_series(1, 40000)");
    }

    @AfterEach
    void remove() throws Exception {
        try (var _ = memory;
                var _ = disk;
                var _ = engines;
                var _ = postgres) {
            assertThat(postgres.isRunning()).isTrue();
        }
    }

    private String point() {
        return temp.resolve("rb").toString();
    }

    private void dump() throws Exception {
        new DumpDatabaseHandler(engines, VAULT)
                .execute(new DumpDatabase(postgres.compose(), postgres.database("shop"), point(), 2), step());
    }

    private void verify() throws Exception {
        new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(new VerifyRestorePoint(postgres.compose(), point(), postgres.database("shop"), false), step());
    }

    private void restore() throws Exception {
        new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new RestoreDatabase(postgres.compose(), postgres.database("shop"), point(), 2, null, null),
                        step());
    }

    private static RunningStep step() {
        return new RunningStep("rb");
    }

    private void assertFull(ThrowingCallable act) throws Exception {
        disk.fill(256 << 10);

        var failure = catchThrowableOfType(StepFailure.class, act);

        disk.empty();
        assertThat(failure.text()).containsPattern("the disk of (the database )?container .*is full.*: free space");
        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(postgres.folders()).isEmpty();
    }

    @Test
    void saysSoAndLeavesNothingThere() throws Exception {
        assertFull(this::dump);
        dump();
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(point(), "freedom", "shop", false, "restore-point", null), step());
        assertFull(this::verify);
        verify();
        postgres.sql("shop", "DELETE FROM t");

        assertFull(this::restore);

        assertThat(postgres.databases()).containsExactlyInAnyOrder("postgres", "freedom", "shop");
        restore();
        assertThat(postgres.value("shop", "SELECT count(*) FROM t")).isEqualTo("40000");
    }
}
