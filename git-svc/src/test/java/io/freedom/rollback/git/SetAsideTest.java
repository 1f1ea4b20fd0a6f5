package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.FilesBroughtBack;
import io.freedom.rollback.schemas.action.FilesSetAside;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The runbook's `git clean -fdx`, with a way back. */
@ParameterizedClass
@EnumSource(Engine.class)
class SetAsideTest {
    private static final String[] STAY = {".env", "models/", "backups/rollback"};

    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
        platform.makeDirty();
        platform.write(".git/info/exclude", "build/\nbackups/\nnested/\n");
        platform.write("build/deep/out.o", "binary\n");
        platform.write("build/empty/.keep", "");
        Files.delete(platform.root.resolve("build/empty/.keep"));
        Files.setPosixFilePermissions(
                platform.root.resolve("build/deep"), PosixFilePermissions.fromString("rwx------"));
        platform.write("services/api/run.log", "beside tracked files\n");
        platform.write("backups/rollback/manifest.json", "{}\n");
        platform.write("backups/old.log", "not a restore point\n");
        platform.write("nested/.git/HEAD", "ref: refs/heads/main\n");
        Files.createDirectories(platform.root.resolve("nested/.git/objects"));
        Files.createDirectories(platform.root.resolve("nested/.git/refs"));
        platform.write("nested/theirs.txt", "another repository\n");
    }

    @Test
    void movesAllThatGitDoesNotTrackButWhatIsDeclaredAndBringsItBack() throws Exception {
        var before = platform.state();
        platform.preserve();
        platform.checkOut();

        var aside = (FilesSetAside) platform.run(platform.setAsideAction(STAY)).result();

        assertThat(aside.getLeft()).isEmpty();
        assertThat(platform.git("status", "--porcelain", "--ignored").lines())
                .as("as in a fresh clone, but for what stays")
                .allMatch(line -> line.matches("(\\?\\?|!!) (\\.env|models/|backups/|nested/)"));
        assertThat(platform.read(".env")).isEqualTo("KEY=1\n");
        assertThat(platform.read("models/big.bin")).isEqualTo("weights\n");
        assertThat(platform.read("backups/rollback/manifest.json")).isEqualTo("{}\n");
        assertThat(platform.read("nested/theirs.txt")).isEqualTo("another repository\n");
        assertThat(List.of("build", "run.log", "services/api/run.log", "backups/old.log"))
                .noneMatch(platform::has);
        assertThat(Path.of(aside.getDirectory()).resolve("build/deep/out.o")).hasContent("binary\n");
        platform.verify("Makefile");

        platform.run(platform.bringBackAction());
        platform.goBack();

        assertThat(platform.state()).isEqualTo(before);
        assertThat(platform.root.resolve("build/empty")).isEmptyDirectory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(platform.root.resolve("build/deep"))))
                .isEqualTo("rwx------");
    }

    @Test
    void keepsWhatTheTargetLeftInItsPlace() throws Exception {
        platform.preserve();
        platform.checkOut();
        platform.run(platform.setAsideAction(STAY));
        platform.write("build/deep/out.o", "of the target\n");
        assertThat(platform.probe(platform.setAsideAction(STAY)))
                .as("delivered twice")
                .isInstanceOf(Probe.Applied.class);

        var back = (FilesBroughtBack) platform.run(platform.bringBackAction()).result();

        assertThat(back.getDisplaced()).containsExactly("build");
        assertThat(platform.read("build/deep/out.o")).isEqualTo("binary\n");
        assertThat(platform.root.resolve(".git/rollback-set-aside/r-1/displaced/build/deep/out.o"))
                .hasContent("of the target\n");
        platform.write("build/deep/out.o", "later\n");
        assertThat(((FilesBroughtBack) platform.run(platform.bringBackAction()).result()).getMoved())
                .isZero();
        assertThat(platform.read("build/deep/out.o")).isEqualTo("later\n");
    }

    @Test
    void comesBackFromWhereverItWasInterrupted() throws Exception {
        var before = platform.state();
        platform.preserve();
        platform.checkOut();

        assertThatThrownBy(() -> platform.run(platform.setAsideAction(STAY), new RecordingStep("r-1", 2)))
                .isInstanceOf(StepCancelledException.class);
        platform.run(platform.bringBackAction());
        platform.goBack();

        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void namesWhatIsGoneOfWhatWasMoved() throws Exception {
        platform.preserve();
        platform.checkOut();
        var aside = (FilesSetAside) platform.run(platform.setAsideAction(STAY)).result();
        Files.delete(Path.of(aside.getDirectory()).resolve("services/api/run.log"));

        var back = platform.run(platform.bringBackAction(), new RecordingStep("r-1").given(aside));

        assertThat(back.detail()).contains("GONE, neither there nor here: services/api/run.log");
        assertThat(platform.read("build/deep/out.o")).isEqualTo("binary\n");
    }

    @Test
    void saysNotThatAllIsAsItWasWhereTheFilesAreGone() throws Exception {
        platform.preserve();
        platform.checkOut();
        var aside = (FilesSetAside) platform.run(platform.setAsideAction(STAY)).result();
        var folder = Path.of(aside.getDirectory()).getParent();
        Files.move(folder, temporary.resolve("away"));

        assertThatThrownBy(() -> platform.run(platform.bringBackAction(), new RecordingStep("r-1").given(aside)))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("is not in " + folder + " any more: bring it back");

        Files.move(temporary.resolve("away"), folder);
        platform.run(platform.bringBackAction(), new RecordingStep("r-1").given(aside));
        assertThat(platform.read("build/deep/out.o")).isEqualTo("binary\n");
    }

    @Test
    void leavesABackupDirectoryThatLinksLeadTo() throws Exception {
        Files.createSymbolicLink(temporary.resolve("link"), platform.root);
        var outside = Files.createDirectory(temporary.resolve("outside"));
        Files.createSymbolicLink(platform.root.resolve("backups/far"), outside);
        platform.preserve();
        platform.checkOut();

        platform.run(platform.setAsideAction(
                temporary.resolve("link/backups/rollback").toString(),
                platform.root.resolve("backups/far/rollback").toString()));

        assertThat(platform.read("backups/rollback/manifest.json")).isEqualTo("{}\n");
        assertThat(platform.root.resolve("backups/far")).isSymbolicLink();
        assertThat(platform.has("backups/old.log")).isFalse();
    }

    @Test
    void movesNothingBeforeTheTargetIsCheckedOut() throws Exception {
        assertThatThrownBy(() -> platform.run(platform.setAsideAction(STAY))).isInstanceOf(StepFailure.class);
        platform.preserve();
        assertThatThrownBy(() -> platform.run(platform.setAsideAction(STAY))).isInstanceOf(StepFailure.class);
        assertThat(platform.has("run.log")).isTrue();
    }

    @Test
    void hasNothingToBringBackWhereNothingWasMoved() throws Exception {
        assertThat(platform.probe(platform.bringBackAction())).isInstanceOf(Probe.Applied.class);
    }
}
