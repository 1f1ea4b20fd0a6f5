package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
class RefusalTest {
    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
    }

    @Test
    void verifiesAnAnnotatedOrLightweightTag() throws Exception {
        platform.git("tag", "light", Platform.TAG + "^{commit}");
        for (var tag : List.of("light", Platform.TAG)) {
            var verified = (TargetVerified) platform.verifyTarget(tag, "Makefile", "services/api/", "./services")
                    .result();
            assertThat(verified.getCommitsSince()).isEqualTo(1);
            assertThat(verified.getChangedPaths())
                    .containsExactly(
                            ".gitignore",
                            "Makefile",
                            "services/api/main.py",
                            "services/api/old.py",
                            "services/kb/main.py");
        }
    }

    @Test
    void namesNearTagsWhenTheTagIsMissing() throws Exception {
        platform.git("tag", "v1");
        platform.git("branch", "graveyard/pre-rest");
        assertRefused(FailureKind.PRECONDITION, () -> platform.verifyTarget("graveyard/pre-rest"))
                .contains("there is no tag graveyard/pre-rest")
                .contains("a branch of that name does not count")
                .contains("tags here: graveyard/pre-reset, v1");
    }

    @Test
    void treatsATagNameThatLooksLikeAnOptionAsAName() throws Exception {
        platform.git("update-ref", "refs/tags/--orphan", Platform.TAG + "^{commit}");
        platform.verifyTarget("--orphan");
        assertRefused(FailureKind.INVALID, () -> platform.verifyTarget("a..b")).contains("cannot be the name of a tag");
    }

    @Test
    void namesCriticalPathsThatTheTagLacks() throws Exception {
        assertRefused(
                        FailureKind.PRECONDITION,
                        () -> platform.verifyTarget(Platform.TAG, "Makefile", "services/kb/main.py", "Makefile/"))
                .contains("lacks services/kb/main.py, Makefile/");
        assertRefused(FailureKind.INVALID, () -> platform.verifyTarget(Platform.TAG, "../secret"))
                .contains("must be relative");
    }

    @Test
    void refusesWhatIsNoWorkTree() throws Exception {
        var empty = Files.createDirectories(temporary.resolve("empty"));
        assertRefused(FailureKind.PRECONDITION, () -> verify(empty)).contains("is not a git work tree");
        assertRefused(FailureKind.PRECONDITION, () -> verify(temporary.resolve("none")))
                .contains("there is no directory");
        assertRefused(FailureKind.PRECONDITION, () -> verify(platform.root.resolve("services")))
                .contains("is not its top: name " + platform.root);
        platform.git(
                "clone", "--quiet", "--bare", ".", temporary.resolve("bare").toString());
        assertRefused(FailureKind.PRECONDITION, () -> verify(temporary.resolve("bare")))
                .contains("bare repository");
        Files.createDirectories(empty.resolve(".git"));
        assertRefused(FailureKind.PRECONDITION, () -> verify(empty)).contains("is not a git repository");
    }

    @Test
    void refusesUnmergedPathsWhileThePlatformStillServes() throws Exception {
        platform.git("checkout", "--quiet", "-b", "other", Platform.TAG);
        platform.write("Makefile", "other\n");
        platform.commit("Change the same line");
        platform.git("checkout", "--quiet", "main");
        assertThatThrownBy(() -> platform.git("merge", "other")).isInstanceOf(StepFailure.class);
        for (ThrowingCallable step : List.<ThrowingCallable>of(
                () -> platform.verifyTarget(Platform.TAG), platform::recordState, platform::preserve)) {
            assertRefused(FailureKind.PRECONDITION, step)
                    .contains("unmerged paths, which cannot be preserved: Makefile")
                    .contains("git merge --abort");
        }
    }

    @Test
    void carriesAMergeThroughThatHasNoConflictsLeft() throws Exception {
        platform.git("checkout", "--quiet", "-b", "other", Platform.TAG);
        platform.write("other.txt", "other\n");
        platform.commit("Add another file");
        platform.git("checkout", "--quiet", "main");
        platform.git("merge", "--quiet", "--no-commit", "--no-ff", "other");
        var before = platform.state();
        assertThat(platform.recordState().detail()).contains("Merged");
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
        assertThat(platform.root.resolve(".git/MERGE_HEAD")).exists();
    }

    @Test
    void namesTheLockOfAnotherGitProcess() throws Exception {
        platform.preserve();
        var lock = Files.createFile(platform.root.resolve(".git/index.lock"));
        for (ThrowingCallable step :
                List.<ThrowingCallable>of(() -> platform.verifyTarget(Platform.TAG), platform::checkOut)) {
            assertRefused(FailureKind.UNAVAILABLE, step).contains(lock + " exists");
        }
    }

    @Test
    void waitsForAnotherWorker() throws Exception {
        platform.preserve();
        try (var channel = FileChannel.open(
                        platform.root.resolve(".git/rollback.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                var held = channel.lock()) {
            assertRefused(FailureKind.UNAVAILABLE, platform::checkOut)
                    .contains("another worker is changing this work tree");
        }
    }

    @Test
    void refusesSubmodules() throws Exception {
        platform.git(
                "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", platform.root.toString(), "sub");
        platform.commit("Add a submodule");
        assertRefused(FailureKind.PRECONDITION, () -> platform.verifyTarget(Platform.TAG))
                .contains("has submodules");
    }

    @Test
    void leavesTheTreeAloneUnlessThisRollbackPreservedIt() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        assertRefused(FailureKind.PRECONDITION, platform::checkOut)
                .contains("nothing of")
                .contains("was preserved");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void namesPathsThatChangedAfterTheyWerePreserved() throws Exception {
        platform.makeDirty();
        platform.preserve();
        platform.write("notes/incident.txt", "more\n");
        platform.git("add", "services/api/main.py");
        assertRefused(FailureKind.MISMATCH, platform::checkOut)
                .contains("changed after they were preserved: notes/incident.txt, services/api/main.py");
    }

    @Test
    void refusesWhenHeadMovedAfterItWasPreserved() throws Exception {
        platform.preserve();
        platform.write("Makefile", "v3\n");
        platform.commit("Go on working");
        assertRefused(FailureKind.PRECONDITION, platform::checkOut).contains("somebody works there");
        assertRefused(FailureKind.PRECONDITION, platform::preserve).contains("somebody works there");
    }

    @Test
    void doesNotMoveABranchBackThatMovedMeanwhile() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        var main = platform.git("rev-parse", "main").strip();
        platform.git(
                "update-ref",
                "refs/heads/main",
                platform.git("rev-parse", Platform.TAG + "^{commit}").strip());
        assertRefused(FailureKind.PRECONDITION, platform::goBack)
                .contains("branch main")
                .contains("git update-ref refs/heads/main " + main);
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");

        platform.git("update-ref", "refs/heads/main", main);
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void reportsModifiedFilesAndMissingCriticalPathsAfterTheCheckout() throws Exception {
        assertRefused(FailureKind.MISMATCH, platform::verify).contains("and not at " + Platform.TAG);
        platform.preserve();
        platform.checkOut();
        assertRefused(FailureKind.MISMATCH, () -> platform.verify("models/")).contains("lacks models/");
        platform.write("Makefile", "changed\n");
        assertRefused(FailureKind.MISMATCH, platform::verify).contains("not as in " + Platform.TAG + ": Makefile");
    }

    @Test
    void refusesARollbackIdThatCouldNameAnotherRef() {
        for (var id : List.of("../heads/main", "a b", "", "a..b", ".a", "x.lock")) {
            assertRefused(
                            FailureKind.INVALID,
                            () -> GitConfiguration.capability(engine.trees()).handlers().stream()
                                    .filter(PreserveChangesHandler.class::isInstance)
                                    .map(PreserveChangesHandler.class::cast)
                                    .findFirst()
                                    .orElseThrow()
                                    .execute(platform.preserveAction(), new RecordingStep(id)))
                    .contains("cannot be part of a ref");
        }
    }

    @Test
    void recordsTheStateForThoseWhoLookIntoTheIncident() throws Exception {
        platform.makeDirty();
        platform.recordState();
        assertThat(platform.directory.resolve("git/state.json")).content().contains("\"branch\": \"main\"");
        assertThat(platform.directory.resolve("git/status.txt"))
                .content()
                .startsWith("on branch main at ")
                .contains("changed    Makefile\n", "untracked  notes/incident.txt\n");
        assertThat(platform.directory.resolve("git/log.txt"))
                .content()
                .contains("Test: Build the second version\n", "Test: Build the first version\n");
    }

    private void verify(Path workTree) throws Exception {
        platform.run(new VerifyTarget(workTree.toString(), Platform.TAG, List.of(), false));
    }

    private static AbstractStringAssert<?> assertRefused(FailureKind kind, ThrowingCallable step) {
        var failure = catchThrowableOfType(StepFailure.class, step);
        assertThat(failure).isNotNull();
        assertThat(failure.kind()).as(failure.text()).isEqualTo(kind);
        return assertThat(failure.text());
    }
}
