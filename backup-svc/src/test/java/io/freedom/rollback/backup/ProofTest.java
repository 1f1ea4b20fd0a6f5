package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A restore point is restored into a throwaway server. */
@Tag("engine")
@ResourceLock("trial-freedom")
class ProofTest {
    private static final String DATABASE = "odd \"name";
    private static final long RESERVE = 1 << 20;

    @TempDir
    private Path temp;

    private PostgresContainer postgres;
    private EngineProvider engines;
    private RestorePoint point;

    @BeforeEach
    void takeARestorePoint() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        point = RestorePoint.at(temp.resolve("rb-proof").toString());
        var name = Sql.name(DATABASE);
        postgres.sql(
                "postgres",
                "CREATE ROLE \"Owner of it\"",
                "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
                "ALTER DATABASE " + name + " SET work_mem = '5MB'");
        postgres.sql(
                DATABASE,
                "CREATE EXTENSION pgcrypto",
                // As extensions have them: no data of the platform's, and in no dump.
                "CREATE TABLE of_extension AS SELECT 1 AS id",
                "ALTER EXTENSION pgcrypto ADD TABLE of_extension",
                "CREATE TABLE \"line\nbreak\" (id int PRIMARY KEY)",
                "INSERT INTO \"line\nbreak\" SELECT generate_series(1, 4000)",
                "ALTER TABLE \"line\nbreak\" OWNER TO \"Owner of it\"",
                "CREATE TABLE seen (t text)",
                "ALTER TABLE seen ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY mine ON seen TO \"Owner of it\" USING (true)");
        new DumpDatabaseHandler(engines, VAULT)
                .execute(
                        DumpDatabase.newBuilder()
                                .setCompose(postgres.compose())
                                .setDatabase(postgres.database(DATABASE))
                                .setDirectory(point.directory().toString())
                                .build(),
                        step());
        verified();
    }

    @AfterEach
    void leavesNoServerBehind() throws Exception {
        postgres.close();
        engines.close();
        assertThat(trials()).isEmpty();
    }

    private static String trials() throws Exception {
        return PostgresContainer.docker(
                "ps", "--all", "--quiet", "--filter", "label=io.freedom.rollback.beside=trial-freedom");
    }

    private static RunningStep step() {
        return new RunningStep("rb-proof");
    }

    private void verified() throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(
                        new WriteManifest(
                                point.directory().toString(), "freedom", DATABASE, false, "restore-point", null),
                        step());
        new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new VerifyRestorePoint(
                                postgres.compose(), point.directory().toString(), postgres.database(DATABASE), false),
                        step());
    }

    /** Of what is known of the dump, before it was written down. */
    private void noted(UnaryOperator<String> change) throws Exception {
        var file = point.dumpRecord(DATABASE);
        Files.writeString(file, change.apply(Files.readString(file)));
        verified();
    }

    private RestorePointProven prove(RunningStep step) throws StepFailure, InterruptedException {
        return prove(step, RESERVE);
    }

    private RestorePointProven prove(RunningStep step, long reserve) throws StepFailure, InterruptedException {
        var action = new ProveRestorePoint(
                postgres.compose(), point.directory().toString(), postgres.database(DATABASE), reserve);
        return (RestorePointProven) new ProveRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(action, step)
                .result();
    }

    private StepFailure failure(long reserve) {
        return catchThrowableOfType(StepFailure.class, () -> prove(step(), reserve));
    }

    @Test
    void restoresAllOfItIntoAServerOfItsOwnAndNotesThat() throws Exception {
        postgres.kill(); // the image is enough

        var proven = prove(step());

        assertThat(proven.getRestorePointId()).isEqualTo("rb-proof");
        assertThat(proven.getServerVersion()).startsWith("15.");
        assertThat(proven.getTables()).isEqualTo(2);
        assertThat(proven.getRows()).isEqualTo(4000);
        assertThat(proven.getTook()).isPositive();
        assertThat(Json.read(point.proven(), Proof.class).rows()).isEqualTo(4000);
        Manifest.load(point, VAULT);
        assertThat(Manifest.covered(point.directory())).doesNotContain(point.proven());
    }

    @Test
    void removesTheServerHoweverItEndsAndTheOneOfAWorkerThatWasKilled() throws Exception {
        assertThatThrownBy(() -> prove(step().killedAtNote("copying the dump into")))
                .isInstanceOf(StepCancelledException.class);
        assertThat(trials()).isEmpty();
        PostgresContainer.docker(
                "create", "--label=io.freedom.rollback.beside=trial-freedom", "rollback-local/postgres:15");
        assertThat(trials()).isNotEmpty();

        prove(step());

        assertThat(trials()).isEmpty();
    }

    @Test
    void blamesTheRestorePointForRowsThatAreNotThere() throws Exception {
        noted(text -> text.replace("\"rows\" : 4000", "\"rows\" : 4001"));

        var failure = failure(RESERVE);

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text()).contains("restored, it differs", "4000 rows instead of 4001");
        assertThat(Json.read(point.proven(), Proof.class).fault()).isEqualTo(failure.text());
    }

    @Test
    void blamesTheRestorePointForADumpThatCannotBeRead() throws Exception {
        try (var files = Files.list(point.dump(DATABASE))) {
            var rows = files.filter(file -> file.toString().endsWith(".dat.gz.age"))
                    .max(Comparator.comparing(file -> file.toFile().length()))
                    .orElseThrow();
            Vaults.change(rows, content -> Arrays.copyOf(content, 100));
        }
        // Though its manifest agrees with it.
        Files.delete(point.manifest());
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(
                        new WriteManifest(
                                point.directory().toString(), "freedom", DATABASE, false, "restore-point", null),
                        step());
        var sum = Sha256.of(Files.readString(point.manifest()));
        PrivateFiles.write(point.verified(), Json.text(new Verification("rb-proof", Instant.now(), sum, null)));

        var failure = failure(RESERVE);

        assertThat(failure.text()).startsWith("database " + DATABASE + ": it cannot be restored: ");
        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
    }

    @Test
    void blamesNothingButTheTrialWhereTheServerLacksSomething() throws Exception {
        // What belongs to a role that the server does not have.
        noted(text -> text.replace("\"Owner of it\"", "\"another\""));

        var failure = failure(RESERVE);

        assertThat(failure.kind()).isEqualTo(FailureKind.TOOL);
        assertThat(failure.text())
                .contains("whether it can be restored is not known", "role \"Owner of it\" does not exist");
        assertThat(point.proven()).doesNotExist();
    }

    @Test
    void blamesNothingButTheTrialWhereThereIsNoRoomOrTheServerIsOlder() throws Exception {
        var full = failure(1L << 60);
        assertThat(full.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(full.text()).contains("the engine's disk has", "backups.prove: never");
        assertThat(point.proven()).as("says nothing about it").doesNotExist();

        noted(text -> text.replaceFirst("\"serverVersion\" : \"15", "\"serverVersion\" : \"99"));
        var older = failure(RESERVE);
        assertThat(older.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(older.text()).contains("it is of PostgreSQL 99", "the platform's server is 15");
    }
}
