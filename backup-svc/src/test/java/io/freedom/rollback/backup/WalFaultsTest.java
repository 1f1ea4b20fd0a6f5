package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.WalArchiveKept;
import io.freedom.rollback.worker.Command;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the WAL archive becomes full, and the server is killed, while WAL is fetched and while a base backup is taken. */
@Tag("engine")
class WalFaultsTest {
    private static final long RESERVE = 1 << 20;
    private static final long MEBIBYTE = 1 << 20;

    @TempDir
    private Path temp;

    private SmallDisk disk;
    private PostgresContainer postgres;
    private EngineProvider engines;
    private KeepWalArchiveHandler worker;
    private WalArchive archive;

    @BeforeEach
    void startAServer() throws Exception {
        disk = SmallDisk.mount(temp.resolve("backups"), 96);
        postgres = new PostgresContainer();
        engines = new EngineProvider();
        worker = new KeepWalArchiveHandler(engines, VAULT, InstantSource.system());
        archive = WalArchive.of(disk.path().toString(), "full");
        postgres.sql("freedom", "CREATE TABLE orders (id int)");
    }

    @AfterEach
    void leavesNothing() throws Exception {
        try (var _ = disk;
                var _ = engines;
                var _ = postgres) {
            var ours = containers();
            if (!ours.isEmpty()) {
                PostgresContainer.docker(("rm --force --volumes " + String.join(" ", ours)).split(" "));
            }
        }
    }

    private static List<String> containers() throws Exception {
        return PostgresContainer.docker("ps", "--all", "--quiet", "--filter", "label=io.freedom.rollback.wal=full")
                .lines()
                .toList();
    }

    private KeepWalArchive.Builder action() {
        return KeepWalArchive.newBuilder()
                .setPlatform("full")
                .setCompose(postgres.compose())
                .setDatabase(postgres.database("freedom"))
                .setDirectory(disk.path().toString())
                .setBaseEvery(Duration.ofHours(24).toMillis())
                .setKeepFor(Duration.ofDays(7).toMillis())
                .setBound(64 * MEBIBYTE)
                .setReserve(RESERVE);
    }

    private WalArchiveKept keep() throws Exception {
        return (WalArchiveKept)
                worker.execute(action().build(), new RunningStep("rb-wal")).result();
    }

    private WalArchiveKept kept() {
        var kept = new AtomicReference<WalArchiveKept>();
        await().atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    var look = keep();
                    assertThat(look.getFault()).isNull();
                    assertThat(look.getBusy())
                            .as("a base backup is being taken")
                            .isFalse();
                    kept.set(look);
                });
        return kept.get();
    }

    /** So many segments of WAL. */
    private void write(int segments) throws Exception {
        for (int segment = 0; segment < segments; segment++) {
            postgres.sql("freedom", "INSERT INTO orders VALUES (1)", "SELECT pg_switch_wal()");
        }
    }

    private String slot(String column) throws Exception {
        return postgres.value(
                "postgres",
                "SELECT count(*) || ' ' || coalesce(min(" + column + "::text), 'none') FROM pg_replication_slots");
    }

    private void awaitFull() {
        await("it says that its disk is full")
                .atMost(Duration.ofMinutes(1))
                .until(() -> containers().stream().anyMatch(id -> log(id).contains("No space left on device")));
    }

    private static String log(String container) {
        try {
            var said = Command.in(Path.of("/"), List.of("docker", "logs", container))
                    .run();
            return said.stdout() + said.stderr();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The checkpoint that a base backup begins with does not come to its end. */
    private String stopCheckpoints() throws Exception {
        var checkpointer = postgres.value(
                "postgres", "SELECT pid::text FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
        postgres.exec("sh", "-c", "kill -STOP " + checkpointer);
        return checkpointer;
    }

    private void awaitBaseBackupBegun() {
        await("a base backup is being taken")
                .atMost(Duration.ofMinutes(1))
                .until(() -> postgres.value("postgres", "SELECT count(*) FROM pg_stat_progress_basebackup")
                        .equals("1"));
    }

    private void awaitBaseBackupOver() {
        await("the base backup is over")
                .atMost(Duration.ofMinutes(1))
                .until(() -> PostgresContainer.docker(
                                "ps",
                                "--quiet",
                                "--filter",
                                "label=io.freedom.rollback.wal.role=base-backup",
                                "--filter",
                                "label=io.freedom.rollback.wal=full")
                        .isEmpty());
    }

    private void assertGoesOnAsOneRun() throws Exception {
        assertThat(kept().getBases()).isEqualTo(1);
        assertThat(archive.runs()).hasSize(1);
        assertThat(archive.current().orElseThrow().making()).isEmptyDirectory();
        assertThat(containers()).as("only what fetches").hasSize(1);
        assertThat(slot("active")).isEqualTo("1 true");
    }

    @Test
    void goesOnOnceThereIsRoomAgain() throws Exception {
        var before = kept().getUntil();
        disk.fill(2 * MEBIBYTE);
        write(2);
        awaitFull();

        var full = keep();

        assertThat(full.getFault())
                .contains(
                        disk.path().toString(),
                        "less than backups.reserve",
                        "free space; the WAL is fetched again then");
        assertThat(containers()).isEmpty();
        assertThat(disk.free()).as("what was being made is of no use").isGreaterThan(MEBIBYTE);
        disk.empty();
        assertGoesOnAsOneRun();
        assertThat(keep().getUntil()).isAfter(before);
    }

    @Test
    void beginsAnewOnceTheServerHasGivenUpWhatItKept() throws Exception {
        kept();
        disk.fill(0);
        assertThat(keep().getFault()).contains("free space");

        write(8);
        postgres.sql("postgres", "CHECKPOINT");

        assertThat(slot("wal_status")).as("more than its bound").isEqualTo("1 lost");
        assertThat(slot("restart_lsn")).as("it keeps nothing for it").isEqualTo("1 none");
        disk.empty();
        assertThat(keep().getNotes()).anyMatch(note -> note.contains("a gap: the server has removed WAL"));
        assertThat(archive.runs()).hasSize(2);
        assertThat(slot("wal_status")).isEqualTo("1 reserved");
    }

    @Test
    void saysThatTheDiskIsTooFullForABaseBackup() throws Exception {
        var checkpointer = stopCheckpoints();
        assertThat(keep().getBusy()).isTrue();
        awaitBaseBackupBegun();
        disk.fill(2 * MEBIBYTE);
        postgres.exec("sh", "-c", "kill -CONT " + checkpointer);
        awaitBaseBackupOver();

        var full = keep();

        assertThat(full.getFault()).contains(archive.root().toString(), "free space");
        assertThat(archive.current().orElseThrow().making()).isEmptyDirectory();
        disk.empty();
        assertGoesOnAsOneRun();
    }

    @Test
    void takesAnotherBaseBackupWhereTheServerWasKilledInOne() throws Exception {
        stopCheckpoints();
        assertThat(keep().getBusy()).isTrue();
        awaitBaseBackupBegun();

        postgres.kill();

        assertThat(keep().getFault()).contains("has no running container");
        assertThat(containers()).isEmpty();
        postgres.start();
        assertGoesOnAsOneRun();
    }

    @Test
    void takesAnotherBaseBackupWhereItsWorkerWasKilledInOne() throws Exception {
        var checkpointer = stopCheckpoints();
        try (var process = WorkerProcess.start("rb-wal", action().build())) {
            awaitBaseBackupBegun();
            process.kill();
        }
        postgres.exec("sh", "-c", "kill -CONT " + checkpointer);

        assertGoesOnAsOneRun();
    }
}
