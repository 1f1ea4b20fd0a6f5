package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.BackupSpaceChecked;
import io.freedom.rollback.schemas.action.CheckBackupSpace;
import io.freedom.rollback.schemas.action.CopyConfiguration;
import io.freedom.rollback.schemas.action.CopyModifiedFiles;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.FilesCopied;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBackupTest {
    /** Connects when first asked, which these tests never do. */
    private static final EngineProvider ENGINES = new EngineProvider();

    private final RunningStep step = new RunningStep("rb-1");

    @TempDir
    private Path temp;

    private Path workTree;
    private Path point;

    @BeforeEach
    void givenAWorkTree() throws IOException {
        workTree = Files.createDirectory(temp.resolve("platform"));
        point = temp.resolve("backups").resolve("rb-1");
    }

    @Test
    void copiesConfigurationWhereOnlyItsOwnerCanReadIt() throws Exception {
        write(".env", "KEY=secret\n");
        write("config/app/settings.yaml", "a: 1\n");
        Files.setPosixFilePermissions(
                write("config/run.sh", "#!/bin/sh\n"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(workTree.resolve("config/outside"), Path.of("/etc/passwd"));

        var done = new CopyConfigurationHandler(FILES).execute(copyConfiguration(".env", "config", "absent.yml"), step);

        var archive = point.resolve("files/configuration.tar.zst.age");
        var copy = unpacked(RestorePoint::configuration);
        assertThat(done.result()).isEqualTo(new FilesCopied(4, 26L));
        assertThat(done.detail()).contains("4 files").contains("not there: absent.yml");
        assertThat(copy.resolve(".env")).hasContent("KEY=secret");
        assertThat(copy.resolve("config/outside")).isSymbolicLink();
        assertThat(mode(copy.resolve("config/run.sh"))).isEqualTo("rwxr-xr-x");
        assertThat(mode(archive)).isEqualTo("rw-------");
        assertThat(mode(point)).isEqualTo("rwx------");
        assertThat(Files.readString(archive, StandardCharsets.ISO_8859_1)).startsWith("age-encryption.org/v1\n");
    }

    @Test
    void refusesPathsThatLeaveTheWorkTree() throws IOException {
        Files.createSymbolicLink(workTree.resolve("link"), Path.of("/etc"));

        for (var path : List.of("../other", "/etc/passwd", "link/passwd", "config/../..", ".")) {
            assertThatThrownBy(() -> new CopyConfigurationHandler(FILES).execute(copyConfiguration(path), step))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.INVALID))
                    .hasMessageContaining(path);
        }
    }

    @Test
    void leavesNothingHalfCopiedWhenItIsCancelled() throws Exception {
        write("config/a", "1");
        write("config/b", "2");

        assertThatThrownBy(() -> new CopyConfigurationHandler(FILES)
                        .execute(copyConfiguration("config"), new RunningStep("rb-1").killedAtCheckpoint(3)))
                .isInstanceOf(StepCancelledException.class);

        assertThat(point.resolve("files")).isEmptyDirectory();
    }

    @Test
    void copiesAgainOverAnEarlierCopy() throws Exception {
        write("config/a", "old");
        write("config/gone", "x");
        new CopyConfigurationHandler(FILES).execute(copyConfiguration("config"), step);
        write("config/a", "new");
        Files.delete(workTree.resolve("config/gone"));

        new CopyConfigurationHandler(FILES).execute(copyConfiguration("config"), step);

        var copy = unpacked(RestorePoint::configuration);
        assertThat(copy.resolve("config/a")).hasContent("new");
        assertThat(copy.resolve("config/gone")).doesNotExist();
    }

    @Test
    void copiesWhatDiffersFromTheTagHoweverItDiffers() throws Exception {
        write("same", "1");
        write("committed", "1");
        write("unstaged", "1");
        write("deleted", "1");
        write("staged-delete", "1");
        write(".gitignore", "ignored/\n");
        git("init", "-q");
        git("add", ".");
        git("commit", "-q", "-m", "first");
        git("tag", "-a", "-m", "stable", "graveyard/pre-reset");
        write("committed", "2");
        git("commit", "-q", "-a", "-m", "second");
        write("unstaged", "2");
        write("staged", "2");
        git("add", "staged");
        git("rm", "-q", "staged-delete");
        Files.delete(workTree.resolve("deleted"));
        write("new folder/untracked ü", "2");
        write("ignored/cache", "2");

        var done = new CopyModifiedFilesHandler(FILES).execute(copyModified("graveyard/pre-reset"), step);

        var copy = unpacked(RestorePoint::modified);
        try (var files = Files.walk(copy)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(f -> copy.relativize(f).toString()))
                    .containsExactlyInAnyOrder("committed", "unstaged", "staged", "new folder/untracked ü");
        }
        assertThat(copy.resolve("unstaged")).hasContent("2");
        assertThat(Vaults.text(RestorePoint.at(point.toString()).deleted())).isEqualTo("deleted\nstaged-delete\n");
        assertThat(done.result()).isEqualTo(new FilesCopied(4, 4L));
        assertThat(done.detail()).contains("2 deleted");
    }

    @Test
    void comparesWithTheVerifiedCommitThoughTheTagMovedSince() throws Exception {
        write("edited", "1");
        git("init", "-q");
        git("add", ".");
        git("commit", "-q", "-m", "good");
        git("tag", "stable");
        var verified = commit("stable");
        write("edited", "2");
        git("commit", "-q", "-a", "-m", "bad");
        git("tag", "-f", "stable");

        var done = new CopyModifiedFilesHandler(FILES).execute(copyModified("stable"), step.after(verified));

        assertThat(unpacked(RestorePoint::modified).resolve("edited")).hasContent("2");
        assertThat(done.result()).isEqualTo(new FilesCopied(1, 1L));
    }

    @Test
    void saysThatTheVerifiedCommitIsGone() throws Exception {
        write("a", "1");
        git("init", "-q");
        git("add", ".");
        git("commit", "-q", "-m", "good");
        git("tag", "stable");
        var gone = new TargetVerified(
                "0123456789012345678901234567890123456789", 0, List.of(), List.of(), List.of(), List.of());

        assertThatThrownBy(() -> new CopyModifiedFilesHandler(FILES).execute(copyModified("stable"), step.after(gone)))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("is not in " + workTree + " any more: fetch it");
    }

    @Test
    void saysThatTheTagIsMissing() throws Exception {
        write("a", "1");
        git("init", "-q");

        assertThatThrownBy(() -> new CopyModifiedFilesHandler(FILES).execute(copyModified("v0"), step))
                .hasMessageContaining("there is no tag v0");
    }

    @Test
    void archivesModelsWithModesLinksAndLongNames() throws Exception {
        var longName = "models/" + "deep/".repeat(40) + "weights-ü.bin";
        write(longName, "w".repeat(100_000));
        Files.setPosixFilePermissions(write("models/tool", "x"), PosixFilePermissions.fromString("rwxr-x---"));
        Files.createSymbolicLink(workTree.resolve("models/latest"), Path.of("tool"));
        Files.createSymbolicLink(workTree.resolve("models/far"), Path.of("/mnt/models"));

        var action = new ArchiveModels(workTree.toString(), List.of("models"), point.toString());
        var done = new ArchiveModelsHandler(FILES).execute(action, step);

        assertThat(done.result()).isEqualTo(new DataArchived(4, 100_001L));
        assertThat(done.detail()).contains("models/far (a link to /mnt/models");
        var unpacked = unpacked(RestorePoint::models);
        assertThat(unpacked.resolve(longName)).hasSameBinaryContentAs(workTree.resolve(longName));
        assertThat(mode(unpacked.resolve("models/tool"))).isEqualTo("rwxr-x---");
        assertThat(unpacked.resolve("models/latest")).isSymbolicLink();
        assertThat(new ArchiveModelsHandler(FILES).probe(action, step)).isInstanceOf(Probe.Applied.class);
    }

    @Test
    void givesFilesBackToTheirOwners() throws Exception {
        var file = write("models/weights", "x");
        assumeThat(Files.getAttribute(file, "unix:uid"))
                .as("only root gives files away")
                .isEqualTo(0);
        Files.setAttribute(file, "unix:gid", 4321);
        Files.setAttribute(file, "unix:uid", 1234);

        new ArchiveModelsHandler(FILES)
                .execute(new ArchiveModels(workTree.toString(), List.of("models"), point.toString()), step);

        var unpacked = unpacked(RestorePoint::models).resolve("models/weights");
        assertThat(Files.getAttribute(unpacked, "unix:uid")).isEqualTo(1234);
        assertThat(Files.getAttribute(unpacked, "unix:gid")).isEqualTo(4321);
    }

    @Test
    void saysThatThereAreNoModels() throws Exception {
        var done = new ArchiveModelsHandler(FILES)
                .execute(new ArchiveModels(workTree.toString(), List.of("models"), point.toString()), step);

        assertThat(done.result()).isEqualTo(new DataArchived(0, 0L));
        assertThat(done.detail()).isEqualTo("no models to keep (not there: models)");
    }

    @Test
    void refusesADiskThatIsTooSmall() throws Exception {
        write("models/a", "x".repeat(3000));
        var handler = new CheckBackupSpaceHandler(ENGINES, VAULT, path -> 5L << 10);

        var fits = handler.execute(space(1 << 10, null), step);
        assertThat(fits.result()).isEqualTo(new BackupSpaceChecked(3000L, 5L << 10));
        assertThatThrownBy(() -> handler.execute(space(1 << 20, null), step))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessage(
                        "needs 2.9 KiB + reserve 1.0 MiB at %s, 5.0 KiB free: free space or change backups.directory"
                                .formatted(temp.resolve("backups")));
    }

    @Test
    void checksSpaceWithoutADatabaseThatDoesNotAnswer() throws Exception {
        write("models/a", "x");
        var silent = new Database("postgres", "kb", "freedom", "jdbc:postgresql://127.0.0.1:1/kb", null, List.of());

        var done = new CheckBackupSpaceHandler(ENGINES, VAULT).execute(space(0, silent), step);

        assertThat(done.detail()).contains("without the database").contains("PostgreSQL does not answer");
    }

    @Test
    void refusesADirectoryItCannotCreate() throws IOException {
        write("models/a", "x");
        Files.writeString(temp.resolve("backups"), "a file is in the way");

        assertThatThrownBy(() -> new CheckBackupSpaceHandler(ENGINES, VAULT).execute(space(0, null), step))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("cannot write to " + point);
    }

    @Test
    void leavesNothingBehindWhereItIsOnlyToLook() throws Exception {
        write("models/a", "x".repeat(3000));
        var look = CheckBackupSpace.newBuilder(space(1 << 10, null)).setTrial(false);

        var done = new CheckBackupSpaceHandler(ENGINES, VAULT, path -> {
                    assertThat(path).as("where the directory would be made").isEqualTo(temp);
                    return 5L << 10;
                })
                .execute(look.build(), step);

        assertThat(done.result()).isEqualTo(new BackupSpaceChecked(3000L, 5L << 10));
        assertThat(temp.resolve("backups")).doesNotExist();
        assertThatThrownBy(() -> new CheckBackupSpaceHandler(ENGINES, VAULT, path -> 0).execute(look.build(), step))
                .hasMessageContaining("at " + point + ", 0 B free");

        Files.writeString(temp.resolve("backups"), "a file is in the way");
        assertThatThrownBy(() -> new CheckBackupSpaceHandler(ENGINES, VAULT).execute(look.build(), step))
                .hasMessageContaining("cannot write to " + point)
                .hasMessageContaining("backups is not a directory");
    }

    private CheckBackupSpace space(long reserve, @Nullable Database database) {
        return new CheckBackupSpace(
                point.toString(), workTree.toString(), List.of("models"), database, reserve, true, null, List.of());
    }

    private CopyConfiguration copyConfiguration(String... paths) {
        return new CopyConfiguration(workTree.toString(), List.of(paths), point.toString());
    }

    private CopyModifiedFiles copyModified(String tag) {
        return new CopyModifiedFiles(workTree.toString(), tag, point.toString());
    }

    private TargetVerified commit(String tag) throws Exception {
        var id = Command.in(workTree, List.of("git", "rev-parse", tag + "^{commit}"))
                .check();
        return new TargetVerified(id.stdout().strip(), 0, List.of(), List.of(), List.of(), List.of());
    }

    private Path write(String path, String content) throws IOException {
        var file = workTree.resolve(path);
        PrivateFiles.createParent(file);
        return Files.writeString(file, content);
    }

    private void git(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("git", "-c", "user.name=test", "-c", "user.email=test@example.org"));
        argv.addAll(List.of(arguments));
        Command.in(workTree, argv).check();
    }

    private Path unpacked(Function<RestorePoint, Path> archive) throws Exception {
        var taken = RestorePoint.at(point.toString());
        return Vaults.unpacked(taken, archive.apply(taken));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
