package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.PruneRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large files, which several restore points have. */
class ObjectPoolTest {
    private static final int LARGE = (int) ObjectPool.AT_LEAST + 4321;

    @TempDir
    private Path temp;

    private Path workTree;
    private Path model;
    /** Ahead, so that all is old enough to be known by its times. */
    private Instant now = Instant.now().plus(Duration.ofMinutes(5));

    @BeforeEach
    void givenAModel() throws Exception {
        TrustedSchemas.trust();
        workTree = Files.createDirectory(temp.resolve("platform"));
        model = Files.createDirectory(workTree.resolve("models")).resolve("weights.bin");
        Files.write(model, random(1, LARGE));
    }

    private static byte[] random(long seed, int size) {
        var bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private RestorePoint point(String id) throws Exception {
        return RestorePoint.at(temp.resolve("backups").resolve(id).toString());
    }

    private Completed archive(String id) throws Exception {
        return archive(id, new RunningStep(id));
    }

    private Completed archive(String id, RunningStep step) throws Exception {
        InstantSource clock = () -> now;
        var done = new ArchiveModelsHandler(new KeptFiles(VAULT, clock))
                .execute(
                        new ArchiveModels(
                                workTree.toString(),
                                List.of("models"),
                                point(id).directory().toString()),
                        step);
        Vaults.manifests(VAULT, clock)
                .execute(
                        new WriteManifest(
                                point(id).directory().toString(), "freedom", null, false, "restore-point", null),
                        new RunningStep(id));
        return done;
    }

    private Completed verify(String id) throws Exception {
        try (var engines = new EngineProvider()) {
            return new VerifyRestorePointHandler(engines, VAULT, () -> now)
                    .execute(
                            new VerifyRestorePoint(
                                    new ComposeProject("p", "/", List.of("docker-compose.yml"), null, null, null),
                                    point(id).directory().toString(),
                                    null,
                                    false),
                            new RunningStep(id));
        }
    }

    private Path object(String id) throws Exception {
        try (var all = Files.list(point(id).directory().resolve("objects"))) {
            return all.findFirst().orElseThrow();
        }
    }

    private long objects() throws Exception {
        try (var all = Files.walk(temp.resolve("backups/.objects"))) {
            return all.filter(file -> file.toString().endsWith(".age")).count();
        }
    }

    private byte[] restored(String id) throws Exception {
        return Files.readAllBytes(Vaults.unpacked(point(id), point(id).models()).resolve("models/weights.bin"));
    }

    @Test
    void costsALookWhereItIsUnchanged() throws Exception {
        var first = archive("rb-1");
        var second = archive("rb-2");

        assertThat(first.detail()).doesNotContain("unchanged");
        assertThat(second.detail()).contains("1.0 MiB of 1 unchanged ones not read again");
        assertThat(second.result()).isEqualTo(first.result());
        assertThat(Files.isSameFile(object("rb-1"), object("rb-2"))).isTrue();
        assertThat(restored("rb-2")).isEqualTo(random(1, LARGE));
    }

    @Test
    void isCompressedOnlyWhereThatPays() throws Exception {
        archive("rb-1");
        assertThat(object("rb-1").getFileName().toString()).endsWith(".age").doesNotEndWith(".zst.age");
        assertThat(Files.size(object("rb-1"))).isGreaterThan(LARGE);

        Files.write(model, new byte[LARGE]);
        archive("rb-2");
        assertThat(object("rb-2").getFileName().toString()).endsWith(".zst.age");
        assertThat(Files.size(object("rb-2"))).isLessThan(LARGE / 100);
        assertThat(restored("rb-2")).isEqualTo(new byte[LARGE]);
    }

    @Test
    void needsNoSpaceWhereItIsUnchanged() throws Exception {
        Files.writeString(workTree.resolve("models/small"), "1234567890");
        archive("rb-1");
        // Of other files of the same tree another archive is made, which must not forget the models.
        FILES.keep(
                point("rb-1"),
                point("rb-1").configuration(),
                workTree,
                List.of(Path.of("models/small")),
                new RunningStep("rb-1"));

        var space = new CheckBackupSpace(
                point("rb-2").directory().toString(),
                workTree.toString(),
                List.of("models"),
                null,
                0L,
                true,
                null,
                List.of());
        try (var engines = new EngineProvider()) {
            var done =
                    new CheckBackupSpaceHandler(engines, VAULT, _ -> 1L << 20).execute(space, new RunningStep("rb-2"));
            assertThat(((BackupSpaceChecked) done.result()).getRequired()).isEqualTo(10);
        }
        assertThat(archive("rb-2").detail()).contains("1 unchanged");
    }

    @Test
    void isReadBackOnceADayAndWhenItIsCheckedAgain() throws Exception {
        archive("rb-1");
        assertThat(verify("rb-1").detail()).doesNotContain("earlier one");
        archive("rb-2");
        assertThat(verify("rb-2").detail()).contains("of which 1.0 MiB were read back with an earlier one");
        assertThat(verify("rb-2").detail()).as("a check reads all").doesNotContain("earlier one");

        now = now.plus(Duration.ofHours(25));
        archive("rb-3");
        assertThat(verify("rb-3").detail()).as("too long ago").doesNotContain("earlier one");
    }

    @Test
    void isKeptAnewWhereItChangedWithoutAChangeOfSizeOrTime() throws Exception {
        archive("rb-1");
        var time = Files.getLastModifiedTime(model);
        Files.write(model, random(2, LARGE));
        Files.setLastModifiedTime(model, time);

        assertThat(archive("rb-2").detail()).doesNotContain("unchanged");

        assertThat(restored("rb-2")).isEqualTo(random(2, LARGE));
        assertThat(restored("rb-1")).isEqualTo(random(1, LARGE));
    }

    @Test
    void isNotTrustedByItsTimesWhereItWasReadAsItWasWritten() throws Exception {
        now = Files.getLastModifiedTime(model).toInstant();
        archive("rb-1");

        assertThat(archive("rb-2").detail()).doesNotContain("unchanged");
        assertThat(Files.isSameFile(object("rb-1"), object("rb-2")))
                .as("still it is on disk once")
                .isTrue();
    }

    @Test
    void isReadAgainWhereItChangedWhileItWasRead() throws Exception {
        awaitANewerTime();
        var changed = new AtomicBoolean();

        var done = archive("rb-1", new RunningStep("rb-1").meanwhile("weights.bin", () -> {
                    if (!changed.getAndSet(true)) {
                        rewrite(random(2, LARGE)); // of the same size
                    }
                }));

        assertThat(changed).isTrue();
        assertThat(done.detail()).doesNotContain("changed while being read").contains("1.0 MiB");
        assertThat(restored("rb-1")).isEqualTo(random(2, LARGE));
    }

    @Test
    void isNamedWhereItDoesNotComeToRestAndIsReadAnewTheNextTime() throws Exception {
        var done = archive("rb-1", new RunningStep("rb-1").meanwhile("weights.bin", this::append));

        assertThat(done.detail()).contains("changed while being read, so perhaps torn: models/weights.bin");
        byte[] first = restored("rb-1");
        assertThat(Files.readAllBytes(model)).startsWith(first).hasSizeGreaterThan(first.length);
        assertThat(((DataArchived) done.result()).getBytes()).isEqualTo(first.length);
        assertThat(archive("rb-2").detail()).doesNotContain("unchanged", "torn");
        assertThat(restored("rb-2")).isEqualTo(Files.readAllBytes(model)).hasSizeGreaterThan(LARGE + 1);
    }

    /** The clock of the file system ticks some hundred times a second. */
    private void awaitANewerTime() {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> Files.getLastModifiedTime(Files.writeString(temp.resolve("probe"), "x"))
                                .compareTo(Files.getLastModifiedTime(model))
                        > 0);
    }

