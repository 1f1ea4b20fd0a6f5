package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server, or the worker's process, is killed while a dump, a restore or a swap is at work; a lock keeps it there until then.
 * Done again, it succeeds, and nothing is left.
 */
@Tag("engine")
class KilledInTheMiddleTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static PostgresContainer postgres;
    private static EngineProvider engines;

    @TempDir
    private Path temp;

    private String id;
    private String name;
    /** Ends with the test. */
    private @Nullable Connection held;

    @BeforeAll
    static void startPostgres() throws Exception {
        TrustedSchemas.trust();
        postgres = new PostgresContainer();
        engines = new EngineProvider();
    }

    @AfterAll
    static void removePostgres() throws Exception {
        engines.close();
        postgres.close();
    }

    @BeforeEach
    void givenADatabase() throws Exception {
        int number = COUNT.incrementAndGet();
        id = "rb-" + number;
        name = "shop" + number;
        postgres.sql("postgres", "CREATE DATABASE " + name);
        postgres.sql(
                name,
                // Who locks that table of the whole server stops whatever writes rows, and no new session: those read
                // other ones.
                "CREATE FUNCTION patient() RETURNS boolean LANGUAGE sql AS 'SELECT count(*) >= 0 FROM pg_catalog.pg_replication_origin'",
                "CREATE TABLE orders (id int CHECK (patient()))",
                "INSERT INTO orders SELECT generate_series(1, 1000)");
    }

    @AfterEach
    void leavesNothing() throws Exception {
        letGo();
        assertThat(postgres.folders()).isEmpty();
        await("sessions of ours are gone").until(() -> postgres.sessions() == 0);
        assertThat(postgres.databases()).noneMatch(database -> database.contains("__restore_"));
    }

    private String point() {
        return temp.resolve(id).toString();
    }

    private RunningStep step() {
        return new RunningStep(id);
    }

    private DumpDatabase dump() {
        return new DumpDatabase(postgres.compose(), postgres.database(name), point(), 2);
    }

    private RestoreDatabase restore() {
        return new RestoreDatabase(postgres.compose(), postgres.database(name), point(), 2, null, null);
    }

    private void givenARestorePointAndOtherDataSince() throws Exception {
        new DumpDatabaseHandler(engines, VAULT).execute(dump(), step());
        verified();
        postgres.sql(name, "DELETE FROM orders WHERE id > 10");
    }

    private void verified() throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(point(), "freedom", name, false, "restore-point", null), step());
        new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(new VerifyRestorePoint(postgres.compose(), point(), postgres.database(name), false), step());
    }

    private String orders(String database) throws Exception {
        return postgres.value(database, "SELECT count(*) FROM orders");
    }

    /** A transaction that keeps what it has locked. */
    private static Connection holding(String database, String... statements) throws Exception {
        var connection = postgres.connect(database);
        connection.setAutoCommit(false);
        for (var statement : statements) {
            Sql.execute(connection, statement);
        }
        return connection;
    }

    /** @param session what its name or its statement is like */
    private static void awaitWaiting(String session) {
        await(session + " waits for the lock")
                .atMost(Duration.ofMinutes(3))
                .until(() -> !postgres.value(
                                "postgres",
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND (application_name || ': ' || query) ILIKE '"
                                        + session + "'")
                        .equals("0"));
    }

    /** The live database has its other name by then, but for the transaction's end. */
    private void awaitSwap(SwapNames names, Connection rows) throws Exception {
        awaitWaiting("rollback-restore-%COPY%");
        held = holding("postgres", "COMMENT ON DATABASE " + Sql.name(names.side()) + " IS 'held'");
        rows.rollback();
        awaitWaiting("%ALTER DATABASE " + Sql.name(names.side()) + " RENAME%");
    }

    private interface Until {
        void comes() throws Exception;
    }

    private static StepFailure killedServer(Until moment, ThrowingCallable act) throws Exception {
        var killer = new FutureTask<Void>(() -> {
            moment.comes();
            postgres.kill();
            return null;
        });
        Thread.ofVirtual().start(killer);
        var failure = catchThrowableOfType(StepFailure.class, act);
        killer.get(1, TimeUnit.MINUTES);
        return failure;
    }

    private void letGo() throws Exception {
        if (held != null) {
            held.close();
        }
    }

    private void restoredAgain() throws Exception {
        var done = new RestoreDatabaseHandler(engines, VAULT, InstantSource.system()).execute(restore(), step());

        assertThat(orders(name)).isEqualTo("1000");
        assertThat(orders(((DatabaseRestored) done.result()).getKeptAs()))
                .as("of the one before")
                .isEqualTo("10");
    }

    @Test
    void aServerInADump() throws Exception {
        try (var _ = holding(name, "LOCK TABLE orders")) {
            var failure = killedServer(
                    () -> awaitWaiting("rollback-dump-%LOCK TABLE%"),
                    () -> new DumpDatabaseHandler(engines, VAULT).execute(dump(), step()));

            assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
            assertThat(failure.text()).contains("PostgreSQL does not answer");
        }
        postgres.start();

        new DumpDatabaseHandler(engines, VAULT).execute(dump(), step());

        verified();
        assertThat(orders(name)).isEqualTo("1000");
    }

    @Test
    void aServerInARestore() throws Exception {
        givenARestorePointAndOtherDataSince();
        try (var _ = holding("postgres", "LOCK TABLE pg_replication_origin")) {
            var failure = killedServer(
                    () -> awaitWaiting("rollback-restore-%COPY%"),
                    () -> new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                            .execute(restore(), step()));

            assertThat(failure.text()).contains("in the database container", "has the container ended");
            assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
        }
        postgres.start();
        assertThat(orders(name)).as("the live one").isEqualTo("10");

        restoredAgain();
    }

    @Test
    void aServerInASwap() throws Exception {
        givenARestorePointAndOtherDataSince();
        var names = SwapNames.of(name, id);
        StepFailure failure;
        try (var rows = holding("postgres", "LOCK TABLE pg_replication_origin")) {
            failure = killedServer(
                    () -> awaitSwap(names, rows),
                    () -> new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                            .execute(restore(), step()));
        }

        assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
        postgres.start();
        assertThat(postgres.databases()).contains(name, names.side()).doesNotContain(names.kept());
        restoredAgain();
    }

    @Test
    void aWorkerInADump() throws Exception {
        try (var _ = holding(name, "LOCK TABLE orders");
                var worker = WorkerProcess.start(id, dump())) {
            awaitWaiting("rollback-dump-%LOCK TABLE%");
            worker.kill();
            assertThat(postgres.folders()).as("that it was killed for good").isNotEmpty();
        }

        new DumpDatabaseHandler(engines, VAULT).execute(dump(), step());

        verified();
    }

    @Test
    void aWorkerInARestore() throws Exception {
        givenARestorePointAndOtherDataSince();
        try (var _ = holding("postgres", "LOCK TABLE pg_replication_origin");
                var worker = WorkerProcess.start(id, restore())) {
            awaitWaiting("rollback-restore-%COPY%");
            worker.kill();
            assertThat(postgres.folders()).as("that it was killed for good").isNotEmpty();
            assertThat(orders(name)).as("the live one").isEqualTo("10");
        }

        restoredAgain();
    }

    @Test
    void aWorkerInASwap() throws Exception {
        givenARestorePointAndOtherDataSince();
        var names = SwapNames.of(name, id);
        try (var rows = holding("postgres", "LOCK TABLE pg_replication_origin");
                var worker = WorkerProcess.start(id, restore())) {
            awaitSwap(names, rows);
            worker.kill();
        }
        letGo();

        restoredAgain();
    }
}
