package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckDatabaseServer;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.sql.JdbcConnections;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What all else is tested with 15 for, with PostgreSQL 17: it has other defaults, catalogues and limits. */
@Tag("engine")
@ResourceLock("trial-freedom")
@ResourceLock("derive-freedom")
class NewerServerTest {
    private static final String DATABASE = "shop";
    private static PostgresContainer postgres;
    private static EngineProvider engines;
    private static KeepWalArchiveHandler wal;

    @TempDir
    private Path temp;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = new PostgresContainer(17);
        engines = new EngineProvider();
        wal = new KeepWalArchiveHandler(engines, VAULT, InstantSource.system());
    }

    @AfterAll
    static void removePostgres() throws Exception {
        engines.close();
        postgres.close();
    }

    @BeforeEach
    void givenADatabaseOfAllThatIsNew() throws Exception {
        for (var database : postgres.databases()) {
            if (!database.equals("postgres") && !database.equals("freedom")) {
                postgres.sql("postgres", "DROP DATABASE " + Sql.name(database) + " WITH (FORCE)");
            }
        }
        postgres.sql(
                "postgres",
                "DROP ROLE IF EXISTS reader, readers",
                "CREATE ROLE readers",
                "CREATE ROLE reader LOGIN",
                "GRANT readers TO reader WITH ADMIN FALSE, INHERIT FALSE, SET TRUE",
                "CREATE DATABASE " + DATABASE
                        + " TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
                "ALTER DATABASE " + DATABASE + " SET transaction_timeout = '1h'",
                "ALTER DATABASE " + DATABASE + " SET statement_timeout = '1h'");
        postgres.sql(
                DATABASE,
                "CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT now())",
                "INSERT INTO orders SELECT generate_series(1, 1000)",
                "GRANT SELECT, MAINTAIN ON orders TO readers");
    }

    private static RunningStep step() {
        return new RunningStep("rb");
    }

    private RestorePoint point() throws StepFailure {
        return RestorePoint.at(temp.resolve("rb").toString());
    }

    private String directory() throws StepFailure {
        return point().directory().toString();
    }

    private static String orders(String database) throws Exception {
        return postgres.value(database, "SELECT count(*) FROM orders");
    }

    private DatabaseDumped taken() throws Exception {
        var dumped = (DatabaseDumped) new DumpDatabaseHandler(engines, VAULT)
                .execute(new DumpDatabase(postgres.compose(), postgres.database(DATABASE), directory(), 2), step())
                .result();
        verified();
        return dumped;
    }

    private void verified() throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(directory(), "freedom", DATABASE, false, "restore-point", null), step());
        new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new VerifyRestorePoint(postgres.compose(), directory(), postgres.database(DATABASE), false),
                        step());
    }

    private DatabaseRestored restore(PostgresContainer server) throws Exception {
        return (DatabaseRestored) new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new RestoreDatabase(server.compose(), server.database(DATABASE), directory(), 2, null, null),
                        step())
                .result();
    }

    @Test
    void restoresAndReturns() throws Exception {
        assertThat(taken().getServerVersion()).startsWith("17.");
        new SealDatabaseHandler().execute(new SealDatabase(postgres.database(DATABASE), false), step());
        postgres.sql(DATABASE, "DELETE FROM orders WHERE id > 10");

        var restored = restore(postgres);

        assertThat(orders(DATABASE)).isEqualTo("1000");
        assertThat(orders(restored.getKeptAs())).isEqualTo("10");
        assertThat(postgres.value(
                        "postgres",
                        "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = '" + DATABASE
                                + "'"))
                .isEqualTo("b C.UTF-8");
        assertThat(postgres.value(DATABASE, "SHOW transaction_timeout")).isEqualTo("1h");
        assertThat(postgres.value(DATABASE, "SELECT has_table_privilege('readers', 'orders', 'MAINTAIN')::text"))
                .isEqualTo("true");
        assertThat(postgres.folders()).isEmpty();

        new SwapDatabaseBackHandler(engines)
                .execute(new SwapDatabaseBack(postgres.compose(), postgres.database(DATABASE)), step());

        assertThat(orders(DATABASE)).isEqualTo("10");
    }

    @Test
    void provesARestorePoint() throws Exception {
        taken();

        var proven = (RestorePointProven) new ProveRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new ProveRestorePoint(postgres.compose(), directory(), postgres.database(DATABASE), 1L << 20),
                        step())
                .result();

        assertThat(proven.getServerVersion()).startsWith("17.");
        assertThat(proven.getRows()).isEqualTo(1000);
    }

    /** From a full base backup, one that is incremental to it, and without that once it is damaged. */
    @Test
    void derivesAMomentFromItsWal() throws Exception {
        postgres.sql(
                DATABASE,
                "CREATE TABLE ballast WITH (autovacuum_enabled = off) AS SELECT md5(g::text) FROM generate_series(1, 100000) g");
        try {
            assertThat(taken(Duration.ofHours(24)))
                    .anyMatch(note -> note.endsWith("a full one: summarize_wal of the server was off until now"));
            assertThat(postgres.value("postgres", "SHOW summarize_wal")).isEqualTo("on");
            postgres.sql(DATABASE, "INSERT INTO orders VALUES (1001)");
            var run = WalArchive.of(temp.toString(), "newer").current().orElseThrow();
            var full = run.complete().getFirst();

            assertThat(taken(Duration.ofMillis(1))).anyMatch(note -> note.endsWith("incremental to " + full.id()));

            var increment = run.complete().getLast();
            assertThat(increment.after()).contains(full.id());
            assertThat(increment.bytes()).isLessThan(full.bytes() / 4);
            postgres.sql(DATABASE, "INSERT INTO orders VALUES (1002)", "DELETE FROM ballast");
            var until = keep(Duration.ofHours(24), true).getUntil();
            postgres.sql(DATABASE, "DELETE FROM orders");

            var derived = derive(until.toString());

            assertThat(derived.result()).isInstanceOfSatisfying(PointInTimeDerived.class, result -> {
                assertThat(result.getServerVersion()).startsWith("17.");
                assertThat(result.getBase()).isEqualTo(increment.id());
                assertThat(result.getRows()).isEqualTo(1002);
            });
            var damaged = new BaseArchive(run.base(increment.id()), VAULT).file();
            flip(damaged);
            var without = derive(until.toString());
            assertThat(without.detail())
                    .startsWith(damaged + " was changed after it was written")
                    .contains("so an earlier base backup was taken; as of " + until);
            assertThat(without.result()).isInstanceOfSatisfying(PointInTimeDerived.class, result -> {
                assertThat(result.getBase()).isEqualTo(full.id());
                assertThat(result.getRows()).isEqualTo(1002);
            });
            replaceManifest(run.base(increment.id()));
            assertThat(taken(Duration.ofMillis(1)))
                    .anyMatch(note -> note.contains(
                            "a full one: no incremental one could be taken: pg_basebackup ends with exit"));
            assertThat(run.complete().getLast().after()).isEmpty();
        } finally {
            keep(Duration.ofHours(24), false);
        }
        assertThat(postgres.value("postgres", "SELECT count(*) FROM pg_replication_slots"))
                .isEqualTo("0");
    }

    /** By one that the server refuses. */
    private static void replaceManifest(Path base) throws Exception {
        var manifest = new BaseArchive(base, VAULT).manifest().orElseThrow();
        Files.delete(manifest);
        try (var out = VAULT.create(manifest)) {
            out.write("{}".getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void flip(Path file) throws Exception {
        var bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }

    private Completed derive(String moment) throws Exception {
        return new DerivePointInTimeHandler(engines, VAULT, InstantSource.system())
                .execute(
                        DerivePointInTime.newBuilder()
                                .setPlatform("newer")
                                .setCompose(postgres.compose())
                                .setDatabase(postgres.database(DATABASE))
                                .setBackups(temp.toString())
                                .setDirectory(directory())
                                .setPointInTime(moment)
                                .setReserve(1 << 20)
                                .build(),
                        new Purposed(step(), "newer", "rb"));
    }

    /** Until a base backup more is there. Returns what all looks have said. */
    private List<String> taken(Duration baseEvery) throws Exception {
        var notes = new ArrayList<>(keep(baseEvery, true).getNotes());
        await().atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    var look = keep(Duration.ofHours(24), true);
                    notes.addAll(look.getNotes());
                    assertThat(look.getFault()).isNull();
                    assertThat(look.getBusy())
                            .as("a base backup is being taken")
                            .isFalse();
                });
        return notes;
    }

    private WalArchiveKept keep(Duration baseEvery, boolean wanted) throws Exception {
        var action = KeepWalArchive.newBuilder()
                .setPlatform("newer")
                .setCompose(postgres.compose())
                .setDatabase(postgres.database(DATABASE))
                .setDirectory(temp.toString())
                .setBaseEvery(baseEvery.toMillis())
                .setKeepFor(Duration.ofDays(7).toMillis())
                .setBound(1L << 30)
                .setReserve(1 << 20)
                .setWanted(wanted)
                .setSummarize(true)
                .build();
        return (WalArchiveKept) wal.execute(action, step()).result();
    }

    @Test
    void isNotHeldToTheLimitsOfThePlatformsOwnStatements() throws Exception {
        try (var connection = JdbcConnections.open(postgres.database(DATABASE), step())) {
            for (var limit : List.of("statement_timeout", "transaction_timeout")) {
                assertThat(Sql.value(connection, "SHOW " + limit)).as(limit).isEqualTo("0");
            }
        }
    }

    /** Between 17 and 15. */
    @Test
    void isNotRestoredIntoAnOlderServerAndGivesItsRolesToAnEqualOne() throws Exception {
        taken();
        try (var older = new PostgresContainer()) {
            older.sql("postgres", "CREATE DATABASE " + DATABASE);

            var failure = catchThrowableOfType(StepFailure.class, () -> restore(older));

            assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
            assertThat(failure.text())
                    .contains("restore point rb is of PostgreSQL 17.", "newer than the server, 15.", "choose another");
            assertThat(older.databases()).noneMatch(database -> database.contains("__"));
            var checked = (DatabaseServerChecked) new CheckDatabaseServerHandler(engines, VAULT)
                    .execute(
                            new CheckDatabaseServer(
                                    older.compose(), older.database(DATABASE), directory(), false, false),
                            step())
                    .result();
            assertThat(checked.getProblems()).singleElement().asString().contains("newer than the server, 15.");
        }
        try (var equal = new PostgresContainer(17)) {
            equal.sql("postgres", "CREATE DATABASE " + DATABASE);

            restore(equal);

            assertThat(orders(equal)).isEqualTo("1000");
            assertThat(equal.value(
                            "postgres",
                            "SELECT inherit_option::text || set_option::text || admin_option::text FROM pg_auth_members"
                                    + " WHERE member = 'reader'::regrole"))
                    .isEqualTo("falsetruefalse");
        }
    }

    /** From 15 to 17. */
    @Test
    void takesADumpOfAnOlderServer() throws Exception {
        try (var older = new PostgresContainer()) {
            older.sql("postgres", "CREATE DATABASE " + DATABASE);
            older.sql(DATABASE, "CREATE TABLE orders AS SELECT generate_series(1, 7) AS id");
            new DumpDatabaseHandler(engines, VAULT)
                    .execute(new DumpDatabase(older.compose(), older.database(DATABASE), directory(), 2), step());
        }
        verified();

        restore(postgres);

        assertThat(orders(DATABASE)).isEqualTo("7");
    }

    private static String orders(PostgresContainer server) throws Exception {
        return server.value(DATABASE, "SELECT count(*) FROM orders");
    }
}
