package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.schemas.action.CaptureLogs;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.KeepLogs;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.action.LogsKept;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs of a real engine's containers are kept, until these are removed and beyond. */
@Tag("engine")
class KeepLogsTest {
    /** Says each line that it gets by a file, and goodbye. */
    private static final String TALKER = "[sh, -c, \"trap 'echo bye; exit 0' TERM; echo hello; echo oops >&2;"
            + " while true; do [ -e /tmp/more ] && cat /tmp/more && rm /tmp/more; sleep 0.1; done\"]";

    private final TestProject project;
    private final Path kept;

    KeepLogsTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
        kept = folder.resolve("backups/.logs/freedom");
        project.logs = new LogArchive(
                "freedom",
                folder.resolve("backups").toString(),
                Duration.ofDays(7).toMillis(),
                1L << 30,
                0L);
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    private void services(String services) throws Exception {
        Files.writeString(
                project.live.resolve("compose.yml"), "services:\n" + services.replace("IMAGE", TestProject.BASE));
        project.up();
    }

    private String keep() throws Exception {
        return project.run(
                new KeepLogsHandler(project.engines, project.vault, InstantSource.system()),
                new KeepLogs(project.compose()));
    }

    /** Of a service, without times. */
    private List<String> lines(String service) throws Exception {
        var out = new ByteArrayOutputStream();
        try (var files = Files.list(kept.resolve(service))) {
            for (var file : files.sorted().toList()) {
                assertThat(file.toString()).endsWith(".log.zst.age");
                try (var in = project.vault.open(file)) {
                    in.transferTo(out);
                }
            }
        }
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .toList();
    }

    /** As many x as there are. */
    private List<String> counted(String service) throws Exception {
        return lines(service).stream()
                .map(line -> line.endsWith("x") ? line.replaceFirst("x+$", line.length() - 9 + " x") : line)
                .toList();
    }

    private void awaitLog(EngineContainer container, String line) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!project.engine.lastLogs(container.id(), 10).contains(line)) {
            assertThat(System.nanoTime()).as("no line '%s'", line).isLessThan(end);
        }
    }

    private void say(String service, String line) throws Exception {
        var container = project.container(service);
        TestProject.docker("exec", container.id(), "sh", "-c", "echo '" + line + "' > /tmp/.m; mv /tmp/.m /tmp/more");
        awaitLog(container, line);
    }

    @Test
    void keepsEachLineOnceOfBothStreamsAndWhatIsSaidAtTheEndBeforeDown() throws Exception {
        services("  api: {image: IMAGE, command: %s}\n".formatted(TALKER));
        awaitLog(project.container("api"), "hello");
        awaitLog(project.container("api"), "oops");
        keep();
        say("api", "more");
        project.run(
                new CaptureLogsHandler(project.engines, project.vault),
                new CaptureLogs(project.compose(), project.backup.toString()));
        assertThat(lines("api")).containsExactlyInAnyOrder("stdout F hello", "stderr F oops", "stdout F more");
        say("api", "the last");

        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 5, List.of(), List.of()));

        assertThat(project.states()).isEmpty();
        assertThat(lines("api"))
                .containsExactlyInAnyOrder(
                        "stdout F hello", "stderr F oops", "stdout F more", "stdout F the last", "stdout F bye");
        assertThat(keep()).startsWith("0 lines of 0 containers kept");
        assertThat(lines("api")).as("kept across down").hasSize(5);
    }

    @Test
    void keepsWhatIsSaidAtTheEndOfAContainerThatIsMadeAnew() throws Exception {
        services("  api: {image: IMAGE, command: %s}\n".formatted(TALKER));
        awaitLog(project.container("api"), "hello");
        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of("api"), true, false, true, List.of()));

        assertThat(lines("api")).contains("stdout F hello", "stderr F oops", "stdout F bye");
    }

    @Test
    void keepsThoseOfJobsOneOffsTerminalsAndOfLinesThatAreLong() throws Exception {
        services("""
                  job: {image: IMAGE, command: [echo, done]}
                  tty: {image: IMAGE, tty: true, command: [python3, -c, "print('x' * 40000); print('end')"]}
                  long: {image: IMAGE, command: [python3, -c, "print('x' * 40000); print('end', end='')"]}
                """);
        TestProject.docker(
                "compose",
                "-p",
                project.name,
                "--project-directory",
                project.live.toString(),
                "run",
                "-T",
                "job",
                "echo",
                "by hand");
        awaitLog(project.container("tty"), "end");
        awaitLog(project.container("long"), "end");
        keep();
        assertThat(keep()).startsWith("0 lines of 4 containers kept");

        assertThat(lines("job")).containsExactlyInAnyOrder("stdout F done", "stdout F by hand");
        var part = "stdout P 16384 x";
        var rest = "stdout F 7232 x";
        assertThat(counted("tty")).containsExactly(part, part, rest, "stdout F end");
        assertThat(counted("long")).containsExactly(part, part, rest, "stdout P end");
    }

    @Test
    void goesOnWhereAContainerIsStartedAgainThatHasNotEndedItsLine() throws Exception {
        services("  api: {image: IMAGE, command: [printf, bye]}\n");
        var container = project.container("api");
        for (var said : List.of("bye", "byebye", "byebyebye")) {
            awaitLog(container, said);
            keep();
            assertThat(keep()).startsWith("0 lines of 1 containers kept");
            assertThat(String.join("", lines("api"))).isEqualTo(said.replace("bye", "stdout P bye"));
            TestProject.docker("start", container.id());
        }
    }

    @Test
    void keepsTheOthersAndSaysWhoseLogCannotBeRead() throws Exception {
        services("""
                  mailer: {image: IMAGE, command: [echo, mail], logging: {driver: none}}
                  api: {image: IMAGE, command: [echo, hello]}
                """);
        awaitLog(project.container("api"), "hello");
        keep();

        assertThat(lines("api")).containsExactly("stdout F hello");
        var result = project.result(LogsKept.class);
        assertThat(result.getNotes()).singleElement().asString().startsWith("mailer: its log cannot be read (");
        assertThat(result.getUntil()).isNotNull();
    }

    @Test
    void doesNotHoldUpARollbackWhereThereIsNoRoom() throws Exception {
        services("  api: {image: IMAGE, command: [echo, hello]}\n");
        awaitLog(project.container("api"), "hello");
        project.logs = LogArchive.newBuilder(project.compose().getLogs())
                .setReserve(Long.MAX_VALUE)
                .build();

        assertThatThrownBy(this::keep)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("less than backups.reserve");
        var detail = project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 5, List.of(), List.of()));

        assertThat(detail).contains("logs: api: its last lines are not kept: ", "less than backups.reserve");
        assertThat(project.states()).isEmpty();
    }
}
