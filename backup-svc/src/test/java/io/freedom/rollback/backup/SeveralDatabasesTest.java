package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.CheckDatabaseServer;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.OtherDatabase;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RowsChange;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A restore point has all databases of the server. */
@Tag("engine")
@ResourceLock("trial-freedom")
class SeveralDatabasesTest {
    private static final String SHOP = "shop";
    private static final String ODD = "Weiß \"B\"/x";
    private static final String EMPTY = "host=evil dbname=x.json";
    private static final String LARGE = "SELECT convert_from(lo_get(loid), 'UTF8') FROM letters";
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static PostgresContainer postgres;
    private static EngineProvider engines;

    @TempDir
    private Path temp;

    private String id;
    private Database database;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        TrustedSchemas.trust();
    }

    @AfterAll
    static void removePostgres() throws Exception {
        engines.close();
        postgres.close();
    }

    @BeforeEach
    void givenThreeDatabases() throws Exception {
        id = "rb-all-" + COUNT.incrementAndGet();
        database = postgres.database(SHOP);
        dropAll();
        postgres.sql(
                "postgres",
                "CREATE DATABASE shop",
                "CREATE DATABASE " + Sql.name(ODD)
                        + " TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
                "CREATE DATABASE " + Sql.name(EMPTY),
                "ALTER DATABASE " + Sql.name(EMPTY) + " SET work_mem = '7MB'");
        postgres.sql(SHOP, "CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
        postgres.sql(
                ODD,
                "CREATE SCHEMA \"Other schema\"",
                "CREATE EXTENSION pgcrypto SCHEMA \"Other schema\"",
                "CREATE TABLE \"Other schema\".\"A\" AS SELECT generate_series(1, 4000) AS id",
                "CREATE TABLE letters AS SELECT lo_from_bytea(0, 'from then') AS loid");
    }

    @AfterEach
    void leavesNothingInTheContainer() throws Exception {
        assertThat(postgres.folders()).isEmpty();
        assertThat(postgres.sessions()).isZero();
        dropAll();
    }

    private static void dropAll() throws SQLException {
        for (var left : postgres.databases()) {
            if (!left.equals("postgres")) {
                postgres.sql("postgres", "DROP DATABASE " + Sql.name(left) + " WITH (FORCE)");
            }
        }
    }

    @Test
    void takesAllOfThemBackTogetherAndReturns() throws Exception {
        var dumped = (DatabaseDumped) dump().result();
        assertThat(dumped.getDatabases()).containsExactly(SHOP, ODD, EMPTY);
        writeManifest();
        assertThat(verify().detail()).contains("dumps of 3 databases read to the end");
        assertThat(Manifest.load(point(), VAULT).oneMoment()).isTrue();
        postgres.sql(SHOP, "DELETE FROM orders WHERE id > 10");
        postgres.sql(ODD, "TRUNCATE \"Other schema\".\"A\"", "SELECT lo_unlink(loid) FROM letters");
        postgres.sql(
                "postgres", "DROP DATABASE " + Sql.name(EMPTY), "CREATE DATABASE later", "CREATE DATABASE \"left\"");
        postgres.sql("later", "CREATE TABLE news AS SELECT 1 AS id");

        var done = restore(step());

        var odd = List.of(new TableRows("Other schema", "A", 4000L), new TableRows("public", "letters", 1L));
        assertThat(done.result())
                .isEqualTo(new DatabaseRestored(
                        SHOP + "__before_" + id,
                        List.of(new TableRows("public", "orders", 100L)),
                        List.of(
                                new OtherDatabase(ODD, ODD + "__before_" + id, odd),
                                new OtherDatabase(EMPTY, null, List.of())),
                        List.of("later", "left")));
        assertThat(done.detail())
                .contains(" indexes checked of " + ODD)
                .startsWith("3 databases, 3 tables, 4,101 rows restored; the replaced databases are kept as " + SHOP
                        + "__before_" + id + ", " + ODD + "__before_" + id + "; back, as they had been gone: " + EMPTY
                        + "; left as they are, as the restore point does not have them: later, left");
        assertThat(rows(SHOP, "orders")).isEqualTo(100);
        assertThat(rows(ODD, "\"Other schema\".\"A\"")).isEqualTo(4000);
        assertThat(postgres.value(ODD, LARGE)).isEqualTo("from then");
        assertThat(postgres.value(ODD, "SHOW server_encoding")).isEqualTo("SQL_ASCII");
        assertThat(postgres.value(EMPTY, "SHOW work_mem")).isEqualTo("7MB");
        assertThat(rows("later", "news")).isEqualTo(1);
        assertThat(rows(SHOP + "__before_" + id, "orders")).isEqualTo(10);
        var handler = new RestoreDatabaseHandler(engines, VAULT, InstantSource.system());
        assertThat(handler.probe(restoreAction(), step()))
                .isInstanceOfSatisfying(
                        Probe.Applied.class,
                        applied -> assertThat(applied.completed().result()).isEqualTo(done.result()));

        postgres.sql(EMPTY, "CREATE TABLE since AS SELECT 1 AS id");
        var back = swapBack(step().after((DatabaseRestored) done.result()));

        assertThat(back.detail())
                .contains(
                        SHOP + ", " + ODD + " are the databases from before again",
                        EMPTY + " had not been there",
                        ODD + "__undone_" + id);
        assertThat(rows(SHOP, "orders")).isEqualTo(10);
        assertThat(rows(ODD, "\"Other schema\".\"A\"")).isZero();
        assertThat(rows(EMPTY + "__undone_" + id, "since")).isEqualTo(1);
        assertThat(postgres.databases())
                .contains("later", SHOP + "__undone_" + id)
                .doesNotContain(EMPTY, SHOP + "__before_" + id, ODD + "__before_" + id);
        assertThat(swapBack(step()).detail()).contains("swapped back before");
    }

    @Test
    void restoresThemIntoAThrowawayServer() throws Exception {
        takeRestorePoint();

        var proven = (RestorePointProven) prove().result();

        assertThat(proven.getTables()).isEqualTo(3);
        assertThat(proven.getRows()).isEqualTo(4101);
    }

    @Test
    void bringsThemAllToAServerThatHasNone() throws Exception {
        postgres.sql("postgres", "CREATE ROLE keeper");
        postgres.sql("postgres", "ALTER DATABASE " + Sql.name(ODD) + " OWNER TO keeper");
        takeRestorePoint();
        try (var fresh = new PostgresContainer()) {
            fresh.sql("postgres", "CREATE DATABASE shop");

            var done = restore(fresh, step());

            assertThat(done.detail()).contains("back, as they had been gone: " + ODD + ", " + EMPTY);
            assertThat(fresh.value(ODD, LARGE)).isEqualTo("from then");
            assertThat(fresh.value(
                            "postgres", "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE 'Wei%'"))
                    .isEqualTo("keeper");
            assertThat(fresh.value(EMPTY, "SHOW work_mem")).isEqualTo("7MB");
        } finally {
            postgres.sql("postgres", "ALTER DATABASE " + Sql.name(ODD) + " OWNER TO freedom", "DROP ROLE keeper");
        }
    }

    @Test
    void swapsAllOrNoneWheneverItIsKilled() throws Exception {
        takeRestorePoint();
        postgres.sql(SHOP, "DELETE FROM orders");
        postgres.sql(ODD, "TRUNCATE \"Other schema\".\"A\"");
        int killed = 0;

        for (int checkpoint = 20; checkpoint < 200; checkpoint += 3) {
            try {
                restore(postgres, step().killedAtCheckpoint(checkpoint));
                break;
            } catch (StepCancelledException e) {
                killed++;
                assertThat(rows(SHOP, "orders")).isZero();
                assertThat(rows(ODD, "\"Other schema\".\"A\"")).isZero();
            }
        }

        assertThat(killed).isPositive();
        assertThat(rows(SHOP, "orders")).isEqualTo(100);
        assertThat(rows(ODD, "\"Other schema\".\"A\"")).isEqualTo(4000);
        assertThat(postgres.databases()).noneMatch(name -> name.contains("__restore_"));
    }

    @Test
    void leavesAllAloneWhereOneHasOtherRowsAndNamesIt() throws Exception {
        dump();
        var record = point().dumpRecord(ODD);
        Files.writeString(record, Files.readString(record).replace("\"rows\" : 4000", "\"rows\" : 4001"));
        writeManifest();
        verify();
        postgres.sql(SHOP, "DELETE FROM orders");

        assertMismatch(() -> prove(), "database " + ODD + ": restored, it differs", "4000 rows instead of 4001");
        assertMismatch(() -> restore(step()), "the restored database " + ODD + " differs", "4000 rows instead of 4001");

        assertThat(rows(SHOP, "orders")).isZero();
        assertThat(postgres.databases()).containsExactlyInAnyOrder("postgres", SHOP, ODD, EMPTY);
    }

    @Test
    void namesTheOneWhoseDumpIsDamaged() throws Exception {
        dump();
        try (var files = Files.list(point().dump(ODD))) {
            var toc = files.filter(file -> file.endsWith("toc.dat.age"))
                    .findFirst()
                    .orElseThrow();
            Vaults.change(toc, content -> {
                content[0] ^= 0x10;
                return content;
            });
        }
        writeManifest();

        assertMismatch(() -> verify(), "the dump of " + ODD + " cannot be restored");
        var sum = Sha256.of(Files.readString(point().manifest()));
        PrivateFiles.write(point().verified(), Json.text(new Verification(id, Instant.now(), sum, null)));
        assertMismatch(() -> prove(), "database " + ODD + ": it cannot be restored");
    }

    @Test
    void makesNothingWhereTheDumpOfAnotherOrTheRolesWereChangedSinceItWasVerified() throws Exception {
        postgres.sql("postgres", "CREATE ROLE gone");
        takeRestorePoint();
        postgres.sql("postgres", "DROP ROLE gone", "DROP DATABASE " + Sql.name(EMPTY));
        var dump = largest(point().dump(ODD));

        for (var file : List.of(dump, VAULT.sealed(point().globals(), false))) {
            flip(file);
            assertMismatch(
                    () -> restore(step()),
                    " is not as its manifest says: " + point().directory().relativize(file) + " was changed");
            flip(file);
        }

        assertThat(postgres.databases()).containsExactlyInAnyOrder("postgres", SHOP, ODD);
        assertThat(postgres.value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'gone'"))
                .isEqualTo("0");
        assertThat(restore(step()).detail()).startsWith("3 databases");
        postgres.sql("postgres", "DROP ROLE gone");
    }

    @Test
    void leavesAllAloneWhereTheDumpOfAnotherIsChangedWhileTheFirstIsRestored() throws Exception {
        takeRestorePoint();
        postgres.sql(SHOP, "DELETE FROM orders");
        var dump = largest(point().dump(ODD));
        var step = step().meanwhile("copying the dump of " + ODD, () -> flip(dump));

        assertMismatch(
                () -> restore(step),
                " is not as its manifest says: " + point().directory().relativize(dump) + " was changed");

        assertThat(rows(SHOP, "orders")).isZero();
        assertThat(postgres.databases()).containsExactlyInAnyOrder("postgres", SHOP, ODD, EMPTY);
    }

    private static Path largest(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    /** Twice is as it was. */
    private static void flip(Path file) {
        try {
            var content = Files.readAllBytes(file);
            content[content.length / 2] ^= 0x10;
            Files.write(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void isOfOneMomentThoughWritersGoOn() throws Exception {
        postgres.sql(SHOP, "CREATE TABLE a (id int)");
        postgres.sql(ODD, "CREATE TABLE b (id int)");
        var stop = new AtomicBoolean();
        var writer = Thread.ofVirtual().start(() -> {
            try (var first = postgres.connect(SHOP);
                    var second = postgres.connect(ODD)) {
                while (!stop.get()) {
                    Sql.execute(first, "INSERT INTO a VALUES (1)");
                    Sql.execute(second, "INSERT INTO b VALUES (1)");
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            dump();
        } finally {
            stop.set(true);
            writer.join();
        }
        writeManifest();

        var manifest = Manifest.load(point(), VAULT);
        assertThat(manifest.oneMoment()).isTrue();
        long first = rows(manifest.dumps().getFirst(), "a");
        long second = rows(manifest.dumps().get(1), "b");
        assertThat(first - second).isBetween(0L, 1L);
    }

    @Test
    void saysThatItIsNotOfOneMomentWhereTheServerDoesNotComeToRest() {
        var dumps = new Dumps(List.of(SHOP, ODD), false, List.of());

        assertThat(dumps.note()).contains("not of one moment");
    }

    @Test
    void leavesWhatIsExceptedAlone() throws Exception {
        database = new Database(
                database.getService(),
                SHOP,
                database.getUser(),
                database.getJdbcUrl(),
                database.getPassword(),
                List.of(ODD));
        takeRestorePoint();
        assertThat(Manifest.load(point(), VAULT).databases()).containsExactly(SHOP, EMPTY);
        postgres.sql(ODD, "TRUNCATE \"Other schema\".\"A\"");

        assertThat(restore(step()).detail()).doesNotContain(ODD);

        assertThat(rows(ODD, "\"Other schema\".\"A\"")).isZero();
    }

    @Test
    void takesTheMaintenanceDatabaseOnlyWhereSomebodyUsesIt() throws Exception {
        assertThat(((DatabaseDumped) dump().result()).getDatabases()).doesNotContain("postgres");
        postgres.sql("postgres", "CREATE TABLE notes AS SELECT 1 AS id");
        try {
            takeRestorePoint();
            assertThat(Manifest.load(point(), VAULT).databases()).contains("postgres");
            assertThat(((RestorePointProven) prove().result()).getTables()).isEqualTo(4);
            postgres.sql("postgres", "DELETE FROM notes");

            var done = restore(step());

            assertThat(rows("postgres", "notes")).isEqualTo(1);
            swapBack(step().after((DatabaseRestored) done.result()));
            assertThat(rows("postgres", "notes")).isZero();
        } finally {
            postgres.sql("postgres", "DROP TABLE notes");
        }
    }

    @Test
    void doesNotTakeWhatARollbackKeeps() throws Exception {
        takeRestorePoint();
        restore(step());

        assertThat(((DatabaseDumped) dump().result()).getDatabases()).containsExactly(SHOP, ODD, EMPTY);
    }

    @Test
    void saysWhatItsRoleMayNotRead() throws Exception {
        postgres.sql(
                "postgres",
                "CREATE ROLE plain LOGIN PASSWORD 'only-for-tests'",
                "ALTER DATABASE shop OWNER TO plain",
                "REVOKE CONNECT ON DATABASE " + Sql.name(EMPTY) + " FROM PUBLIC");
        postgres.sql(SHOP, "ALTER TABLE orders OWNER TO plain");
        try {
            database = new Database(
                    database.getService(), SHOP, "plain", database.getJdbcUrl(), database.getPassword(), List.of());

            var notItsOwn = ODD + " (role plain is not its owner, and could not put it back)";
            assertThat(dump().detail())
                    .contains(notItsOwn)
                    .endsWith(EMPTY + " (role plain may not connect to it)")
                    .doesNotContain("postgres (");
            assertThat(checked(null, true).getWarnings())
                    .contains(
                            "in no restore point: " + notItsOwn,
                            "in no restore point: " + EMPTY + " (role plain may not connect to it)");

            postgres.sql("postgres", "ALTER DATABASE " + Sql.name(ODD) + " OWNER TO plain");
            assertThatThrownBy(this::dump)
                    .isInstanceOf(StepFailure.class)
                    .hasMessageContaining("database " + ODD + " of the same server could not be dumped")
                    .hasMessageContaining("name it in `database.except`");
            database = new Database(
                    database.getService(), SHOP, "plain", database.getJdbcUrl(), database.getPassword(), List.of(ODD));
            assertThat(dump().detail()).doesNotContain(ODD);
        } finally {
            postgres.sql(SHOP, "REASSIGN OWNED BY plain TO freedom");
            postgres.sql("postgres", "REASSIGN OWNED BY plain TO freedom", "DROP ROLE plain");
        }
    }

    @Test
    void restoresOneOfAReleaseThatTookOneDatabaseAlone() throws Exception {
        dump();
        Files.delete(point().dumps());
        for (var other : List.of(ODD, EMPTY)) {
            PrivateFiles.delete(point().dump(other));
            PrivateFiles.delete(point().dumpRecord(other));
        }
        var text = Vaults.text(point().globals());
        var globals = Json.parse(text, point().globals(), Globals.class);
        var statements = Objects.requireNonNull(globals.databases()).getFirst().statements();
        Vaults.write(
                point().globals(),
                Json.text(new Globals(
                        globals.systemIdentifier(), globals.roles(), globals.memberships(), statements, null)));
        writeManifest();
        verify();
        postgres.sql(SHOP, "DELETE FROM orders");
        postgres.sql(ODD, "TRUNCATE \"Other schema\".\"A\"");

        var done = restore(step());

        assertThat(done.detail())
                .contains("1 tables, 100 rows restored; the replaced database is kept as " + SHOP + "__before_" + id)
                .contains("left as they are, as the restore point does not have them: " + ODD + ", " + EMPTY);
        assertThat(rows(SHOP, "orders")).isEqualTo(100);
        assertThat(rows(ODD, "\"Other schema\".\"A\"")).isZero();
    }

    @Test
    void countsAllOfThemBeforehand() throws Exception {
        var alone = new Database(
                database.getService(),
                SHOP,
                database.getUser(),
                database.getJdbcUrl(),
                database.getPassword(),
                List.of(ODD, EMPTY));
        assertThat(space(database)).isGreaterThan(space(alone) + 12_000_000);
        takeRestorePoint();
        postgres.sql(ODD, "INSERT INTO \"Other schema\".\"A\" VALUES (1)");
        postgres.sql("postgres", "CREATE DATABASE later");

        var found = checked(point().directory().toString(), false);

        assertThat(found.getChanges()).containsExactly(new RowsChange("Other schema", "A", 4001L, 4000L, ODD));
        assertThat(found.getExtensions()).anyMatch(extension -> extension.startsWith("pgcrypto "));
        assertThat(found.getWarnings()).contains("stay as they are, as the restore point does not have them: later");
    }

    @Test
    void saysAtTheSealWhoIsConnectedElsewhere() throws Exception {
        try (var other = postgres.connect(ODD)) {
            Sql.execute(other, "SET application_name = 'reports'");

            var sealed = new SealDatabaseHandler().execute(new SealDatabase(database, false), step());

            assertThat(sealed.detail()).contains("connected to other databases of the server: reports (freedom");
        }
    }

    @Test
    void unpacksAllOfThemAsFiles() throws Exception {
        takeRestorePoint();
        var out = new StringWriter();
        var into = temp.resolve("out");

        int exit = BackupsProgram.commandLine()
                .setOut(new PrintWriter(out, true))
                .execute(
                        "extract",
                        "--key-file=" + VAULT.keys().file(),
                        "--only=database",
                        "--into=" + into,
                        point().directory().toString());

        assertThat(exit).isZero();
        assertThat(into.resolve("database/shop/toc.dat")).exists();
        assertThat(into.resolve("database/Wei%C3%9F \"B\"%2Fx/toc.dat")).exists();
        assertThat(into.resolve("database/host=evil dbname=x%2Ejson/toc.dat")).exists();
        assertThat(out.toString()).contains(ODD, "2 tables");
        assertThat(into.resolve("globals.sql")).content().contains("ALTER DATABASE \"host=evil dbname=x.json\" SET");
    }

    /** As docs/operations.md has it: with nothing but the files, the key, and PostgreSQL. */
    @Test
    void comesBackByHand() throws Exception {
        postgres.sql(
                "postgres",
                "CREATE ROLE \"By hand\" LOGIN PASSWORD 'only-for-tests' CONNECTION LIMIT 3",
                "ALTER ROLE \"By hand\" SET search_path TO \"Some schema\", public",
                "ALTER DATABASE shop OWNER TO \"By hand\"",
                "ALTER ROLE \"By hand\" IN DATABASE shop SET statement_timeout = '9s'");
        postgres.sql(SHOP, "ALTER TABLE orders OWNER TO \"By hand\"");
        takeRestorePoint();
        dropAll();
        postgres.sql("postgres", "DROP ROLE \"By hand\"");
        var into = temp.resolve("out");
        int exit = BackupsProgram.commandLine()
                .setOut(new PrintWriter(new StringWriter(), true))
                .execute(
                        "extract",
                        "--key-file=" + VAULT.keys().file(),
                        "--into=" + into,
                        point().directory().toString());
        assertThat(exit).isZero();

        try {
            postgres.copyIn(into, "/tmp/out");
            postgres.exec("psql", "-U", "freedom", "-d", "postgres", "-f", "/tmp/out/globals.sql");
            try (var dumps = Files.list(into.resolve("database"))) {
                for (var dump : dumps.toList()) {
                    postgres.exec(
                            "pg_restore",
                            "-U",
                            "freedom",
                            "--exit-on-error",
                            "--create",
                            "-d",
                            "postgres",
                            "/tmp/out/database/" + dump.getFileName());
                }
            }
            postgres.exec("psql", "-U", "freedom", "-d", "postgres", "-f", "/tmp/out/globals.sql");

            assertThat(rows(SHOP, "orders")).isEqualTo(100);
            assertThat(rows(ODD, "\"Other schema\".\"A\"")).isEqualTo(4000);
            assertThat(postgres.value(ODD, LARGE)).isEqualTo("from then");
            assertThat(postgres.value(EMPTY, "SHOW work_mem")).isEqualTo("7MB");
            assertThat(postgres.value(
                            SHOP,
                            "SELECT pg_get_userbyid(datdba) || ', ' || tableowner || ', ' || rolcanlogin || ', ' || rolconnlimit"
                                    + " || ', ' || rolconfig::text || ', ' || (SELECT setconfig::text FROM pg_db_role_setting"
                                    + " WHERE setrole = r.oid AND setdatabase = d.oid)"
                                    + " FROM pg_database d, pg_tables, pg_roles r"
                                    + " WHERE datname = 'shop' AND tablename = 'orders' AND rolname = 'By hand'"))
                    .isEqualTo(
                            "By hand, By hand, true, 3, {\"search_path=\\\"Some schema\\\", public\"}, {statement_timeout=9s}");
        } finally {
            postgres.exec("rm", "-rf", "/tmp/out");
            dropAll();
            postgres.sql("postgres", "DROP ROLE IF EXISTS \"By hand\"");
        }
    }

    private static long rows(DumpRecord dumped, String table) {
        return dumped.tables().stream()
                .filter(rows -> rows.table().equals(table))
                .findFirst()
                .orElseThrow()
                .rows();
    }

    private static long rows(String name, String table) throws SQLException {
        return Long.parseLong(postgres.value(name, "SELECT count(*) FROM " + table));
    }

    private RunningStep step() {
        return new RunningStep(id);
    }

    private RestorePoint point() throws StepFailure {
        return RestorePoint.at(temp.resolve(id).toString());
    }

    private void takeRestorePoint() throws Exception {
        dump();
        writeManifest();
        verify();
    }

    private Completed dump() throws StepFailure, InterruptedException {
        return new DumpDatabaseHandler(engines, VAULT)
                .execute(
                        new DumpDatabase(
                                postgres.compose(),
                                database,
                                point().directory().toString(),
                                2),
                        step());
    }

    private void writeManifest() throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(
                        new WriteManifest(
                                point().directory().toString(), "freedom", SHOP, false, "restore-point", null),
                        step());
    }

    private Completed verify() throws StepFailure, InterruptedException {
        return new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new VerifyRestorePoint(
                                postgres.compose(), point().directory().toString(), database, false),
                        step());
    }

    private Completed prove() throws StepFailure, InterruptedException {
        return new ProveRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new ProveRestorePoint(
                                postgres.compose(), point().directory().toString(), database, 1L << 20),
                        step());
    }

    private RestoreDatabase restoreAction() throws StepFailure {
        return new RestoreDatabase(
                postgres.compose(), database, point().directory().toString(), 2, null, null);
    }

    private Completed restore(RunningStep step) throws StepFailure, InterruptedException {
        return restore(postgres, step);
    }

    private Completed restore(PostgresContainer into, RunningStep step) throws StepFailure, InterruptedException {
        var target = into == postgres ? database : into.database(SHOP);
        var action =
                new RestoreDatabase(into.compose(), target, point().directory().toString(), 2, null, null);
        return new RestoreDatabaseHandler(engines, VAULT, InstantSource.system()).execute(action, step);
    }

    private Completed swapBack(RunningStep step) throws StepFailure, InterruptedException {
        return new SwapDatabaseBackHandler(engines).execute(new SwapDatabaseBack(postgres.compose(), database), step);
    }

    private DatabaseServerChecked checked(String restorePoint, boolean enforce)
            throws StepFailure, InterruptedException {
        return (DatabaseServerChecked) new CheckDatabaseServerHandler(engines, VAULT)
                .execute(new CheckDatabaseServer(postgres.compose(), database, restorePoint, enforce, false), step())
                .result();
    }

    private long space(Database of) throws StepFailure, InterruptedException {
        var action = CheckBackupSpace.newBuilder()
                .setDirectory(point().directory().toString())
                .setWorkTree(temp.toString())
                .setPaths(List.of())
                .setDatabase(of)
                .setReserve(0)
                .build();
        return ((BackupSpaceChecked) new CheckBackupSpaceHandler(engines, VAULT, _ -> 1L << 40)
                        .execute(action, step())
                        .result())
                .getRequired();
    }

    private static void assertMismatch(ThrowingCallable act, String... parts) {
        assertThatThrownBy(act)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }
}
