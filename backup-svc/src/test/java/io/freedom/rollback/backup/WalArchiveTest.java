package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CopyWalArchive;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DerivePointInTime;
import io.freedom.rollback.schemas.action.FetchWalArchive;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.SealDatabase;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WalArchiveCopied;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Staging;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** All that a server commits is archived, and any moment of it becomes a restore point. */
@Tag("engine")
@Order(1)
@ResourceLock("derive-freedom")
class WalArchiveTest {
    private static final String DATABASE = "shop";
    private static final String SECRET = "only-who-has-the-key-reads-this";

    @TempDir
    private Path temp;

    private PostgresContainer postgres;
    private EngineProvider engines;
    private WalArchive archive;
    private final InstantSource clock = InstantSource.system();
    private KeepWalArchiveHandler worker;
    private WalFeed.Window window = WalFeed.Window.DEFAULT;

    @BeforeEach
    void startAServer() throws Exception {
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        worker = worker();
        archive = WalArchive.of(temp.toString(), "freedom");
        postgres.sql("postgres", "CREATE DATABASE " + DATABASE);
        postgres.sql(DATABASE, "CREATE TABLE orders (id int)");
    }

    @AfterEach
    void leavesNoContainerBehind() throws Exception {
        var ours = containers();
        if (!ours.isEmpty()) {
            PostgresContainer.docker(("rm --force --volumes " + String.join(" ", ours)).split(" "));
        }
        postgres.close();
        engines.close();
        assertThat(PostgresContainer.docker(
                        "ps", "--all", "--quiet", "--filter", "label=io.freedom.rollback.beside=derive-freedom"))
                .isEmpty();
    }

    private static List<String> containers() throws Exception {
        return PostgresContainer.docker("ps", "--all", "--quiet", "--filter", "label=io.freedom.rollback.wal=freedom")
                .lines()
                .toList();
    }

    private static RunningStep step() {
        return new RunningStep("rb-derived");
    }

    private KeepWalArchiveHandler worker() {
        return new KeepWalArchiveHandler(engines, VAULT, clock);
    }

    private KeepWalArchive.Builder action() {
        return KeepWalArchive.newBuilder()
                .setPlatform("freedom")
                .setCompose(postgres.compose())
                .setDatabase(postgres.database(DATABASE))
                .setDirectory(temp.toString())
                .setBaseEvery(Duration.ofHours(24).toMillis())
                .setKeepFor(Duration.ofDays(7).toMillis())
                .setBound(1L << 30)
                .setReserve(1 << 20);
    }

    private WalArchiveKept keep(KeepWalArchive action, RunningStep step) throws StepFailure, InterruptedException {
        return (WalArchiveKept) worker.execute(action, step).result();
    }

    private WalArchiveKept keep() throws StepFailure, InterruptedException {
        return keep(action().build(), step());
    }

