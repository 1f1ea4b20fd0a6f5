package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
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
class PathsRefusalTest {
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
    void refusesPathsThatLeaveTheWorkTreeOrLeadIntoGit() throws Exception {
        platform.preserve();
        for (var path : List.of("/etc", "..", "services/../../secret", "", ".", "./", "a\0b")) {
            for (ThrowingCallable step : List.<ThrowingCallable>of(
                    () -> platform.checkOutPaths("services/api", path), () -> platform.returnPaths(path))) {
                assertRefused(FailureKind.INVALID, step).contains("must be relative to the work tree");
            }
        }
        for (var path : List.of(".git", ".git/config", "services/.GIT/hooks")) {
            assertRefused(FailureKind.INVALID, () -> platform.checkOutPaths(path))
                    .contains("git directory");
        }
        assertRefused(FailureKind.INVALID, platform::checkOutPaths).contains("names no paths");
        requireUntouched();
    }

    @Test
    void refusesAPathThatNeitherTagNorWorkTreeHasBeforeAnythingChanges() throws Exception {
        platform.preserve();
        for (var path : List.of("services/ap", "Makefile/sub", "services/*", ":/Makefile", ":(glob)**")) {
            assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api", path))
                    .contains("neither tag " + Platform.TAG)
                    .contains(" has " + path);
        }
        requireUntouched();
    }

    @Test
    void refusesPathsBehindALinkOrAFileThatIsNotAmongThem() throws Exception {
        var outside = Files.createDirectories(temporary.resolve("outside/api"));
        Files.delete(platform.root.resolve("config/"));
        Files.createSymbolicLink(platform.root.resolve("config"), outside);
        before = platform.state();
        platform.preserve();
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("config/kb.json"))
                .contains("files or links: config.")
                .contains("name them among the paths");
        requireUntouched();
        platform.checkOutPaths("config/kb.json", "config");
        assertThat(platform.read("config/kb.json")).isEqualTo("{}\n");
        platform.returnPaths("config/kb.json", "config");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void leavesTheTreeAloneUnlessThisRollbackPreservedIt() throws Exception {
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api"))
                .contains("nothing of")
                .contains("was preserved");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void namesPathsThatChangedAfterTheyWerePreserved() throws Exception {
        platform.preserve();
        platform.write("services/api/more.txt", "more\n");
        platform.git("add", "services/api/main.py");
        platform.write("notes/incident.txt", "not among the paths\n");
        assertRefused(FailureKind.MISMATCH, () -> platform.checkOutPaths("services/api"))
                .contains("changed after they were preserved: services/api/main.py, services/api/more.txt.")
                .contains("retry the step that preserves");
        platform.preserve();
        platform.checkOutPaths("services/api");

        platform.write("config/kb.json", "changed\n");
        assertRefused(FailureKind.MISMATCH, () -> platform.checkOutPaths("config"))
                .contains("preserved: config/kb.json.")
                .contains("git diff refs/rollback/r-1");
    }

    @Test
    void refusesWhenHeadMovedAfterItWasPreserved() throws Exception {
        platform.git("reset", "--quiet", "--hard");
        before = platform.state();
        platform.preserve();
        var main = platform.git("rev-parse", "main").strip();
        platform.git("commit", "--quiet", "--allow-empty", "--message=Go on working");
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api"))
                .contains("somebody works there");
        platform.git("reset", "--quiet", "--soft", main);
        platform.checkOutPaths("services/api");
        platform.git("commit", "--quiet", "--message=Commit what was taken");
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api"))
                .contains("somebody works there");
        assertRefused(FailureKind.PRECONDITION, () -> platform.returnPaths("services/api"))
                .contains("`git reset --soft " + main + "`");
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");

        platform.git("reset", "--quiet", "--soft", main);
        platform.git("switch", "--quiet", "--create", "other");
        assertRefused(FailureKind.PRECONDITION, () -> platform.returnPaths("services/api"))
                .contains("`git switch main`");
        platform.git("switch", "--quiet", "main");
        platform.returnPaths("services/api");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void goesOnOnlyWithTheCommitItBeganWith() throws Exception {
        platform.preserve();
        platform.checkOutPaths("services/api");
        platform.git("tag", "--force", Platform.TAG, "main");
        for (var path : List.of("services/api", "Makefile")) {
            assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths(path))
                    .contains("was the tag moved?");
        }
    }

    @Test
    void takesEitherSinglePathsOrAll() throws Exception {
        platform.preserve();
        platform.checkOutPaths("services/api");
        assertRefused(FailureKind.PRECONDITION, platform::checkOut).contains("has taken single paths");
        assertThat(platform.goBack().detail()).startsWith("nothing to undo");
        platform.returnPaths("services/api");
        assertThat(platform.state()).isEqualTo(before);

        platform.git("update-ref", "-d", "refs/rollback/r-1");
        platform.preserve();
        platform.checkOut();
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api"))
                .contains("has taken all of");
        assertThat(platform.run(platform.returnPathsAction("services/api")).detail())
                .startsWith("nothing to undo");
        platform.goBack();
        assertRefused(FailureKind.PRECONDITION, () -> platform.checkOutPaths("services/api"))
                .contains("has already returned");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void waitsForAnotherWorkerAndNamesTheLockOfAnotherGitProcess() throws Exception {
        platform.preserve();
        var lock = Files.createFile(platform.root.resolve(".git/index.lock"));
        assertRefused(FailureKind.UNAVAILABLE, () -> platform.checkOutPaths("Makefile"))
                .contains(lock + " exists");
        Files.delete(lock);
        platform.checkOutPaths("Makefile");
        Files.createFile(lock);
        assertRefused(FailureKind.UNAVAILABLE, () -> platform.returnPaths("Makefile"))
                .contains(lock + " exists");
        Files.delete(lock);
        try (var channel = FileChannel.open(
                        platform.root.resolve(".git/rollback.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                var held = channel.lock()) {
            for (ThrowingCallable step : List.<ThrowingCallable>of(
                    () -> platform.checkOutPaths("config"), () -> platform.returnPaths("Makefile"))) {
                assertRefused(FailureKind.UNAVAILABLE, step).contains("another worker is changing this work tree");
            }
        }
    }

    private void requireUntouched() throws Exception {
        assertThat(platform.state()).isEqualTo(before);
        assertThat(platform.git("log", "-1", "--format=%B", "refs/rollback/r-1"))
                .contains("Stage: KEPT");
    }

    private static AbstractStringAssert<?> assertRefused(FailureKind kind, ThrowingCallable step) {
        var failure = catchThrowableOfType(StepFailure.class, step);
        assertThat(failure).isNotNull();
        assertThat(failure.kind()).as(failure.text()).isEqualTo(kind);
        return assertThat(failure.text());
    }
}
