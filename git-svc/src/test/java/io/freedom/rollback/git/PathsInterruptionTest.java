package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
class PathsInterruptionTest {
    private static final String[] PATHS = {"services", "Makefile"};

    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;
    private Map<String, String> before = Map.of();

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
        platform.makeDirty();
        platform.write("services/api/untracked.txt", "untracked\n");
        before = platform.state();
    }

    @Test
    void finishesACheckoutThatWasCutOffAtAnyCheckpoint() throws Exception {
        platform.preserve();
        for (int allowed : new int[] {0, 1, 0}) {
            cutOff(platform.checkOutPathsAction(PATHS), allowed);
        }
        platform.checkOutPaths(PATHS);
        requireAsInTag();
        assertThat(displaced()).isEmpty();
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void finishesAReturnThatWasCutOffAtAnyCheckpoint() throws Exception {
        platform.preserve();
        platform.checkOutPaths(PATHS);
        for (int allowed = 0; allowed < 3; allowed++) {
            cutOff(platform.returnPathsAction(PATHS), allowed);
        }
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
        assertThat(displaced()).isEmpty();
    }

    @Test
    void finishesACheckoutWhoseFilesWereOnlyPartlyWritten() throws Exception {
        platform.preserve();
        leaveHalfDone();
        assertThat(platform.probe(platform.checkOutPathsAction(PATHS))).isInstanceOf(Probe.NotApplied.class);

        platform.checkOutPaths(PATHS);

        requireAsInTag();
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsFromACheckoutWhoseFilesWereOnlyPartlyWritten() throws Exception {
        platform.preserve();
        leaveHalfDone();
        assertThat(platform.probe(platform.returnPathsAction(PATHS))).isInstanceOf(Probe.NotApplied.class);
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
    }

    /** What a killed git leaves: some files of the tag, one half-written, some preserved ones gone, the index as before. */
    private void leaveHalfDone() throws Exception {
        cutOff(platform.checkOutPathsAction(PATHS), 1);
        platform.write("services/api/old.py", "only at the tag\n");
        platform.write("Makefile", "v");
        Files.delete(platform.root.resolve("services/api/untracked.txt"));
    }

    @Test
    void survivesGitBeingKilledWhileItWritesFiles() throws Exception {
        assumeThat(engine).as("JGit writes files within this process").isEqualTo(Engine.NATIVE);
        platform.preserve();
        killGitAt("services/api/old.py");
        assertThatThrownBy(() -> platform.checkOutPaths(PATHS)).isInstanceOf(StepFailure.class);
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
        assertThat(platform.has("services/api/old.py")).isFalse();
        spareGit();

        platform.checkOutPaths(PATHS);
        requireAsInTag();

        killGitAt("services/api/main.py");
        assertThatThrownBy(() -> platform.returnPaths(PATHS)).isInstanceOf(StepFailure.class);
        spareGit();
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
        assertThat(displaced()).isEmpty();
    }

    /** The filter is in the user's configuration, src/test/resources/gitconfig: of the repository's own none would run. */
    private void killGitAt(String path) throws Exception {
        Files.createDirectories(platform.root.resolve(".git/info"));
        Files.writeString(platform.root.resolve(".git/info/attributes"), path + " filter=deadly\n");
    }

    private void spareGit() throws Exception {
        Files.delete(platform.root.resolve(".git/info/attributes"));
    }

    @Test
    void losesNothingThatOthersStageWhileItWorks() throws Exception {
        assumeThat(engine).as("JGit reads what others staged under the lock").isEqualTo(Engine.NATIVE);
        platform.preserve();
        Files.createDirectories(platform.root.resolve(".git/info"));
        Files.writeString(platform.root.resolve(".git/info/attributes"), "services/api/old.py filter=other\n");
        assertThatThrownBy(() -> platform.checkOutPaths(PATHS))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("another git process changed the index");
        spareGit();
        platform.checkOutPaths(PATHS);
        assertThat(platform.git("ls-files", "notes")).isEqualTo("notes/incident.txt\n");
        requireAsInTag();
    }

    @Test
    void keepsEditsMadeBetweenTwoAttempts() throws Exception {
        platform.preserve();
        cutOff(platform.checkOutPathsAction(PATHS), 1);
        platform.write("services/api/untracked.txt", "edited between the attempts\n");
        var detail = platform.run(platform.checkOutPathsAction(PATHS)).detail();
        assertThat(detail).contains("refs/rollback-displaced/r-1/");
        assertThat(platform.git("show", displaced().strip() + ":services/api/untracked.txt"))
                .isEqualTo("edited between the attempts\n");
    }

    @Test
    void leavesIgnoredFilesAloneThoughTheirIgnoreRuleWentInAnEarlierAttempt() throws Exception {
        platform.write("services/api/.gitignore", "local.txt\n");
        platform.write("services/api/local.txt", "ignored\n");
        before = platform.state();
        platform.preserve();
        cutOff(platform.checkOutPathsAction(PATHS), 1);
        Files.delete(platform.root.resolve("services/api/.gitignore"));
        platform.checkOutPaths(PATHS);
        assertThat(platform.read("services/api/local.txt")).isEqualTo("ignored\n");
        assertThat(displaced()).isEmpty();
        platform.returnPaths(PATHS);
        assertThat(platform.state()).isEqualTo(before);
        assertThat(displaced()).isEmpty();
    }

    @Test
    void everyCommandCanComeTwice() throws Exception {
        platform.preserve();
        var first = platform.checkOutPaths(PATHS);
        assertThat(platform.probe(platform.checkOutPathsAction(PATHS))).isInstanceOf(Probe.Applied.class);
        assertThat(platform.probe(platform.preserveAction())).isInstanceOf(Probe.Applied.class);
        platform.preserve();
        assertThat(platform.checkOutPaths(PATHS).getChanged()).isEqualTo(first.getChanged());
        var files = platform.returnPaths(PATHS).getFiles();
        assertThat(platform.returnPaths(PATHS).getFiles()).isEqualTo(files);
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void noticesThatAPathIsNoLongerAsInTheTag() throws Exception {
        platform.preserve();
        platform.checkOutPaths(PATHS);
        platform.write("services/api/untracked.txt", "back again\n");
        assertThat(platform.probe(platform.checkOutPathsAction(PATHS))).isInstanceOf(Probe.NotApplied.class);
        platform.checkOutPaths(PATHS);
        platform.git("reset", "--quiet", "--", "services/api/main.py");
        assertThat(platform.probe(platform.checkOutPathsAction(PATHS))).isInstanceOf(Probe.NotApplied.class);
        platform.checkOutPaths(PATHS);
        requireAsInTag();
    }

    @Test
    void doesNotUndoEditsMadeAfterTheReturnWhenTheCommandComesAgain() throws Exception {
        platform.preserve();
        platform.checkOutPaths(PATHS);
        platform.returnPaths(PATHS);
        platform.write("Makefile", "edited after the return\n");
        platform.returnPaths(PATHS);
        assertThat(platform.read("Makefile")).isEqualTo("edited after the return\n");
        assertThatThrownBy(() -> platform.checkOutPaths("services/api")).hasMessageContaining("has already returned");
    }

    @Test
    void undoesNothingWhenTheCheckoutNeverBegan() throws Exception {
        var action = platform.returnPathsAction(PATHS);
        assertThat(platform.run(action).detail()).startsWith("nothing to undo");
        platform.preserve();
        platform.write("Makefile", "edited\n");
        assertThat(platform.run(action).detail()).startsWith("nothing to undo");
        assertThat(platform.read("Makefile")).isEqualTo("edited\n");
    }

    private void requireAsInTag() throws Exception {
        assertThat(platform.git("diff", "--name-only", Platform.TAG, "--", "services", "Makefile"))
                .isEmpty();
        assertThat(platform.git("diff", "--cached", "--name-only", Platform.TAG, "--", "services", "Makefile"))
                .isEmpty();
        assertThat(platform.git("status", "--porcelain", "--", "services")).doesNotContain("??");
    }

    private void cutOff(SpecificRecord action, int checkpoints) {
        assertThatThrownBy(() -> platform.run(action, new RecordingStep("r-1", checkpoints)))
                .isInstanceOf(StepCancelledException.class);
    }

    private String displaced() throws Exception {
        return platform.git("for-each-ref", "--format=%(refname)", "refs/rollback-displaced");
    }
}