    /** Until moments can be derived. */
    private WalArchiveKept kept() {
        var kept = new AtomicReference<WalArchiveKept>();
        await().atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    var look = keep();
                    kept.set(look);
                    return look.getFault() == null && !look.getBusy();
                });
        return kept.get();
    }

    private void order(int id) throws Exception {
        postgres.sql(DATABASE, "INSERT INTO orders VALUES (" + id + ")");
    }

    private String now() throws Exception {
        return postgres.value(
                "postgres",
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
    }

    private PointInTimeDerived derive(String moment, RunningStep step) throws StepFailure, InterruptedException {
        return derive(moment, step, VAULT);
    }

    private PointInTimeDerived derive(String moment, RunningStep step, Vault vault)
            throws StepFailure, InterruptedException {
        var action = DerivePointInTime.newBuilder()
                .setPlatform("freedom")
                .setCompose(postgres.compose())
                .setDatabase(postgres.database(DATABASE))
                .setBackups(temp.toString())
                .setDirectory(point().directory().toString())
                .setPointInTime(moment)
                .setReserve(1 << 20)
                .build();
        return (PointInTimeDerived) new DerivePointInTimeHandler(engines, vault, clock, window)
                .execute(action, step)
                .result();
    }

    private StepFailure refused(String moment) {
        return catchThrowableOfType(StepFailure.class, () -> derive(moment, step()));
    }

    private RestorePoint point() throws StepFailure {
        return RestorePoint.at(temp.resolve("rb-derived").toString());
    }

    private long dumpedRows() throws Exception {
        return Json.read(point().dumpRecord(DATABASE), DumpRecord.class).tables().stream()
                .mapToLong(DumpRecord.Rows::rows)
                .sum();
    }

    @Test
    void makesARestorePointOfAnyMoment() throws Exception {
        // What a recovery before has left.
        postgres.sql(
                "postgres", "CREATE ROLE reader PASSWORD 'only-for-tests'", "GRANT CONNECT ON DATABASE shop TO reader");
        postgres.sql("postgres", "ALTER SYSTEM SET recovery_target_xid = '5'", "ALTER SYSTEM SET lc_messages = 'C'");
        order(1);
        var first = kept();
        order(2);
        var between = now();
        order(3);
        String position;
        try (var open = postgres.connect(DATABASE)) {
            open.setAutoCommit(false);
            Sql.execute(open, "INSERT INTO orders VALUES (4)");
            position = postgres.value("postgres", "SELECT pg_current_wal_insert_lsn()");
            open.commit();
        }

        var derived = derive(between, step());

        assertThat(dumpedRows()).isEqualTo(2);
        try (var live = postgres.connect("postgres")) {
            assertThat(Json.parse(Vaults.text(point().globals()), point().globals(), Globals.class))
                    .isEqualTo(Globals.of(sql -> Sql.rows(live, sql), List.of(DATABASE, "freedom")));
        }
        assertThat(derived.getRows()).isEqualTo(2);
        assertThat(derived.getServerVersion()).startsWith("15.");
        assertThat(derived.getAsOf()).isEqualTo(Instant.parse(between).truncatedTo(ChronoUnit.MILLIS));
        assertThat(derived.getLastCommit()).isBefore(Instant.parse(between));
        assertThat(first.getFrom()).isBefore(derived.getAsOf());
        assertThat(first.getBases()).isEqualTo(1);
        assertThat(derive("lsn:" + position, step()).getRows()).isEqualTo(3);
        assertThat(derive("latest", step()).getRows()).isEqualTo(4);
    }

    @Test
    void restoresWhatItDerivedLikeAnyRestorePoint() throws Exception {
        kept();
        order(1);
        var before = now();
        postgres.sql(DATABASE, "DELETE FROM orders");
        var derived = derive(before, step());
        var directory = point().directory().toString();
        Vaults.manifests(VAULT, clock)
                .execute(
                        new WriteManifest(directory, "freedom", DATABASE, false, "restore-point-derive", null),
                        step().after(derived));
        new VerifyRestorePointHandler(engines, VAULT, clock)
                .execute(
                        new VerifyRestorePoint(postgres.compose(), directory, postgres.database(DATABASE), false),
                        step());

        new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                .execute(
                        RestoreDatabase.newBuilder()
                                .setCompose(postgres.compose())
                                .setDatabase(postgres.database(DATABASE))
                                .setRestorePoint(directory)
                                .build(),
                        step());

        assertThat(postgres.value(DATABASE, "SELECT count(*) FROM orders")).isEqualTo("1");
        assertThat(Manifest.load(point(), VAULT).createdAt()).isEqualTo(derived.getAsOf());
        assertThat(keep().getFault()).as("it goes on").isNull();
    }

    @Test
    void hasAllThatWasAcknowledgedWhenTheServerIsLost() throws Exception {
        kept();
        for (int id = 1; id <= 200; id++) {
            order(id);
        }
        postgres.sql(DATABASE, "BEGIN; INSERT INTO orders VALUES (0); ROLLBACK");
        postgres.kill();

        assertThat(derive("latest", step()).getRows()).isEqualTo(200);
    }

    @Test
    void knowsWhatItIsToldWhenItCannotAskAnyMore() throws Exception {
        kept();
        order(1);
        var until = keep().getUntil();
        postgres.kill();

        assertThat(derive(until.toString(), step()).getRows()).isEqualTo(1);
        var beyond = refused(until.plusSeconds(60).toString());
        assertThat(beyond.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(beyond.text()).contains("is not in the WAL archive, which reaches from ", "choose a moment in it");
        var fault = keep();
        assertThat(fault.getFault()).contains("has no running container");
        assertThat(fault.getUntil()).isEqualTo(until);
        assertThat(containers()).isEmpty();
    }

    @Test
    void goesToTheStoreAndComesBackAfterTheDiskWasLost() throws Exception {
        TrustedSchemas.trust();
        try (var server = new S3Server(Files.createDirectories(temp.resolve("s3")))) {
            var often = action().setSwitchAfter(1).build();
            kept();
            int before = archive.current().orElseThrow().marks().size();
            order(1);
            keep(often, step());
            var marks = archive.current().orElseThrow().marks();
            assertThat(marks).as("a segment was finished").hasSize(before + 1);
            keep(often, step());
            assertThat(archive.current().orElseThrow().marks())
                    .as("but none that nobody has written to")
                    .isEqualTo(marks);
            var look = (WalArchiveCopied) new CopyWalArchiveHandler(VAULT, clock)
                    .execute(
                            new CopyWalArchive("freedom", temp.toString(), server.store(), 604_800_000L, 900_000L),
                            step())
                    .result();
            assertThat(look.getFault()).isNull();
            assertThat(look.getUntil())
                    .as("with what nobody wrote")
                    .isAfter(marks.getLast().at());
            order(2);
            for (var container : containers()) {
                PostgresContainer.docker("rm", "--force", "--volumes", container);
            }
            PrivateFiles.delete(archive.root());
            var moment = marks.getLast().at().toString();
            assertThat(refused(moment).text()).startsWith("there is no WAL archive");

            new FetchWalArchiveHandler(clock)
                    .execute(new FetchWalArchive("freedom", temp.toString(), server.store(), moment, 0L), step());

            assertThat(derive(moment, step()).getRows()).isEqualTo(1);
            assertThat(keep().getNotes()).anyMatch(note -> note.startsWith("a gap: it was fetched from the store"));
            assertThat(archive.runs()).hasSize(2);
            assertThat(refused(Instant.now().toString()).text()).contains("is not in the WAL archive");
        }
    }

    @Test
    void boundsWhatTheServerKeepsForIt() throws Exception {
        var first = keep();

        assertThat(first.getNotes()).contains("set max_slot_wal_keep_size of the server to 1.0 GiB");
        await().until(() ->
                postgres.value("postgres", "SHOW max_slot_wal_keep_size").equals("1GB"));
        assertThat(keep().getNotes()).noneMatch(note -> note.contains("max_slot"));
    }

    @Test
    void beginsToFetchAgainWhenTheServerHasStartedAnew() throws Exception {
        kept();
        postgres.restart();
        order(1);

        var again = keep();

        assertThat(again.getFault()).isNull();
        assertThat(again.getNotes()).anyMatch(note -> note.startsWith("began to fetch"));
        assertThat(archive.runs()).hasSize(1);
        assertThat(derive("latest", step()).getRows()).isEqualTo(1);
    }

    @Test
    void beginsARunOfItsOwnWhereWalIsMissing() throws Exception {
        order(1);
        kept();
        var before = now();
        keep();
        postgres.sql(DATABASE, "SELECT pg_switch_wal()", "INSERT INTO orders VALUES (2)", "SELECT pg_switch_wal()");
        keep();
        var run = archive.current().orElseThrow();
        try (var files = Files.list(run.wal())) {
            Files.delete(files.filter(file -> !file.toString().endsWith(".partial"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow());
        }

        var look = keep();

        assertThat(look.getNotes()).anyMatch(note -> note.startsWith("a gap: segment ") && note.contains("is missing"));
        kept();
        assertThat(archive.runs()).hasSize(2);
        assertThat(derive("latest", step()).getRows()).isEqualTo(2);
        assertThat(derive(before, step()).getRows()).as("of the run before").isEqualTo(1);
    }

    @Test
    void beginsARunOfItsOwnWhereTheServerKeptNothing() throws Exception {
        kept();
        for (var container : containers()) {
            PostgresContainer.docker("rm", "--force", "--volumes", container);
        }
        await().ignoreExceptions()
                .until(() -> postgres.value(
                                "postgres",
                                "SELECT pg_drop_replication_slot('" + WalSource.slot("freedom") + "')::text || 'x'")
                        .equals("x"));

        assertThat(keep().getNotes()).anyMatch(note -> note.contains("its replication slot"));
        assertThat(archive.runs()).hasSize(2);
    }

    @Test
    void findsWalThatIsDamaged() throws Exception {
        kept();
        postgres.sql(DATABASE, "INSERT INTO orders SELECT generate_series(1, 1000)");
        keep();
        var run = archive.current().orElseThrow();
        var covered = run.covered().orElseThrow().position();
        var file = run.wal()
                .resolve("00000001"
                        + Lsn.fileOf(
                                covered.segment(run.about().segmentSize()),
                                run.about().segmentSize())
                        + ".partial");
        postgres.kill();
        var bytes = Files.readAllBytes(file);
        int end = (int) (covered.bytes() % run.about().segmentSize());
        for (int i = end - 200; i < end; i++) {
            bytes[i] ^= 0x55;
        }
        Files.write(file, bytes);

        var damaged = refused("latest");

        assertThat(damaged.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(damaged.text()).startsWith("the WAL archive is damaged: its replay ends at ");
        assertThat(refused(run.covered().orElseThrow().at().toString()).text())
                .startsWith("the WAL archive is damaged: its replay ends before that moment");
    }

    @Test
    void leavesTheRoomToRestorePoints() throws Exception {
        kept();

        var making = archive.current().orElseThrow().making();
        Files.writeString(Files.createDirectory(making.resolve("half-made")).resolve("base.tar.gz"), "x");

        var look = keep(action().setReserve(Long.MAX_VALUE / 4).build(), step());

        assertThat(making).as("what fills the disk is not kept").isEmptyDirectory();

        assertThat(look.getFault()).contains("less than backups.reserve", "free space");
        assertThat(look.getUntil()).isNotNull();
        assertThat(containers()).isEmpty();
        order(1);
        assertThat(kept().getNotes()).isNotNull();
        assertThat(archive.runs()).as("the server kept what was not fetched").hasSize(1);
    }

    @Test
    void keepsNothingAndFetchesNothingOnceNobodyWantsIt() throws Exception {
        kept();

        var ended = keep(action().setWanted(false).build(), step());

        assertThat(containers()).isEmpty();
        assertThat(postgres.value("postgres", "SELECT count(*) FROM pg_replication_slots"))
                .isEqualTo("0");
        assertThat(ended.getFrom()).as("what it has stays").isNotNull();
        assertThat(keep(action().setWanted(false).build(), step()).getFault()).isNull();
    }

    @Test
    void bearsWorkersThatAreKilledAnywhere() throws Exception {
        killedEverywhere();
        awaitBaseBackup();
        killedEverywhere();
        assertThat(archive.runs()).as("nothing was begun twice").hasSize(1);
        assertThat(kept().getBases()).isEqualTo(1);
        assertThat(containers()).as("only what fetches").hasSize(1);
        order(1);

        assertThatThrownBy(() -> derive("latest", step().killedAtNote("replaying")))
                .isInstanceOf(StepCancelledException.class);
        assertThatThrownBy(() -> derive("latest", step().killedAtNote("unpacking")))
                .isInstanceOf(StepCancelledException.class);
        assertThat(derive("latest", step()).getRows()).isEqualTo(1);
    }

    /** At one place after the other, until a look comes to its end. */
    private void killedEverywhere() throws Exception {
        for (int checkpoint = 1; checkpoint < 100; checkpoint++) {
            try {
                keep(action().build(), step().killedAtCheckpoint(checkpoint));
                assertThat(checkpoint).isGreaterThan(2);
                return;
            } catch (StepCancelledException e) {
                assertThat(e).hasMessageContaining("killed");
            }
        }
        throw new AssertionError("it never ends");
    }

    private void awaitBaseBackup() {
        await("the base backup")
                .atMost(Duration.ofMinutes(1))
                .until(() -> !archive.current().orElseThrow().finishedBases().isEmpty());
    }

    @Test
    void takesOverABaseBackupWhoseWorkerWasKilledRightAfterThat() throws Exception {
        keep();
        awaitBaseBackup();
        worker = worker();

        assertThat(keep().getNotes()).anyMatch(note -> note.startsWith("base backup "));
        assertThat(kept().getBases()).isEqualTo(1);
        assertThat(containers()).hasSize(1);
    }

    /** Each is finished, and the next one begun. */
    private void segments(int from, int to) throws Exception {
        for (int id = from; id <= to; id++) {
            postgres.sql(DATABASE, "INSERT INTO orders VALUES (" + id + ")", "SELECT pg_switch_wal()");
        }
    }

    private List<WalFile> files() throws Exception {
        var run = archive.current().orElseThrow();
        return WalFile.in(run.wal(), run.about().segmentSize());
    }

    private Path base() throws Exception {
        var run = archive.current().orElseThrow();
        return new BaseArchive(run.base(run.complete().getLast().id()), VAULT).file();
    }

    private static void flip(Path file) throws Exception {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var one = ByteBuffer.allocate(1);
            channel.read(one, channel.size() / 2);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 1)}), channel.size() / 2);
        }
    }

    @Test
    void leavesNothingToReadButTheSegmentThatIsBeingWritten() throws Exception {
        postgres.sql(DATABASE, "CREATE TABLE secrets (text text)", "INSERT INTO secrets VALUES ('" + SECRET + "')");
        kept();
        var until = "";
        for (int i = 0; i < 3; i++) {
            postgres.sql(
                    DATABASE,
                    "INSERT INTO secrets VALUES ('" + SECRET + "')",
                    "SELECT pg_switch_wal()",
                    "INSERT INTO orders VALUES (1)");
            until = now();
            keep();
        }
        kept();

        assertThat(files()).hasSizeGreaterThan(3);
        var plain = files().stream().filter(WalFile::isPlain).toList();
        assertThat(plain).containsExactly(files().getLast());
        try (var all = Files.walk(archive.root())) {
            for (var file : all.filter(Files::isRegularFile)
                    .filter(file -> !file.equals(plain.getFirst().path()))
                    .toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(SECRET);
                assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PrivateFiles.FILE);
            }
        }
        try (var in = VAULT.open(files().get(files().size() - 3).path())) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .hasSize(16 << 20)
                    .contains(SECRET);
        }
        assertThat(derive(until, step()).getRows()).isEqualTo(1 + 3 + 3);
    }

    @Test
    void namesWhatIsDamagedAndTheKeyThatIsMissing() throws Exception {
        kept();
        order(1);
        var before = now();
        segments(2, 5);
        keep();
        var last = files().stream()
                .filter(file -> !file.isPlain())
                .toList()
                .getLast()
                .path();
        var key = temp.resolve("another.key");
        BackupKeys.generate(key);

        var locked = catchThrowableOfType(
                StepFailure.class, () -> derive("latest", step(), new Vault(key, true, List.of())));

        assertThat(locked.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(locked.text()).contains("is encrypted for another key than those in " + key, "add the one that was");
        flip(last);
        var damaged = refused("latest");
        assertThat(damaged.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(damaged.text())
                .startsWith("the WAL archive is damaged: " + last + " was changed after it was written")
                .contains("choose a moment before, or a restore point");
        assertThat(derive(before, step()).getRows())
                .as("what lies behind is not needed")
                .isEqualTo(1);
        flip(base());
        var useless = refused("latest");
        assertThat(useless.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(useless.text())
                .contains(base() + " was changed after it was written", "derive a moment before it was taken");
    }

    private Completed proving(Vault vault) throws StepFailure, InterruptedException {
        var action = new ProveWalArchive(
                "freedom", postgres.compose(), postgres.database(DATABASE), temp.toString(), 1L << 20);
        return new ProveWalArchiveHandler(engines, vault, clock).execute(action, step());
    }

    private WalArchiveProven prove(Vault vault) throws StepFailure, InterruptedException {
        return (WalArchiveProven) proving(vault).result();
    }

    private StepFailure unproven(Vault vault) {
        return catchThrowableOfType(StepFailure.class, () -> prove(vault));
    }

    @Test
    void isProvenByRecoveringAServerAndNamesWhatKeepsItFromIt() throws Exception {
        kept();
        postgres.sql(DATABASE, "CREATE TABLE lines (id int PRIMARY KEY)");
        segments(1, 3);
        postgres.sql(DATABASE, "INSERT INTO lines SELECT generate_series(1, 1000)");
        var written = Lsn.of(postgres.value("postgres", "SELECT pg_current_wal_lsn()"))
                .orElseThrow();
        var began = Instant.now();

        var proven = prove(VAULT);

        assertThat(Lsn.of(proven.getLsn()).orElseThrow())
                .as("to the last commit")
                .isGreaterThanOrEqualTo(written);
        assertThat(proven.getUntil()).isAfter(began.minusSeconds(5));
        assertThat(proven.getServerVersion()).startsWith("15.");
        assertThat(proven.getRows()).isEqualTo(3 + 1000);
        assertThat(proven.getDatabases()).as("shop, freedom, postgres").isEqualTo(3);
        assertThat(proven.getChecked()).as("by amcheck").isTrue();

        var key = temp.resolve("another.key");
        BackupKeys.generate(key);
        var locked = unproven(new Vault(key, true, List.of()));
        assertThat(locked.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(locked.text()).contains("is encrypted for another key than those in " + key);

        keep();
        var sealed = files().stream()
                .filter(file -> !file.isPlain())
                .toList()
                .getLast()
                .path();
        flip(sealed);
        var damaged = unproven(VAULT);
        assertThat(damaged.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(damaged.text())
                .startsWith("the WAL archive is damaged: " + sealed + " was changed after it was written");
        assertThat(kept().getBases())
                .as("another base backup, without waiting for a day")
                .isEqualTo(2);
        assertThat(prove(VAULT).getRows()).as("that needs nothing damaged").isEqualTo(3 + 1000);

        Files.delete(sealed);
        assertThat(proving(VAULT).detail())
                .as("recovery from the newer base backup does not need it")
                .matches(".*; NOT the moments before: segment [0-9A-F]+ is missing");
        int known = files().size();
        segments(4, 7);
        assertThat(prove(VAULT).getRows()).isEqualTo(7 + 1000);
        Files.delete(files().get(known).path());
        assertThat(unproven(VAULT).text()).matches("the WAL archive is damaged: segment [0-9A-F]+ is missing in .*");
    }

    @Test
    void healsWhatAWorkerLeavesThatIsKilledWhileItSeals() throws Exception {
        kept();
        segments(1, 3);
        var finished = archive.current().orElseThrow().finished().stream()
                .filter(WalFile::isPlain)
                .toList();
        assertThat(finished).hasSizeGreaterThan(1);
        var halfWritten = VAULT.sealed(finished.get(0).path(), true);
        var half = halfWritten.resolveSibling(Staging.PREFIX + "x-" + halfWritten.getFileName());
        Files.writeString(half, "half");
        Files.setLastModifiedTime(half, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        // Its plain one is removed last.
        Files.copy(finished.get(1).path(), VAULT.sealed(finished.get(1).path(), true));

        for (int checkpoint = 1; checkpoint < 20; checkpoint++) {
            try {
                keep(action().build(), step().killedAtCheckpoint(checkpoint));
                break;
            } catch (StepCancelledException e) {
                assertThat(e).hasMessageContaining("killed");
            }
        }

        assertThat(files().stream().filter(WalFile::isPlain)).hasSize(1);
        try (var left = Files.list(archive.current().orElseThrow().wal())) {
            assertThat(left.map(Path::getFileName).map(Path::toString)).noneMatch(name -> name.startsWith("."));
        }
        assertThat(derive("latest", step()).getRows()).isEqualTo(3);
    }

    @Test
    void takesOverAnArchiveInClear() throws Exception {
        kept();
        segments(1, 3);
        keep();
        asAReleaseBeforeLeftIt();

        assertThat(derive("latest", step()).getRows()).isEqualTo(3);
        keep();
        await().atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(base().getFileName()).hasToString("base.tar.gz.age"));
        assertThat(files().stream().filter(WalFile::isPlain)).hasSize(1);
        assertThat(derive("latest", step()).getRows()).isEqualTo(3);
    }

    @Test
    void givesTheServerThatReplaysAFewSegmentsAtATime() throws Exception {
        kept();
        segments(1, 12);
        keep();

        window = new WalFeed.Window(32 << 20, 32 << 20);

        assertThat(derive("latest", step()).getRows()).isEqualTo(12);
    }

    /** As docs/operations.md says. */
    private static final String BY_HAND = """
            set -e -o pipefail
            mkdir -m 700 data wal
            age -d -i $KEY $RUN/base/*/base.tar.zst.age | zstd -d | tar x --numeric-owner -C data
            for f in $RUN/wal/*.age; do age -d -i $KEY $f | zstd -d > wal/$(basename $f .zst.age); done
            find $RUN/wal -type f ! -name '*.age' -exec cp {} wal ';'
            for f in wal/*.partial; do mv -n $f ${f%.partial}; done
            touch data/recovery.signal
            chmod -R a+rX wal && chown -R --reference=data/PG_VERSION data
            """;

    @Test
    void isRecoveredByHandWithNothingOfOurs() throws Exception {
        kept();
        segments(1, 2);
        order(3);
        var until = now();
        order(4);
        keep();
        var hand = Files.createDirectory(temp.resolve("hand"));
        Command.in(hand, List.of("bash", "-c", BY_HAND))
                .environment("KEY", Vaults.KEYS.toString())
                .environment("RUN", archive.current().orElseThrow().folder().toString())
                .check();

        var id = PostgresContainer.docker(
                "create",
                "--network=none",
                "--env=PGDATA=/hand/data",
                "--env=POSTGRES_PASSWORD=x",
                "--volume=" + hand + ":/hand",
                "rollback-local/postgres:15",
                "postgres",
                "-crestore_command=cp /hand/wal/%f %p",
                "-crecovery_target_time=" + until.replace("T", " ").replace("Z", "+00"),
                "-crecovery_target_action=promote");
        try {
            PostgresContainer.docker("start", id);
            await().atMost(Duration.ofMinutes(1))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(PostgresContainer.docker(
                                    "exec", id, "psql", "-U", "freedom", "-d", DATABASE, "-tAc", "TABLE orders"))
                            .isEqualTo("1\n2\n3"));
        } finally {
            PostgresContainer.docker("rm", "--force", "--volumes", id);
        }
    }

    private void asAReleaseBeforeLeftIt() throws Exception {
        for (var file : files()) {
            if (!file.isPlain()) {
                try (var in = VAULT.open(file.path())) {
                    Files.copy(in, file.plain());
                }
                Files.delete(file.path());
            }
        }
        var sealed = base();
        var folder = sealed.getParent();
        try (var in = new TarArchiveInputStream(VAULT.open(sealed));
                var out = Archive.tar(new GZIPOutputStream(Files.newOutputStream(folder.resolve("base.tar.gz"))))) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (entry.getName().equals(BackupManifest.NAME)) {
                    Files.copy(in, folder.resolve(BackupManifest.NAME));
                    continue;
                }
                out.putArchiveEntry(entry);
                in.transferTo(out);
                out.closeArchiveEntry();
            }
        }
        Files.delete(sealed);
    }

    @Test
    void saysWhatToDoAboutTablespaces() throws Exception {
        postgres.exec("sh", "-c", "mkdir /var/lib/space && chown postgres /var/lib/space");
        postgres.sql("postgres", "CREATE TABLESPACE fast LOCATION '/var/lib/space'");

        assertThat(keep().getFault())
                .contains("tablespaces of its own (fast)", "move what is in them to pg_default and drop them");
    }

    @Test
    void noticesThatWhatIsFetchedGoesElsewhere() throws Exception {
        kept();
        var run = archive.current().orElseThrow();
        Files.move(run.wal(), run.folder().resolve("elsewhere")); // the container writes there now
        Files.createDirectory(run.wal());

        assertThat(keep().getFault()).contains("does not come into " + run.wal(), "under the same path");
        assertThat(containers()).isEmpty();
    }

    @Test
    void setsNoBoundForTheSlotsOfOthers() throws Exception {
        postgres.value("postgres", "SELECT slot_name FROM pg_create_physical_replication_slot('standby')");

        var look = keep();

        assertThat(look.getFault())
                .contains("replication slots of others (standby)", "set it to what they can do with");
        assertThat(postgres.value("postgres", "SHOW max_slot_wal_keep_size")).isEqualTo("-1");
        assertThat(containers()).isEmpty();
    }

    /** After the colon of what a look says. */
    private void asASuperuser(String said, String from) throws Exception {
        postgres.sql(DATABASE, said.substring(said.indexOf(from)).split("; "));
    }

    @Test
    void saysWhatToGrantToARoleThatIsNoSuperuser() throws Exception {
        postgres.sql(
                DATABASE,
                "CREATE ROLE \"the-archiver\" LOGIN REPLICATION PASSWORD '" + PostgresContainer.PASSWORD + "'");
        var action = action().setSwitchAfter(1)
                .setDatabase(Database.newBuilder(postgres.database(DATABASE))
                        .setUser("the-archiver")
                        .build())
                .build();
        var unbounded = keep(action, step()).getFault();
        assertThat(unbounded).contains("may not set it: let a superuser do it, by ALTER SYSTEM");
        asASuperuser(unbounded, "ALTER SYSTEM");
        var look = new AtomicReference<WalArchiveKept>();
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            look.set(keep(action, step()));
            return look.get().getFault() == null && look.get().getUntil() != null;
        });
        order(1);

        var refused = keep(action, step());

        assertThat(refused.getFault()).isNull();
        assertThat(refused.getUntil())
                .as("it is archived without")
                .isAfter(look.get().getUntil());
        var note = refused.getNotes().getLast();
        assertThat(note)
                .isEqualTo(
                        "the store has what is committed once a segment is full: the role the-archiver may not finish one"
                                + " before: let a superuser, in the database shop, GRANT EXECUTE ON FUNCTION pg_switch_wal() TO"
                                + " \"the-archiver\"");
        var run = archive.current().orElseThrow();
        assertThat(run.hindrance())
                .as("for who copies to the store")
                .hasValueSatisfying(why -> assertThat(note).endsWith(why));
        var segment = "SELECT pg_walfile_name(pg_current_wal_lsn())";
        var before = postgres.value(DATABASE, segment);
        asASuperuser(note, "GRANT");
        order(2);
        assertThat(keep(action, step()).getNotes()).doesNotContain(note);
        assertThat(postgres.value(DATABASE, segment)).isGreaterThan(before);
        assertThat(run.hindrance()).isEmpty();
    }

    @Test
    void beginsAnewWhereTheServersDataAreOlderThanTheArchive() throws Exception {
        kept();
        var run = archive.current().orElseThrow();
        run.cover(new WalCovered(Instant.now(), "7/0", null, null, null, null));

        assertThat(keep().getNotes()).anyMatch(note -> note.contains("a gap: the server is at "));
        assertThat(archive.runs()).hasSize(2);
    }

    @Test
    void sealsWithAllThatWasCommittedArchived() throws Exception {
        kept();
        order(1);

        var sealed = new SealDatabaseHandler().execute(new SealDatabase(postgres.database(DATABASE), false), step());

        assertThat(sealed.detail()).contains("WAL archived up to ");
        postgres.kill();
        assertThat(derive("latest", step()).getRows()).isEqualTo(1);
    }
}
