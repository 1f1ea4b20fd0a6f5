package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.FilesSwapped;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of a restore point, in the place of those that are there. */
@ParameterizedClass
@EnumSource(Engine.class)
class SwapFilesTest {
    private static final String[] PATHS = {".env", "models/", "config/", "Makefile", "never/was"};

    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;
    private Path restored;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
        platform.makeDirty();
        platform.write("models/newer.bin", "came since\n");
        platform.write("config/tuned.log", "changed since\n");
        platform.write("config/since.log", "came since\n");
        platform.write("config/same.log", "as it was\n");
        restored = platform.root.resolve(".git/rollback-set-aside/r-1/restored");
        unpacked(".env", "KEY=then\n");
        unpacked("models/big.bin", "weights then\n");
        unpacked("models/deep/er.bin", "deep\n");
        unpacked("config/kb.json", "{\"then\": 1}\n");
        unpacked("config/tuned.log", "then\n");
        unpacked("config/same.log", "as it was\n");
        unpacked("config/new/gone.log", "deleted since\n");
        unpacked("Makefile", "another\n");
    }

    private void unpacked(String path, String content) throws Exception {
        var file = restored.resolve(path);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, content);
    }

    @Test
    void takeItAndLeaveWhatGitTracks() throws Exception {
        var before = platform.state();

        var swapped = (FilesSwapped) platform.run(platform.swapAction(PATHS)).result();

        assertThat(platform.read(".env")).isEqualTo("KEY=then\n");
        assertThat(platform.read("models/big.bin")).isEqualTo("weights then\n");
        assertThat(platform.read("models/deep/er.bin")).isEqualTo("deep\n");
        assertThat(platform.has("models/newer.bin")).isFalse();
        assertThat(platform.read("config/tuned.log")).isEqualTo("then\n");
        assertThat(platform.read("config/new/gone.log")).isEqualTo("deleted since\n");
        assertThat(platform.has("config/since.log")).isFalse();
        assertThat(platform.read("Makefile")).as("tracked").isEqualTo("v2 staged, then edited\n");
        assertThat(swapped.getChanged())
                .containsExactly(".env", "config/new/gone.log", "config/since.log", "config/tuned.log", "models");
        assertThat(swapped.getTracked()).containsExactly("Makefile", "config/kb.json");
        assertThat(swapped.getLacking()).containsExactly("never/was");
        assertThat(Path.of(swapped.getDirectory()).resolve("files/models/newer.bin"))
                .as("kept")
                .hasContent("came since\n");
        assertThat(restored).doesNotExist();
        assertThat(platform.probe(platform.swapAction(PATHS))).isInstanceOf(Probe.Applied.class);

        platform.write("models/written.bin", "after the swap\n");
        platform.run(platform.bringBackAction());

        assertThat(platform.state()).as("to the last bit").isEqualTo(before);
        assertThat(Path.of(swapped.getDirectory()).resolve("displaced/models/written.bin"))
                .as("what was written since is kept")
                .hasContent("after the swap\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void goOnAndComeBackFromWhereverTheyWereInterrupted(int allowed) throws Exception {
        var before = platform.state();
        var wanted = List.of("KEY=then\n", "weights then\n", "then\n", "deleted since\n", "as it was\n");
        var interrupted = new RecordingStep("r-1", allowed - 1);
        assertThatThrownBy(() -> platform.run(platform.swapAction(PATHS), interrupted))
                .isInstanceOf(StepCancelledException.class);

        platform.run(platform.swapAction(PATHS));

        assertThat(List.of(
                        platform.read(".env"),
                        platform.read("models/big.bin"),
                        platform.read("config/tuned.log"),
                        platform.read("config/new/gone.log"),
                        platform.read("config/same.log")))
                .isEqualTo(wanted);
        assertThat(platform.has("config/since.log")).isFalse();
        platform.run(platform.bringBackAction());
        assertThat(platform.state()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void areTakenBackHalfDone(int allowed) throws Exception {
        var before = platform.state();
        var interrupted = new RecordingStep("r-1", allowed - 1);
        assertThatThrownBy(() -> platform.run(platform.swapAction(PATHS), interrupted))
                .isInstanceOf(StepCancelledException.class);

        platform.run(platform.bringBackAction());

        assertThat(platform.state()).isEqualTo(before);
    }

    /** A folder where a link or a file is, and the reverse; what git tracks is never moved along. */
    @Test
    void takeThePlaceOfOtherKindsOfFiles() throws Exception {
        platform.write("config/versions/one/a.log", "a\n");
        Files.createSymbolicLink(platform.root.resolve("config/current.log"), Path.of("versions/one"));
        unpacked("config/current.log/a.log", "a\n");
        unpacked("config/versions", "a file\n");
        platform.write("config/kept/tracked.json", "{}\n");
        platform.git("add", "config/kept/tracked.json");
        unpacked("config/kept", "a file\n");
        Files.setPosixFilePermissions(restored.resolve("config/new"), PosixFilePermissions.fromString("rwx------"));
        var before = platform.state();

        var swapped = (FilesSwapped) platform.run(platform.swapAction("config")).result();

        assertThat(platform.read("config/current.log/a.log")).isEqualTo("a\n");
        assertThat(platform.read("config/versions")).isEqualTo("a file\n");
        assertThat(platform.read("config/kept/tracked.json")).isEqualTo("{}\n");
        assertThat(swapped.getTracked()).contains("config/kept");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(platform.root.resolve("config/new"))))
                .isEqualTo("rwx------");
        platform.run(platform.bringBackAction());
        assertThat(platform.state()).isEqualTo(before);
    }

    /** Undone, a rollback whose folder somebody has removed says so. */
    @Test
    void areMissedWhereSomebodyHasRemovedThem() throws Exception {
        var swapped = platform.run(platform.swapAction(PATHS)).result();
        RealFiles.removeAll(platform.root.resolve(".git/rollback-set-aside/r-1"));

        assertThatThrownBy(() -> platform.run(platform.bringBackAction(), new RecordingStep("r-1").given(swapped)))
                .hasMessageContaining("is not in")
                .hasMessageContaining("any more");
    }

    /** A service has put a link there since: what it leads to is not ours to move. */
    @Test
    void areTakenBackThroughNoLink() throws Exception {
        platform.run(platform.swapAction("config"));
        var out = Files.createDirectory(temporary.resolve("out"));
        Files.writeString(out.resolve("gone.log"), "theirs\n");
        RealFiles.removeAll(platform.root.resolve("config/new"));
        Files.createSymbolicLink(platform.root.resolve("config/new"), out);

        var back = platform.run(platform.bringBackAction());

        assertThat(out.resolve("gone.log")).hasContent("theirs\n");
        assertThat(back.detail()).contains("config/new/gone.log");
    }

    @Test
    void doNothingWithoutThem() throws Exception {
        var before = platform.state();
        RealFiles.removeAll(restored);

        assertThatThrownBy(() -> platform.run(platform.swapAction(PATHS)))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("start another rollback");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void goNowhereElse() throws Exception {
        for (var path : List.of("../elsewhere", "/etc/passwd", ".git/config", ".")) {
            assertThatThrownBy(() -> platform.run(platform.swapAction(path)))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.INVALID));
        }
        // A service has put links where folders were.
        var out = Files.createDirectory(temporary.resolve("out"));
        Files.createSymbolicLink(platform.root.resolve("config/new"), out);
        Files.createSymbolicLink(platform.root.resolve("led"), out);
        unpacked("led/away/file", "never there\n");

        assertThatThrownBy(() -> platform.run(platform.swapAction("config", "led/away/file")))
                .hasMessageContaining("a link or a file stands for a folder on the way to led/away/file");
        assertThat(platform.root.resolve("config/new/gone.log"))
                .as("the link was moved away")
                .hasContent("deleted since\n");
        assertThat(out).isEmptyDirectory();
    }
}
