package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.FilesChecked;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckFilesHandlerTest {
    @TempDir
    private Path folder;

    private Path workTree = Path.of("");

    @BeforeEach
    void buildWorkTree() throws IOException {
        workTree = Files.createDirectory(folder.resolve("freedom"));
        Files.writeString(workTree.resolve("docker-compose.yml"), "services: {}");
        Files.createDirectories(workTree.resolve("services/api"));
        Files.writeString(workTree.resolve(".env"), """
                # keys
                export OPENAI_API_KEY="sk-1"
                FREEDOM_API_KEY=
                QUOTED=''
                COMMENTED= # nothing
                """);
    }

    @Test
    void passesWhenPathsAndKeysAreThere() throws Exception {
        var done = check(List.of("docker-compose.yml", "services/"), List.of("OPENAI_API_KEY|FREEDOM_API_KEY"));

        assertThat(done.result()).isEqualTo(new FilesChecked(2, 1));
        assertThat(done.detail()).isEqualTo("2 critical paths present, 1 required env keys set");
    }

    @Test
    void namesEveryPathThatIsNotAsItShouldBe() throws Exception {
        var failure = failure(List.of("Makefile", "docker-compose.yml/", "services", "services/"), List.of());

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .contains("Makefile is missing", "docker-compose.yml/ is not a directory", "services is not a file")
                .contains("git status")
                .doesNotContain("services/ ");
    }

    @Test
    void countsAKeyWithoutValueAsMissing() throws Exception {
        var failure = failure(List.of(), List.of("FREEDOM_API_KEY|QUOTED", "COMMENTED", "OPENAI_API_KEY", "OTHER_KEY"));

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .contains("has no value for FREEDOM_API_KEY or QUOTED, COMMENTED, OTHER_KEY: set it there")
                .doesNotContain("sk-1", "OPENAI");
    }

    @Test
    void lastEntryOfAKeyCountsAsComposeReadsIt() throws Exception {
        Files.writeString(workTree.resolve(".env"), "A=first\nA=\nB=\nB=last\n");

        assertThat(failure(List.of(), List.of("A")).text()).contains("no value for A");
        assertThat(check(List.of(), List.of("B")).result()).isEqualTo(new FilesChecked(0, 1));
    }

    @Test
    void saysWhereToGetAMissingEnvFile() throws Exception {
        Files.delete(workTree.resolve(".env"));

        var failure = failure(List.of(), List.of("A"));

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text()).contains(".env is missing: copy it back from the restore point");
    }

    @Test
    void namesConfigurationAndModelsThatARestorePointWouldBeWithout() throws Exception {
        Files.createSymbolicLink(workTree.resolve("models"), Path.of("/mnt/not-mounted"));
        var all = List.of(".env", "services", "models");
        var some = List.of(".env", "config/", "modles/");

        assertThat(kept(all).result()).isEqualTo(new FilesChecked(3, 0));
        assertThat(kept(all).detail()).isEqualTo("3 paths of configuration and models present");
        var failure = catchThrowableOfType(StepFailure.class, () -> kept(some));
        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .startsWith("not in " + workTree.toRealPath() + ": config/, modles/. A restore point would be without")
                .contains("descriptor's configuration and models");
    }

    private Completed kept(List<String> paths) throws StepFailure {
        return new CheckFilesHandler()
                .execute(
                        new CheckFiles(workTree.toString(), List.of(), null, List.of(), paths),
                        RecordedStep.within(Duration.ofSeconds(5)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret", "/etc/passwd", "services/../../secret", "", "a\0b"})
    void refusesPathsOutsideTheWorkTree(String path) throws Exception {
        Files.writeString(folder.resolve("secret"), "x");

        var failure = failure(List.of(path), List.of());

        assertThat(failure.kind()).isEqualTo(FailureKind.INVALID);
        assertThat(failure.text()).contains("does not lie inside the work tree");
    }

    @Test
    void doesNotAcceptALinkThatLeadsOutOfTheWorkTree() throws Exception {
        Files.writeString(folder.resolve("Makefile"), "x");
        Files.createSymbolicLink(workTree.resolve("Makefile"), Path.of("../Makefile"));

        assertThat(failure(List.of("Makefile"), List.of()).text())
                .contains("Makefile is a link that leads out of the work tree");
    }

    @Test
    void saysWhenTheWorkTreeItselfIsNotThere() {
        var check = new CheckFiles(folder.resolve("gone").toString(), List.of("a"), ".env", List.of(), List.of());

        var failure = catchThrowableOfType(
                StepFailure.class,
                () -> new CheckFilesHandler().execute(check, RecordedStep.within(Duration.ofSeconds(5))));

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains("is it on this worker's machine?");
    }

    @Test
    void readsNoEnvFileThatIsNoneOrLiesElsewhere() throws Exception {
        Files.writeString(folder.resolve("other.env"), "A=1");
        for (var path : List.of("../other.env", folder.resolve("other.env").toString(), "..", "a/../../other.env")) {
            var elsewhere = failure(path);
            assertThat(elsewhere.kind()).as(path).isEqualTo(FailureKind.INVALID);
            assertThat(elsewhere.text()).as(path).contains("does not lie inside the work tree");
        }
        Command.in(workTree, List.of("mkfifo", "pipe")).check();
        Files.createSymbolicLink(workTree.resolve("endless"), Path.of("/dev/zero"));
        Files.write(workTree.resolve("huge"), new byte[(1 << 20) + 1]);
        for (var path : List.of("pipe", "endless", "huge", "services")) {
            assertThat(failure(path).text()).as(path).contains("is no file, or larger than 1 MiB");
        }
        var link = Files.createSymbolicLink(folder.resolve("link"), workTree);
        assertThat(check(link, link.resolve(".env").toString(), List.of(), List.of("OPENAI_API_KEY"))
                        .detail())
                .isEqualTo("1 required env keys set");
    }

    private StepFailure failure(String envFile) {
        var failure = catchThrowableOfType(StepFailure.class, () -> check(workTree, envFile, List.of(), List.of("A")));
        assertThat(failure).isNotNull();
        return failure;
    }

    private Completed check(List<String> paths, List<String> keys) throws StepFailure {
        return check(workTree, workTree.resolve(".env").toString(), paths, keys);
    }

    private static Completed check(Path workTree, String envFile, List<String> paths, List<String> keys)
            throws StepFailure {
        return new CheckFilesHandler()
                .execute(
                        new CheckFiles(workTree.toString(), paths, envFile, keys, List.of()),
                        RecordedStep.within(Duration.ofSeconds(5)));
    }

    private StepFailure failure(List<String> paths, List<String> keys) {
        var failure = catchThrowableOfType(StepFailure.class, () -> check(paths, keys));
        assertThat(failure).isNotNull();
        return failure;
    }
}
