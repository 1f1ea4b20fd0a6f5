package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.RemoveUnpackedFiles;
import io.freedom.rollback.schemas.action.UnpackFiles;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.eclipse.jgit.api.Git;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a restore point on their way back. */
class UnpackFilesTest {
    @TempDir
    private Path temp;

    private final RunningStep step = new RunningStep("rb-2");
    private Path point;
    private Path workTree;

    @BeforeEach
    void givenARestorePoint() throws Exception {
        TrustedSchemas.trust();
        point = Files.createDirectory(temp.resolve("rb-1"));
        workTree = Files.createDirectory(temp.resolve("shop"));
        Git.init().setDirectory(workTree.toFile()).call().close();
        write(workTree.resolve(".env"), "KEY=then");
        write(workTree.resolve("models/m.bin"), "weights");
        new CopyConfigurationHandler(FILES)
                .execute(new CopyConfiguration(workTree.toString(), List.of(".env"), point.toString()), step);
        new ArchiveModelsHandler(FILES)
                .execute(new ArchiveModels(workTree.toString(), List.of("models"), point.toString()), step);
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(point.toString(), "shop", null, false, "restore-point", null), step);
        write(workTree.resolve(".env"), "KEY=now");
    }

    private static void write(Path file, String text) throws Exception {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
    }

    private void unpack(boolean models, boolean configuration, long reserve) throws Exception {
        new UnpackFilesHandler(VAULT, InstantSource.system())
                .execute(
                        new UnpackFiles(
                                workTree.toString(),
                                List.of(".env", "models", "not/there"),
                                models,
                                configuration,
                                point.toString(),
                                reserve),
                        step);
    }

    private Path unpacked() {
        return workTree.resolve(".git/rollback-set-aside/rb-2/restored");
    }

    @Test
    void waitBesideTheWorkTree() throws Exception {
        unpack(true, true, 0);

        assertThat(unpacked().resolve(".env")).hasContent("KEY=then");
        assertThat(unpacked().resolve("models/m.bin")).hasContent("weights");
        assertThat(workTree.resolve(".env")).hasContent("KEY=now");

        write(unpacked().resolve("half"), "of an attempt that was broken off");
        unpack(false, true, 0);
        assertThat(unpacked().resolve("half")).doesNotExist();
        assertThat(unpacked().resolve("models")).as("not asked for").doesNotExist();

        var remove = new RemoveUnpackedFilesHandler();
        remove.execute(new RemoveUnpackedFiles(workTree.toString()), step);
        assertThat(unpacked()).doesNotExist();
        remove.execute(new RemoveUnpackedFiles(workTree.toString()), step);
    }

    @Test
    void areThoseThatTheManifestHas() throws Exception {
        var models = point.resolve("files/models.tar.zst.age");
        var bytes = Files.readAllBytes(models);
        bytes[bytes.length / 2] ^= 1;
        Files.write(models, bytes);

        assertThatThrownBy(() -> unpack(true, true, 0))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("models.tar");
        assertThat(unpacked()).doesNotExist();
        step.attempt(2);
        assertThatThrownBy(() -> unpack(true, true, 0)).hasMessageContaining("models.tar");
        assertThat(Json.read(point.resolve(RestorePoint.PROVEN), Proof.class).fault())
                .contains("models.tar");
    }

    @Test
    void areMissedByName() throws Exception {
        Files.delete(point.resolve("files/models.tar.zst.age"));

        assertThatThrownBy(() -> unpack(true, false, 0))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("restore point rb-1 holds no models");
    }

    @Test
    void areNotPutWhereThePlatformWouldHaveNoSpaceLeft() {
        assertThatThrownBy(() -> unpack(true, true, Long.MAX_VALUE / 2))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("free some");
        assertThat(unpacked()).doesNotExist();
    }

    @Test
    void areNotPutThroughALink() throws Exception {
        Files.createSymbolicLink(
                workTree.resolve(".git/rollback-set-aside"), Files.createDirectory(temp.resolve("out")));

        assertThatThrownBy(() -> unpack(true, true, 0)).hasMessageContaining("leads out of the git directory");
        assertThat(temp.resolve("out")).isEmptyDirectory();
    }

    @Test
    void cannotBeSwappedInWhereSomethingIsMounted() throws Exception {
        var bound = Files.createDirectory(temp.resolve("bound"));
        var place = Files.createDirectories(workTree.resolve("models/with space"));
        Command.in(temp, List.of("mount", "--bind", bound.toString(), place.toString()))
                .check();
        try {
            assertThatThrownBy(() -> unpack(true, true, 0))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                    .hasMessageContaining("or something is mounted there");
        } finally {
            Command.in(temp, List.of("umount", place.toString())).check();
        }
    }

    @Test
    void cannotBeSwappedInOnAnotherDisk() throws Exception {
        var disk = SmallDisk.mount(temp.resolve("shop/models"), 2);
        try {
            assertThatThrownBy(() -> unpack(true, true, 0))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                    .hasMessageContaining("is on another file system than");
        } finally {
            disk.close();
        }
    }
}
