package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepCancelledException;
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
class InterruptionTest {
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
        before = platform.state();
    }

    @Test
    void finishesACheckoutThatWasCutOffAtAnyCheckpoint() throws Exception {
        platform.preserve();
        // The second one gets as far as noting that the checkout begins; from then on there is one checkpoint less.
        for (int allowed : new int[] {0, 1, 0, 1}) {
            cutOff(platform.checkOutAction(), allowed);
        }
        platform.checkOut();
        platform.verify();
        assertThat(platform.git("status", "--porcelain", "--untracked-files=no"))
                .isEmpty();
        assertThat(displaced()).isEmpty();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void finishesAReturnThatWasCutOffAtAnyCheckpoint() throws Exception {
        platform.preserve();
        platform.checkOut();
        for (int allowed = 0; allowed < 3; allowed++) {
            cutOff(platform.returnAction(), allowed);
        }
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
        assertThat(displaced()).isEmpty();
    }

    @Test
    void goesOnWhereAKilledWorkerHasLeftTheLockOfItsRef() throws Exception {
        platform.preserve();
        platform.write(".git/refs/rollback/r-1.lock", "");

        platform.checkOut();

        platform.verify();
        assertThat(platform.has(".git/refs/rollback/r-1.lock")).isFalse();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void finishesACheckoutWhoseFilesWereOnlyPartlyWritten() throws Exception {
        platform.preserve();
        cutOff(platform.checkOutAction(), 1);
        // What a killed git leaves: some files of the tag, one half-written, some preserved files gone, the index as
        // before.
        platform.write("services/api/old.py", "only at the tag\n");
        platform.write("Makefile", "v");
        platform.write(".gitignore", "*.log\n/models/\n");
        Files.delete(platform.root.resolve("notes/incident.txt"));

        assertThat(platform.probe(platform.checkOutAction())).isInstanceOf(Probe.NotApplied.class);
        platform.checkOut();

        platform.verify();
        assertThat(platform.has("notes/incident.txt")).isFalse();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsFromACheckoutWhoseFilesWereOnlyPartlyWritten() throws Exception {
        platform.preserve();
        cutOff(platform.checkOutAction(), 1);
        platform.write("services/api/old.py", "only at the tag\n");
        platform.write("Makefile", "v");
        Files.delete(platform.root.resolve("notes/incident.txt"));
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void finishesACheckoutAfterAResetThatLeftUntrackedFiles() throws Exception {
        platform.preserve();
        cutOff(platform.checkOutAction(), 1);
        platform.git("reset", "--quiet", "--hard");
        platform.git("checkout", "--quiet", "--detach", Platform.TAG);
        assertThat(platform.has("notes/incident.txt")).isTrue();
        assertThat(platform.probe(platform.checkOutAction())).isInstanceOf(Probe.NotApplied.class);
        platform.checkOut();
        assertThat(platform.has("notes/incident.txt")).isFalse();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void keepsEditsMadeBetweenTwoAttempts() throws Exception {
        platform.preserve();
        cutOff(platform.checkOutAction(), 1);
        platform.write("notes/incident.txt", "edited between the attempts\n");
        var detail = platform.checkOut().detail();
        assertThat(detail).contains("refs/rollback-displaced/r-1/");
        assertThat(platform.git("show", displaced().strip() + ":notes/incident.txt"))
                .isEqualTo("edited between the attempts\n");
    }

    @Test
    void everyCommandCanComeTwice() throws Exception {
        platform.preserve();
        assertThat(platform.probe(platform.preserveAction())).isInstanceOf(Probe.Applied.class);
        platform.preserve();
        platform.checkOut();
        assertThat(platform.probe(platform.checkOutAction())).isInstanceOf(Probe.Applied.class);
        assertThat(platform.probe(platform.preserveAction())).isInstanceOf(Probe.Applied.class);
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void doesNotUndoEditsMadeAfterTheReturnWhenTheCommandComesAgain() throws Exception {
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        platform.write("Makefile", "edited after the return\n");
        platform.goBack();
        assertThat(platform.read("Makefile")).isEqualTo("edited after the return\n");
        assertThatThrownBy(platform::checkOut).hasMessageContaining("has already returned");
    }

    @Test
    void preservesAgainWhenFilesChangedBeforeTheCheckout() throws Exception {
        platform.preserve();
        platform.write("notes/incident.txt", "more\n");
        before = platform.state();
        assertThat(platform.probe(platform.preserveAction())).isInstanceOf(Probe.NotApplied.class);
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void undoesNothingWhenTheCheckoutNeverBegan() throws Exception {
        assertThat(platform.goBack().detail()).startsWith("nothing to undo");
        platform.preserve();
        platform.write("notes/incident.txt", "edited\n");
        assertThat(platform.goBack().detail()).startsWith("nothing to undo");
        assertThat(platform.read("notes/incident.txt")).isEqualTo("edited\n");
    }

    private void cutOff(SpecificRecord action, int checkpoints) {
        assertThatThrownBy(() -> platform.run(action, new RecordingStep("r-1", checkpoints)))
                .isInstanceOf(StepCancelledException.class);
    }

    private String displaced() throws Exception {
        return platform.git("for-each-ref", "--format=%(refname)", "refs/rollback-displaced");
    }
}
