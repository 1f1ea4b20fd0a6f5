package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EngineTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private final String project = "engine-test-" + UUID.randomUUID().toString().substring(0, 8);

    @TempDir
    Path temp;

    private final EngineProvider provider = new EngineProvider();
    private Engine engine;
    private String id;

    EngineTest() throws Exception {
        engine = provider.engine();
        id = "";
    }

    @BeforeAll
    void startAContainer() throws Exception {
        id = docker(
                "run",
                "-d",
                "--init",
                "--label",
                "com.docker.compose.project=" + project,
                "--label",
                "com.docker.compose.service=web",
                "rollback-local/python:bookworm",
                "sh",
                "-c",
                "echo out; echo err >&2; exec sleep 600");
    }

    @AfterAll
    void removeIt() throws Exception {
        engine.remove(id);
        provider.close();
    }

    @Test
    void findsAContainerByItsLabels() throws Exception {
        var container = engine.running(project, "web");

        assertThat(container.id()).isEqualTo(id);
        assertThat(container.image()).isEqualTo("rollback-local/python:bookworm");
        assertThat(engine.images().id(container.image())).contains(container.imageId());
        assertThat(container.health()).isNull();
    }

    @Test
    void saysThatAServiceDoesNotRun() {
        assertThatThrownBy(() -> engine.running(project, "db"))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("service db of project " + project + " has no running container");
    }

    private static long drain(InputStream in) throws IOException {
        return in.transferTo(OutputStream.nullOutputStream());
    }

    @Test
    void readsATarThatAProgramWrites() throws Exception {
        var into = Files.createDirectory(temp.resolve("read"));

        var said = engine.readTar(
                id,
                List.of("sh", "-c", "cd /tmp; printf \"$1\" >x; tar -cf - x; echo note >&2; exit 1", "sh", "a\\nb"),
                Map.of(),
                in -> TarFolder.unpack(in, into));

        assertThat(into.resolve("x")).hasContent("a\nb");
        assertThat(said).isEqualTo(new ExecResult(1, "", "note\n", false));
    }

    @Test
    void tellsATarThatWasCutOrIsNone() {
        for (var script : List.of("exit 3", "head -c 100000 /dev/urandom; exit 3", "echo is missing >&2; kill -9 $$")) {
            assertThatThrownBy(() -> engine.readTar(id, List.of("sh", "-c", script), Map.of(), EngineTest::drain))
                    .isInstanceOfSatisfying(
                            StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE))
                    .hasMessageContaining("before its tar stream was whole");
        }
        assertThatThrownBy(() -> engine.readTar(id, List.of("no-such"), Map.of(), EngineTest::drain))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("no-such");
    }

    @Test
    void endsAProgramWhoseTarNobodyReadsOn() throws Exception {
        assertThatThrownBy(() ->
                        engine.readTar(id, List.of("sh", "-c", "while true; do echo endless; done"), Map.of(), in -> {
                            in.readNBytes(1000);
                            throw new StepFailure(FailureKind.TOOL, "enough");
                        }))
                .hasMessage("enough");

        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(
                                docker("exec", id, "sh", "-c", "grep -l [e]ndless /proc/[0-9]*/cmdline || true"))
                        .isEmpty());
    }

    private String beside(String purpose, Duration lifetime) throws Exception {
        return engine.startBeside(
                "rollback-local/python:bookworm",
                Map.of(),
                List.of("sh", "-c", "echo said; exit 3"),
                project + purpose,
                lifetime);
    }

    private List<EngineContainer> besides(String purpose) throws Exception {
        return engine.labelled("io.freedom.rollback.beside", project + purpose);
    }

    @Test
    void givesWayToThePlatformBesideIt() throws Exception {
        var beside = beside("-low", LIMIT);
        try {
            assertThat(docker(
                                    "inspect",
                                    "--format",
                                    "{{.HostConfig.CpuShares}} {{.HostConfig.OomScoreAdj}} {{.HostConfig.NetworkMode}}",
                                    beside)
                            .strip())
                    .isEqualTo("2 1000 none");
        } finally {
            engine.removeWithVolumes(beside);
        }
    }

    @Test
    void leavesWhatAnotherWorkerHasYetToRead() throws Exception {
        var read = beside("-read", LIMIT);
        await().atMost(LIMIT)
                .until(() -> engine.details(read).orElseThrow().state().equals("exited"));
        var other = beside("-other", LIMIT);
        try {
            var said = new ArrayList<String>();
            engine.logs(read, null, said::add);

            assertThat(said).containsExactly("said");
        } finally {
            engine.removeWithVolumes(other);
            engine.removeWithVolumes(read);
        }
    }

    @Test
    void answersAllThatAskTheSameImageAtOnce() throws Exception {
        var image = "rollback-local/python:bookworm";
        try (var askers = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = new ArrayList<Future<ExecResult>>();
            for (int n = 0; n < 6; n++) {
                asked.add(askers.submit(() -> engine.runAside(image, "echo answer", LIMIT)));
            }
            for (var answer : asked) {
                assertThat(answer.get().stdout()).isEqualTo("answer");
            }
        }
    }

    @Test
    void removesWhatNobodyWaitsForAnyMore() throws Exception {
        var past = Duration.ofSeconds(-2); // its worker would have given up before that
        docker(
                "create",
                "--label=io.freedom.rollback.beside=" + project + "-left",
                "--label=io.freedom.rollback.until=" + Instant.now().plus(past).getEpochSecond(),
                "rollback-local/python:bookworm");
        assertThat(besides("-left")).hasSize(1);

        engine.removeWithVolumes(beside("-next", LIMIT));

        assertThat(besides("-left")).isEmpty();
    }

    private Sidecar sidecar(String script) {
        return new Sidecar(
                "rollback-local/python:bookworm",
                id,
                "0:0",
                List.of("sh", "-c", script),
                Map.of(),
                null,
                "",
                Map.of("io.freedom.rollback.test", project));
    }

    private List<EngineContainer> sidecars() throws Exception {
        return engine.labelled("io.freedom.rollback.test", project);
    }

    @Test
    void streamsWhatASidecarWritesAtThePaceOfWhoReads() throws Exception {
        var mayRead = new CountDownLatch(1);
        var read = new AtomicLong();
        var slow = new OutputStream() {
            @Override
            public void write(int b) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void write(byte[] buffer, int offset, int length) throws IOException {
                try {
                    mayRead.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
                read.addAndGet(length);
            }
        };
        var script =
                "i=0; while [ $i -lt 64 ]; do head -c 1M /dev/zero; i=$((i+1)); echo $i > /at; done; echo why >&2; exit 3";
        var streamed = new FutureTask<>(() -> engine.streamSidecar(sidecar(script), slow, LIMIT));
        Thread.ofVirtual().start(streamed);
        await().during(Duration.ofSeconds(1)).ignoreExceptions().until(this::written, at -> at > 0 && at < 16);
        mayRead.countDown();

        var result = streamed.get();

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.stderr()).isEqualTo("why\n");
        assertThat(read).hasValue(64 << 20);
        assertThat(sidecars()).isEmpty();
    }

    /** MiB. */
    private int written() throws Exception {
        return Integer.parseInt(engine.exec(sidecars().getFirst().id(), List.of("cat", "/at"), Map.of(), LIMIT)
                .stdout()
                .strip());
    }

    @Test
    void saysWhatKeepsWhoReadsASidecarFromIt() throws Exception {
        var full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };

        assertThatThrownBy(() -> engine.streamSidecar(sidecar("cat /dev/zero"), full, LIMIT))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.TOOL))
                .hasMessageContaining("No space left on device");
        assertThat(sidecars()).isEmpty();
    }

    @Test
    void passesArgumentsAsTheyAreAndReportsTheExitCode() throws Exception {
        var echoed = engine.exec(id, List.of("printf", "%s", "a b; $(c) 'd'"), Map.of(), LIMIT);
        var failed = engine.exec(id, List.of("sh", "-c", "echo $V >&2; exit 7"), Map.of("V", "why"), LIMIT);

        assertThat(echoed).isEqualTo(new ExecResult(0, "a b; $(c) 'd'", "", false));
        assertThat(failed).isEqualTo(new ExecResult(7, "", "why\n", false));
    }

    @Test
    void boundsTheOutputItKeeps() throws Exception {
        var result = engine.exec(id, List.of("head", "-c", "9000000", "/dev/zero"), Map.of(), LIMIT);

        assertThat(result.truncated()).isTrue();
        assertThat(result.stdout()).hasSize(4 << 20);
    }

    @Test
    void endsAProgramInTheContainerWhenItsTimeIsOver() throws Exception {
        assertThatThrownBy(() ->
                        engine.exec(id, List.of("sh", "-c", "sleep 301 & sleep 301"), Map.of(), Duration.ofSeconds(1)))
                .hasMessageContaining("did not end in time");

        assertThat(processes()).doesNotContain("sleep 301");
    }

    @Test
    void endsAProgramInTheContainerWhenTheStepIsInterrupted() throws Exception {
        var thrown = new AtomicReference<Throwable>();
        var step = Thread.ofVirtual().start(() -> {
            try {
                engine.exec(id, List.of("sleep", "302"), Map.of(), LIMIT);
            } catch (StepFailure | InterruptedException e) {
                thrown.set(e);
            }
        });
        while (!processes().contains("sleep 302")) {
            Thread.onSpinWait();
        }
        step.interrupt();
        step.join();

        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(processes()).doesNotContain("sleep 302");
    }

    private String processes() throws Exception {
        return docker("top", id, "-eo", "pid,args");
    }

    @Test
    void copiesAFolderInAndOutAgain() throws Exception {
        var folder = Files.createDirectories(temp.resolve("dump"));
        Files.write(folder.resolve("big"), new byte[5_000_000]);
        Files.writeString(folder.resolve("toc"), "toc");

        engine.copyIn(id, folder, "/tmp");
        long bytes = engine.copyOut(id, "/tmp/dump", temp.resolve("back"));
        var tar = new ByteArrayOutputStream();
        long streamed = engine.copyOutTar(id, "/tmp/dump", tar);

        assertThat(bytes).isEqualTo(5_000_003);
        assertThat(temp.resolve("back/dump/toc")).hasContent("toc");
        assertThat(temp.resolve("back/dump/big")).hasSize(5_000_000);
        assertThat(streamed).isEqualTo(tar.size()).isGreaterThan(5_000_003);
    }

    @Test
    void saysThatAPathIsNotInTheContainer() {
        assertThatThrownBy(() -> engine.copyOut(id, "/no/such", temp))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("/no/such");
    }

    @Test
    void readsBothStreamsOfTheLog() throws Exception {
        var all = new ArrayList<String>();
        var later = new ArrayList<String>();

        assertThat(engine.logs(id, null, all::add)).isEqualTo(2);
        engine.logs(id, Instant.now(), later::add);

        assertThat(all).containsExactlyInAnyOrder("out", "err");
        assertThat(later).isEmpty();
        assertThat(engine.lastLogs(id, 1)).hasSize(1);
    }

    @Test
    void movesANameOfAnImageAndTakesItAway() throws Exception {
        var images = engine.images();
        var image = images.id("rollback-local/python:bookworm").orElseThrow();
        var name = "rollback-guard/" + project + ":1";

        images.tag(image, name);
        assertThat(images.named("rollback-guard/" + project)).hasSize(1);
        images.removeTag(name);
        images.removeTag(name);

        assertThat(images.id(name)).isEmpty();
        assertThat(images.id("rollback-local/python:bookworm")).contains(image);
    }

    private static String docker(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("docker"));
        argv.addAll(List.of(arguments));
        return Command.in(Path.of("/"), argv).check().stdout().strip();
    }
}
