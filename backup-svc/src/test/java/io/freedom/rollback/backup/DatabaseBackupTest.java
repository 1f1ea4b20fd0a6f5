package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.ContainerPath;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.CountReplacedRows;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DatabaseRestored;
import io.freedom.rollback.schemas.action.DatabaseSealed;
import io.freedom.rollback.schemas.action.DropReplacedDatabases;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.ReplacedDatabasesDropped;
import io.freedom.rollback.schemas.action.ReplacedRowsCounted;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.SwapDatabaseBack;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class DatabaseBackupTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static PostgresContainer postgres;
    private static EngineProvider engines;

    @TempDir
    private Path temp;

    private String id;
    private Database database;
    private String name;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
    }

    @AfterAll
    static void removePostgres() throws Exception {
        engines.close();
        postgres.close();
    }

    @BeforeEach
    void givenADatabaseWithAwkwardNames() throws Exception {
        int number = COUNT.incrementAndGet();
        id = "rb-" + number;
        name = "my \"db=" + number;
        database = postgres.database(name);
        postgres.sql("postgres", "CREATE DATABASE " + Sql.name(name));
        postgres.sql(
                name,
                "CREATE SCHEMA \"Odd schema\"",
                "CREATE TABLE \"Odd schema\".\"a \"\"table\" (id int PRIMARY KEY, note text)",
                "INSERT INTO \"Odd schema\".\"a \"\"table\" SELECT n, 'note ' || n FROM generate_series(1, 5000) n",
                "CREATE TABLE keyless (v text)",
                "INSERT INTO keyless VALUES ('same'), ('same'), (NULL)",
                "CREATE TABLE parted (d date) PARTITION BY RANGE (d)",
                "CREATE TABLE parted_2026 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
                "INSERT INTO parted VALUES ('2026-03-01')",
                "CREATE VIEW seen AS SELECT count(*) FROM keyless",
                "ALTER DATABASE " + Sql.name(name) + " SET search_path = public, \"Odd schema\"",
                "ALTER DATABASE " + Sql.name(name) + " SET work_mem = '5MB'",
                "REVOKE CONNECT ON DATABASE " + Sql.name(name) + " FROM PUBLIC",
                "COMMENT ON DATABASE " + Sql.name(name) + " IS 'it''s ours'");
    }

    @AfterEach
    void leavesNothingInTheContainer() throws Exception {
        assertThat(postgres.exec("find", "/tmp", "/var/tmp", "-maxdepth", "1", "-name", "rollback-*"))
                .isEmpty();
        for (var left : postgres.databases()) {
            if (!left.equals("postgres") && !left.equals("freedom")) {
                postgres.sql("postgres", "DROP DATABASE " + Sql.name(left) + " WITH (FORCE)");
            }
        }
    }

    @Test
    void countsWhatContainersHoldWhenItLooksForDiskSpace() throws Exception {
        var handler = new CheckBackupSpaceHandler(engines, VAULT, _ -> 1L << 40);

        var known = handler.execute(space("/usr/share/zoneinfo"), step());
        assertThat(((BackupSpaceChecked) known.result()).getRequired()).isGreaterThan(100_000);
        assertThat(known.detail()).doesNotContain("not known");
        var gone = handler.execute(space("/no such place"), step());
        assertThat(gone.detail()).contains("without /no such place of " + PostgresContainer.SERVICE, "not known");
    }

    private CheckBackupSpace space(String path) throws StepFailure {
        return CheckBackupSpace.newBuilder()
                .setDirectory(point().directory().toString())
                .setWorkTree(point().directory().getParent().toString())
                .setPaths(List.of())
                .setReserve(0)
                .setCompose(postgres.compose())
                .setData(List.of(new ContainerPath(PostgresContainer.SERVICE, path)))
                .build();
    }

    @Test
    void restoresTheDumpedRowsAndReturnsToTheOnesBefore() throws Exception {
        var dumped = (DatabaseDumped) takeRestorePoint();
        assertThat(dumped.getServerVersion()).startsWith("15.");
        postgres.sql(name, "DELETE FROM keyless", "UPDATE \"Odd schema\".\"a \"\"table\" SET note = 'corrupt'");

        var done = restore(step());

        assertThat(done.result()).isInstanceOfSatisfying(DatabaseRestored.class, restored -> {
            assertThat(restored.getTables())
                    .containsExactly(
                            new TableRows("Odd schema", "a \"table", 5000L),
                            new TableRows("public", "keyless", 3L),
                            new TableRows("public", "parted_2026", 1L));
            assertThat(restored.getKeptAs()).isEqualTo(name + "__before_" + id);
        });
        assertThat(done.detail()).contains(" indexes checked of " + name);
        assertThat(digest(name)).isEqualTo("note 1,note 10");
        assertThat(postgres.value(name, "SHOW search_path")).isEqualTo("public, \"Odd schema\"");
        assertThat(postgres.value(name, "SHOW work_mem")).isEqualTo("5MB");
        assertThat(postgres.value(
                        name,
                        "SELECT shobj_description(oid, 'pg_database') || ' ' || datacl::text FROM pg_database WHERE datname"
                                + " = current_database()"))
                .isEqualTo("it's ours {=T/freedom,freedom=CTc/freedom}");
        assertThat(digest(name + "__before_" + id)).isEqualTo("corrupt,corrupt");

        postgres.sql(name, "INSERT INTO keyless VALUES ('after the restore')");
        var undone = swapBack(step());

        assertThat(digest(name)).isEqualTo("corrupt,corrupt");
        assertThat(undone.detail()).contains("kept as " + name + "__undone_" + id);
        assertThat(postgres.value(name + "__undone_" + id, "SELECT count(*) FROM keyless"))
                .isEqualTo("4");
        assertThat(swapBack(step()).detail()).contains("swapped back before");
    }

    @Test
    void saysWhichMomentOfTheServerADumpIsOf() throws Exception {
        var began = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        var before = postgres.value(name, "SELECT pg_current_wal_insert_lsn()");
        takeRestorePoint();
        postgres.sql(name, "INSERT INTO keyless VALUES ('after')");

        var dumped = Objects.requireNonNull(Manifest.load(point(), VAULT).database());

        var lsn = Objects.requireNonNull(dumped.lsn());
        assertThat(postgres.value(
                        name,
                        "SELECT '%s'::pg_lsn BETWEEN '%s' AND pg_current_wal_insert_lsn() - 1".formatted(lsn, before)))
                .isEqualTo("t");
        assertThat(dumped.snapshotAt()).isBetween(began, dumped.dumpedAt());
        assertThat(Objects.requireNonNull(dumped.collation()).text()).startsWith("libc ");
    }

    @Test
    void saysThatTextMayBeSortedOtherwiseThanWhenItWasDumped() throws Exception {
        postgres.sql(
                "postgres",
                "DROP DATABASE " + Sql.name(name),
                "CREATE DATABASE " + Sql.name(name) + " TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
        postgres.sql(name, "CREATE TABLE words AS SELECT 'ä' AS word");
        dump();
        var record = point().dumpRecord(name);
        Files.writeString(
                record, Files.readString(record).replaceFirst("\"library\" : \"[^\"]+\"", "\"library\" : \"1.0\""));
        writeManifest();
        verify();

        assertThat(restore(step()).detail())
                .contains("text may be sorted otherwise than when it was dumped (icu en-US: version 1.0 then, ");
    }

    @Test
    void countsWhatWasReplacedAndDropsItOnceNobodyLooksAtIt() throws Exception {
        takeRestorePoint();
        postgres.sql(
                name, "INSERT INTO keyless VALUES ('since')", "ALTER DATABASE " + Sql.name(name) + " IS_TEMPLATE true");
        var restored = (DatabaseRestored) restore(step()).result();

        var counted = new CountReplacedRowsHandler().execute(new CountReplacedRows(database), step().after(restored));
        assertThat(((ReplacedRowsCounted) counted.result()).getDatabases())
                .first()
                .satisfies(one -> {
                    assertThat(one.getName()).isEqualTo(name);
                    assertThat(one.getTables()).contains(new TableRows("public", "keyless", 4L));
                });
        var drop = new DropReplacedDatabases(database, id);
        var handler = new DropReplacedDatabasesHandler();
        try (var reader = postgres.connect(restored.getKeptAs())) {
            assertThatThrownBy(() -> handler.execute(drop, step()))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                    .hasMessageContaining("freedom in " + restored.getKeptAs())
                    .hasMessageContaining("end these sessions, then accept it again");
            assertThat(Sql.holds(reader, "SELECT true")).as("still connected").isTrue();
        }
        assertThat(new DropReplacedDatabasesHandler()
                        .execute(new DropReplacedDatabases(database, id + "9"), step())
                        .detail())
                .contains("nothing that", "is there any more");

        var dropped = droppedOnceGone(handler, drop);
        assertThat(dropped.getNames()).containsExactlyInAnyOrder(restored.getKeptAs(), "freedom__before_" + id);
        assertThat(dropped.getBytes()).isGreaterThan(1_000_000);
        assertThat(postgres.value("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%__before_%'"))
                .as("templates, too")
                .isEqualTo("0");
        assertThat(digest(name)).isEqualTo("note 1,note 10");
    }

    /** A session takes a moment to end. */
    private ReplacedDatabasesDropped droppedOnceGone(DropReplacedDatabasesHandler handler, DropReplacedDatabases drop) {
        return Awaitility.await()
                .ignoreExceptionsInstanceOf(StepFailure.class)
                .until(
                        () -> (ReplacedDatabasesDropped)
                                handler.execute(drop, step()).result(),
                        Objects::nonNull);
    }

    @Test
    void seesThatADumpOrARestoreWasDoneBefore() throws Exception {
        takeRestorePoint();
        var dump = new DumpDatabaseHandler(engines, VAULT).probe(dumpAction(), step());
        assertThat(dump).isInstanceOf(Probe.Applied.class);
        var handler = new RestoreDatabaseHandler(engines, VAULT, InstantSource.system());
        assertThat(handler.probe(restoreAction(), step())).isInstanceOf(Probe.NotApplied.class);

        var done = restore(step());

        assertThat(handler.probe(restoreAction(), step()))
                .isInstanceOfSatisfying(
                        Probe.Applied.class,
                        applied -> assertThat(applied.completed().result()).isEqualTo(done.result()));
        assertThat(restore(step()).result()).isEqualTo(done.result());
    }

    @Test
    void restoresAfterBeingKilledAtAnyMoment() throws Exception {
        takeRestorePoint();
        postgres.sql(name, "DELETE FROM keyless");
        int killed = 0;

        for (int checkpoint = 1; checkpoint < 300; checkpoint++) {
            try {
                restore(step().killedAtCheckpoint(checkpoint));
                break;
            } catch (StepCancelledException e) {
                killed++;
                assertThat(postgres.value(name, "SELECT count(*) FROM keyless")).isEqualTo("0");
            }
        }

        assertThat(killed).isGreaterThan(8);
        assertThat(postgres.value(name, "SELECT count(*) FROM keyless")).isEqualTo("3");
        assertThat(postgres.databases()).doesNotContain(name + "__restore_" + id);
    }

    @Test
    void dropsTheHalfRestoredDatabaseWhenTheSwapNeverHappened() throws Exception {
        takeRestorePoint();
        assertThatThrownBy(() -> restore(step().killedAtNote("counting rows of")))
                .isInstanceOf(StepCancelledException.class);
        assertThat(postgres.databases()).contains(name + "__restore_" + id);

        var done = swapBack(step());

        assertThat(done.detail()).isEqualTo("nothing to swap back; the half restored database was dropped");
        assertThat(postgres.databases()).doesNotContain(name + "__restore_" + id);
        assertThat(swapBack(step()).detail()).isEqualTo("nothing to swap back");
    }

    @Test
    void reopensADatabaseThatAKilledAttemptHadClosed() throws Exception {
        postgres.sql("postgres", "ALTER DATABASE " + Sql.name(name) + " ALLOW_CONNECTIONS false");

        swapBack(step());

        assertThat(postgres.value(name, "SELECT count(*) FROM keyless")).isEqualTo("3");
    }

    @Test
    void swapsAlthoughSomebodyIsConnected() throws Exception {
        takeRestorePoint();
        try (var reader = postgres.connect(name)) {
            restore(step());

            assertThatThrownBy(() -> Sql.execute(reader, "SELECT 1")).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void waitsForAnotherAttemptOnTheSameDatabase() throws Exception {
        try (var other = DatabaseSwap.open(database, step())) {
            assertThat(other.isSwapped()).isFalse();
            assertThatThrownBy(() -> swapBack(step().killedAtCheckpoint(3))).isInstanceOf(StepCancelledException.class);
        }
        assertThat(swapBack(step()).detail()).isEqualTo("nothing to swap back");
    }

    @Test
    void noticesADumpThatWasTruncated() throws Exception {
        takeRestorePoint();
        try (var file = FileChannel.open(biggestDumpFile(), StandardOpenOption.WRITE)) {
            file.truncate(file.size() / 2);
        }

        assertMismatch(() -> restore(step()), "was changed");
        assertMismatch(() -> verify(), "was changed");
        assertThatThrownBy(() -> restore(step())).hasMessageContaining("was never verified");
        assertThat(postgres.databases()).doesNotContain(name + "__restore_" + id);
    }

    @Test
    void changesNothingWhereTheDumpIsAnotherOfTheSameLength() throws Exception {
        postgres.sql("postgres", "CREATE ROLE gone");
        takeRestorePoint();
        postgres.sql("postgres", "DROP ROLE gone");
        var databases = postgres.databases();
        Vaults.change(biggestDumpFile(), content -> {
            content[content.length / 2] ^= 0x10;
            return content;
        });

        assertMismatch(
                () -> restore(step()),
                point().directory() + " is not as its manifest says: "
                        + point().directory().relativize(biggestDumpFile()) + " was changed. Do not restore from it");

        assertThat(postgres.databases()).isEqualTo(databases);
        assertThat(postgres.value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'gone'"))
                .isEqualTo("0");
    }

    @Test
    void noticesABrokenDumpEvenWhenTheManifestAgreesWithIt() throws Exception {
        dump();
        var file = biggestDumpFile();
        Vaults.change(file, content -> {
            content[content.length / 2] ^= 0x10;
            return content;
        });
        writeManifest();

        assertMismatch(() -> verify(), "the dump of " + name + " cannot be restored");
        assertThatThrownBy(() -> restore(step())).hasMessageContaining("was never verified");
    }

    @Test
    void findsAnIndexThatIsOutOfOrder() throws Exception {
        var order = "CREATE OR REPLACE FUNCTION fickle(a int4, b int4) RETURNS int LANGUAGE sql AS"
                + " $$ SELECT CASE WHEN a = b THEN 0 WHEN a %s b THEN 1 ELSE -1 END $$";
        postgres.sql(
                name,
                order.formatted(">"),
                "CREATE OPERATOR CLASS fickle_ops FOR TYPE int4 USING btree AS OPERATOR 1 < (int4, int4),"
                        + " OPERATOR 2 <= (int4, int4), OPERATOR 3 = (int4, int4), OPERATOR 4 >= (int4, int4),"
                        + " OPERATOR 5 > (int4, int4), FUNCTION 1 fickle(int4, int4)",
                "CREATE TABLE turned AS SELECT generate_series(1, 1000) AS n",
                "CREATE INDEX turned_n ON turned (n fickle_ops)");
        try (var connection = postgres.connect(name)) {
            assertThat(IndexCheck.of(connection).orElseThrow()).isGreaterThan(100);
        }

        postgres.sql(name, order.formatted("<"));

        try (var connection = postgres.connect(name)) {
            assertThatThrownBy(() -> IndexCheck.of(connection))
                    .as("whatever it is, the dump is not to blame")
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.TOOL))
                    .hasMessageContaining("index \"turned_n\"");
        }
        assertThat(postgres.value(name, "SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'"))
                .isEqualTo("0");
    }

    @Test
    void leavesTheLiveDatabaseAloneWhenTheRestoredOneHasOtherRows() throws Exception {
        dump();
        var record = point().dumpRecord(name);
        Files.writeString(record, Files.readString(record).replace("\"rows\" : 3", "\"rows\" : 4"));
        writeManifest();
        verify();
        postgres.sql(name, "INSERT INTO keyless VALUES ('live')");

        assertMismatch(() -> restore(step()), "public.keyless: 3 rows instead of 4");
        assertThat(point().proven()).as("it may be read otherwise").doesNotExist();
        assertMismatch(() -> restore(step().attempt(2)), "public.keyless: 3 rows instead of 4");
        assertThat(Json.read(point().proven(), Proof.class).fault())
                .as("found by who reads the disk alone")
                .contains("public.keyless: 3 rows instead of 4");
        assertThat(postgres.value(name, "SELECT count(*) FROM keyless")).isEqualTo("4");
        assertThat(postgres.databases()).doesNotContain(name + "__restore_" + id);
    }

    @Test
    void comparesConstraintsAndWhetherTheyHold() throws Exception {
        postgres.sql(
                name,
                "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
                "CREATE TABLE parents (id int PRIMARY KEY, code text UNIQUE)",
                "CREATE TABLE children (id int REFERENCES parents, size positive CHECK (size < 10))",
                "CREATE INDEX ON children (size)",
                "ALTER TABLE children ADD CONSTRAINT later CHECK (id < 100) NOT VALID",
                "ALTER TABLE parted ADD PRIMARY KEY (d)",
                "CREATE TABLE looks (d date REFERENCES parted)",
                "CREATE EXTENSION pg_stat_statements");
        takeRestorePoint();

        var constraints =
                Objects.requireNonNull(Manifest.load(point(), VAULT).database()).constraints();
        assertThat(constraints)
                .contains(
                        new Constraints("Odd schema", "a \"table", "primary keys", 1, 1),
                        new Constraints("public", "positive", "check constraints", 1, 1),
                        new Constraints("public", "parents", "unique constraints", 1, 1),
                        new Constraints("public", "parents", "valid indexes", 2, 2),
                        new Constraints("public", "children", "foreign keys", 1, 1),
                        new Constraints("public", "children", "check constraints", 2, 1),
                        new Constraints("public", "children", "valid indexes", 1, 1),
                        new Constraints("public", "looks", "foreign keys", 1, 1),
                        new Constraints("public", "parted", "primary keys", 1, 1))
                .noneMatch(it -> it.table().startsWith("pg_"));
        restore(step());
        try (var restored = postgres.connect(name)) {
            assertThat(Constraints.of(sql -> Sql.rows(restored, sql))).isEqualTo(constraints);
            Sql.execute(restored, "ALTER TABLE children DROP CONSTRAINT children_id_fkey");
            Sql.execute(restored, "ALTER TABLE children DROP CONSTRAINT children_size_check");
            Sql.execute(restored, "DROP INDEX children_size_idx");
            assertThat(Constraints.missing(constraints, Constraints.of(sql -> Sql.rows(restored, sql))))
                    .containsExactly(
                            "public.children: 1 check constraints instead of 2",
                            "public.children: 0 foreign keys instead of 1",
                            "public.children: 0 valid indexes instead of 1");
        }
    }

    @Test
    void leavesTheLiveDatabaseAloneWhereAConstraintIsMissing() throws Exception {
        dump();
        var record = point().dumpRecord(name);
        Files.writeString(
                record,
                Files.readString(record)
                        .replaceFirst(
                                "\"kind\" : \"primary keys\",\\s+\"all\" : 1,\\s+\"valid\" : 1",
                                "\"kind\" : \"primary keys\", \"all\" : 2, \"valid\" : 2"));
        writeManifest();
        verify();
        postgres.sql(name, "INSERT INTO keyless VALUES ('live')");

        assertMismatch(() -> restore(step()), "Odd schema.a \"table: 1 primary keys instead of 2");
        assertThat(postgres.value(name, "SELECT count(*) FROM keyless")).isEqualTo("4");
        assertThat(postgres.databases()).doesNotContain(name + "__restore_" + id);
    }

    @Test
    void countsTheRowsOfTheVerySnapshotThatIsDumped() throws Exception {
        var stop = new AtomicBoolean();
        var writer = Thread.ofVirtual().start(() -> {
            try (var connection = postgres.connect(name)) {
                while (!stop.get()) {
                    Sql.execute(connection, "INSERT INTO keyless VALUES ('while dumping')");
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        try {
            takeRestorePoint();
        } finally {
            stop.set(true);
            writer.join();
        }

        restore(step());

        assertThat(Long.parseLong(postgres.value(name, "SELECT count(*) FROM keyless")))
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void leavesNoDumpBehindWhenItIsCancelled() throws Exception {
        assertThatThrownBy(() -> new DumpDatabaseHandler(engines, VAULT)
                        .execute(dumpAction(), step().killedAtNote("copying the dump")))
                .isInstanceOf(StepCancelledException.class);
        assertThatThrownBy(() -> new DumpDatabaseHandler(engines, VAULT)
                        .execute(dumpAction(), step().killedAtNote("counting rows")))
                .isInstanceOf(StepCancelledException.class);

        assertThat(point().hasDump(name)).isFalse();
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> postgres.value(
                                "postgres",
                                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rollback-%'")
                        .equals("0"));
    }

    @Test
    void endsTheDumpOfAWorkerThatWasKilled() throws Exception {
        try (var orphan = postgres.connect(name)) {
            Sql.execute(orphan, "SET application_name = '" + PostgresTools.session("dump", step()) + "'");

            dump();

            assertThatThrownBy(() -> Sql.execute(orphan, "SELECT 1")).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void saysThatTheDatabaseDoesNotAnswer() {
        var silent = new Database("postgres", name, "freedom", "jdbc:postgresql://127.0.0.1:1/kb", null, List.of());

        for (var act : List.<ThrowingCallable>of(
                () -> new DumpDatabaseHandler(engines, VAULT)
                        .execute(
                                new DumpDatabase(
                                        postgres.compose(),
                                        silent,
                                        point().directory().toString(),
                                        2),
                                step()),
                () -> new SealDatabaseHandler().execute(new SealDatabase(silent, false), step()),
                () -> new SwapDatabaseBackHandler(engines, Duration.ofSeconds(1))
                        .execute(new SwapDatabaseBack(postgres.compose(), silent), step()))) {
            assertThatThrownBy(act)
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE))
                    .hasMessageContaining("PostgreSQL does not answer");
        }
    }

    @Test
    void saysWhetherThePasswordOrTheNameIsWrong() {
        var url = database.getJdbcUrl();
        var wrongPassword = new Database("postgres", name, "freedom", url, "guess", List.of());
        var wrongName = postgres.database("elsewhere");

        assertThatThrownBy(() -> new SealDatabaseHandler().execute(new SealDatabase(wrongPassword, false), step()))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("refuses role freedom")
                .hasMessageNotContaining("guess");
        assertThatThrownBy(() -> new SealDatabaseHandler().execute(new SealDatabase(wrongName, false), step()))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("there is no database elsewhere");
    }

    @Test
    void sealsTheDatabaseAndNamesWhoWasStillConnected() throws Exception {
        try (var left = postgres.connect(name)) {
            Sql.execute(left, "SET application_name = 'forgotten job'");

            var done = new SealDatabaseHandler().execute(new SealDatabase(database, false), step());

            assertThat(done.detail()).contains("3 tables, 5,004 rows").contains("ended 1 sessions: forgotten job");
            assertThat(done.result()).isInstanceOfSatisfying(DatabaseSealed.class, seal -> {
                assertThat(seal.getLsn()).contains("/");
                assertThat(seal.getTables()).hasSize(3);
            });
        }
    }

    @Test
    void sealsWithoutTheRightToCheckpoint() throws Exception {
        postgres.sql(
                "postgres",
                "CREATE ROLE plain LOGIN PASSWORD '" + PostgresContainer.PASSWORD + "'",
                "CREATE DATABASE plain OWNER plain");
        try {
            var plain = postgres.database("plain");
            var done = new SealDatabaseHandler()
                    .execute(
                            new SealDatabase(
                                    new Database(
                                            plain.getService(),
                                            "plain",
                                            "plain",
                                            plain.getJdbcUrl(),
                                            plain.getPassword(),
                                            List.of()),
                                    true),
                            step());

            assertThat(done.detail())
                    .contains("no checkpoint", "pg_checkpoint", "WAL NOT archived: there is no replication slot");
        } finally {
            postgres.sql("postgres", "DROP DATABASE plain WITH (FORCE)", "DROP ROLE plain");
        }
    }

    @Test
    void copiesDataOutOfAContainer() throws Exception {
        postgres.exec("sh", "-c", "mkdir -p /srv/data/sub && echo 1 >/srv/data/a && echo 2 >/srv/data/sub/b");
        var action = containerData("postgres", "/srv/data");

        var done = new CopyContainerDataHandler(engines, VAULT, InstantSource.system()).execute(action, step());

        assertThat(done.result()).isEqualTo(new DataArchived(2, 4L));
        var copy = Vaults.unpacked(point(), point().containerData("postgres"));
        assertThat(copy.resolve("data/sub/b")).hasContent("2");
        assertThat(new CopyContainerDataHandler(engines, VAULT, InstantSource.system()).probe(action, step()))
                .isInstanceOf(Probe.Applied.class);
    }

    @Test
    void findsNothingToCopyWithoutFailing() throws Exception {
        var handler = new CopyContainerDataHandler(engines, VAULT, InstantSource.system());

        assertThat(handler.execute(containerData("postgres", "/app/data"), step())
                        .detail())
                .isEqualTo("no /app/data in postgres: nothing to keep");
        assertThat(handler.execute(containerData("kb-service", "/app/data"), step())
                        .detail())
                .isEqualTo("no container of kb-service: nothing to keep");
        assertThat(point().containerData("postgres")).doesNotExist();
    }

    private RunningStep step() {
        return new RunningStep(id);
    }

    private RestorePoint point() throws StepFailure {
        return RestorePoint.at(temp.resolve(id).toString());
    }

    private Object takeRestorePoint() throws Exception {
        var dumped = dump();
        writeManifest();
        verify();
        return dumped.result();
    }

    private DumpDatabase dumpAction() throws StepFailure {
        return new DumpDatabase(
                postgres.compose(), database, point().directory().toString(), 2);
    }

    private Completed dump() throws Exception {
        return new DumpDatabaseHandler(engines, VAULT).execute(dumpAction(), step());
    }

    private void writeManifest() throws Exception {
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(
                        new WriteManifest(
                                point().directory().toString(), "freedom", name, false, "restore-point", null),
                        step());
    }

    private Completed verify() throws StepFailure, InterruptedException {
        return new VerifyRestorePointHandler(engines, VAULT, InstantSource.system())
                .execute(
                        new VerifyRestorePoint(
                                postgres.compose(), point().directory().toString(), database, false),
                        step());
    }

    private RestoreDatabase restoreAction() throws StepFailure {
        return new RestoreDatabase(
                postgres.compose(), database, point().directory().toString(), 2, null, null);
    }

    private Completed restore(RunningStep step) throws StepFailure, InterruptedException {
        return new RestoreDatabaseHandler(engines, VAULT, InstantSource.system()).execute(restoreAction(), step);
    }

    private Completed swapBack(RunningStep step) throws StepFailure, InterruptedException {
        return new SwapDatabaseBackHandler(engines).execute(new SwapDatabaseBack(postgres.compose(), database), step);
    }

    private CopyContainerData containerData(String service, String path) throws StepFailure {
        return new CopyContainerData(
                postgres.compose(), service, path, point().directory().toString());
    }

    private Path biggestDumpFile() throws Exception {
        try (var files = Files.list(point().dump(name))) {
            return files.filter(f -> f.toString().endsWith(".gz.age"))
                    .max(Comparator.comparingLong(f -> f.toFile().length()))
                    .orElseThrow();
        }
    }

    private static String digest(String database) throws SQLException {
        return postgres.value(
                database,
                "SELECT string_agg(note, ',' ORDER BY id) FROM \"Odd schema\".\"a \"\"table\" WHERE id IN (1, 10)");
    }

    private static void assertMismatch(ThrowingCallable act, String part) {
        assertThatThrownBy(act)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining(part);
    }
}