    private void append() {
        rewrite(new byte[1], StandardOpenOption.APPEND);
    }

    private void rewrite(byte[] content, OpenOption... options) {
        try {
            Files.write(model, content, options);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void isOneWithAnotherFileOfTheSameContent() throws Exception {
        Files.copy(model, model.resolveSibling("copy.bin"));

        archive("rb-1");

        assertThat(objects()).isEqualTo(1);
        var unpacked = Vaults.unpacked(point("rb-1"), point("rb-1").models());
        assertThat(unpacked.resolve("models/copy.bin")).hasBinaryContent(random(1, LARGE));
    }

    @Test
    void isTakenAnewOnceItIsFoundDamaged() throws Exception {
        archive("rb-1");
        verify("rb-1");
        flip(object("rb-1"));
        archive("rb-2");

        assertThatThrownBy(() -> verify("rb-1"))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("objects/" + object("rb-1").getFileName() + " was changed");
        assertThatThrownBy(() -> verify("rb-2")).as("it shares the damage").hasMessageContaining("was changed");

        archive("rb-3");
        verify("rb-3");
        assertThat(restored("rb-3")).isEqualTo(random(1, LARGE));
    }

    private static void flip(Path file) throws Exception {
        var time = Files.getLastModifiedTime(file);
        try (var access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(access.length() / 2);
            int b = access.read();
            access.seek(access.length() / 2);
            access.write(b ^ 1);
        }
        Files.setLastModifiedTime(file, time);
    }

    @Test
    void isRemovedWithTheLastRestorePointThatHasIt() throws Exception {
        archive("rb-1");
        archive("rb-2");
        Files.write(model, random(3, LARGE));
        archive("rb-3");
        assertThat(objects()).isEqualTo(2);

        assertThat(prune("rb-1").getFreed()).as("the other still has it").isLessThan(LARGE);
        assertThat(objects()).isEqualTo(2);
        assertThat(restored("rb-2")).isEqualTo(random(1, LARGE));

        assertThat(prune("rb-2").getFreed()).isGreaterThan(LARGE);
        assertThat(objects()).isEqualTo(1);
        assertThat(restored("rb-3")).isEqualTo(random(3, LARGE));
    }

    private RestorePointsPruned prune(String id) throws Exception {
        return (RestorePointsPruned) new PruneRestorePointsHandler(VAULT, () -> now)
                .execute(
                        new PruneRestorePoints(
                                "freedom", List.of(point(id).directory().toString())),
                        new RunningStep("rb-9"))
                .result();
    }

    @Test
    void leavesNothingWhereItsWorkerIsKilled() throws Exception {
        for (int checkpoint = 1; checkpoint < 15; checkpoint++) {
            var step = new RunningStep("rb-1").killedAtCheckpoint(checkpoint);
            assertThatThrownBy(() -> new ArchiveModelsHandler(new KeptFiles(VAULT, () -> now))
                            .execute(
                                    new ArchiveModels(
                                            workTree.toString(),
                                            List.of("models"),
                                            point("rb-1").directory().toString()),
                                    step))
                    .hasMessageContaining("killed by the test");
            assertThat(Vault.find(point("rb-1").models())).isEmpty();
        }
        archive("rb-1");
        assertThat(restored("rb-1")).isEqualTo(random(1, LARGE));
    }

    @Test
    void keepsHolesTimesAndModes() throws Exception {
        var sparse = model.resolveSibling("sparse.bin");
        try (var file = new RandomAccessFile(sparse.toFile(), "rw")) {
            file.setLength(64 << 20);
            file.seek(32 << 20);
            file.write(7);
        }
        Files.setAttribute(sparse, "unix:mode", 02750);
        Files.setLastModifiedTime(sparse, FileTime.from(Instant.parse("2020-02-02T02:02:02.123456Z")));

        archive("rb-1");

        assertThat(Files.size(object("rb-1"))).isLessThan(2 << 20);
        var back = Vaults.unpacked(point("rb-1"), point("rb-1").models()).resolve("models/sparse.bin");
        assertThat(UnixStat.of(back))
                .usingRecursiveComparison()
                .comparingOnlyFields("size", "mode", "modified")
                .isEqualTo(UnixStat.of(sparse));
        assertThat(Files.mismatch(back, sparse)).isEqualTo(-1);
        var blocks =
                Command.in(temp, List.of("stat", "-c", "%b", back.toString())).check();
        assertThat(Long.parseLong(blocks.stdout().strip()) * 512).isLessThan(1 << 20);
    }
}
