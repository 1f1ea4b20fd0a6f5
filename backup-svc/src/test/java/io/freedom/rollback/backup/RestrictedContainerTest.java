package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class RestrictedContainerTest {
    @TempDir
    private Path temp;

    @Test
    void worksWithoutRootAndWithTemporaryFilesInMemory() throws Exception {
        try (var postgres = new PostgresContainer("--user=postgres", "--tmpfs=/tmp");
                var engines = new EngineProvider()) {
            var step = new RunningStep("rb-1");
            var point = temp.resolve("rb-1").toString();
            var compose = postgres.compose();
            var database = postgres.database("kb");
            postgres.sql("postgres", "CREATE DATABASE kb");
            postgres.sql("kb", "CREATE TABLE t AS SELECT 1 AS n");
            var verify = new VerifyRestorePointHandler(engines, VAULT, InstantSource.system());

            new DumpDatabaseHandler(engines, VAULT).execute(new DumpDatabase(compose, database, point, 2), step);
            Vaults.manifests(VAULT, InstantSource.system())
                    .execute(new WriteManifest(point, "freedom", "kb", false, "restore-point", null), step);
            verify.execute(new VerifyRestorePoint(compose, point, database, false), step);
            postgres.sql("kb", "DELETE FROM t");
            new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                    .execute(new RestoreDatabase(compose, database, point, 2, null, null), step);

            assertThat(postgres.value("kb", "SELECT n FROM t")).isEqualTo("1");
            assertThat(postgres.exec("find", "/var/tmp", "-name", "rollback-*")).isEmpty();
            try (var dump = Files.list(temp.resolve("rb-1/database/kb"))) {
                assertThat(dump)
                        .allSatisfy(
                                file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                                        .isEqualTo("rw-------"));
            }
        }
    }
}
