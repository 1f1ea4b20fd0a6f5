package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.PostgresContainer.docker;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data in containers, of which the large files are known from the restore point before. */
@Tag("engine")
class ContainerDataTest {
    private static final String IMAGE = "rollback-local/postgres:15";
    private static final String FOLDER = "/srv/data";
    private static EngineProvider engines;

    private final String project = "rollback-test-" + UUID.randomUUID();
    private final List<String> containers = new ArrayList<>();
    /** Ahead as that of each container, so that all is old enough to be known by its times. */
    private InstantSource clock = () -> Instant.now().plus(Duration.ofMinutes(5));

    private String container;

    @TempDir
    private Path temp;

    @BeforeAll
    static void connect() {
        engines = new EngineProvider();
    }

    @AfterAll
    static void disconnect() {
        engines.close();
    }

    @BeforeEach
    void givenAContainerWithAModel() throws Exception {
        container = run();
        sh(
                "mkdir -p /srv/data/sub; cd /srv/data; head -c 3000000 /dev/urandom >model; head -c 2000000 /dev/urandom >sub/other;"
                        + " echo small >small; ln -s small link; chmod 640 small model; chown 33:44 model");
    }

    @AfterEach
    void removeContainers() throws Exception {
        for (var one : containers) {
            docker("rm", "--force", "--volumes", one);
        }
    }

    private String run(String... options) throws Exception {
        var argv = new ArrayList<>(List.of(
                "run",
                "--detach",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=kb",
                "--label=com.docker.compose.oneoff=False",
                "--entrypoint=sleep"));
        argv.addAll(List.of(options));
        argv.addAll(List.of(IMAGE, "infinity"));
        var id = docker(argv.toArray(String[]::new));
        containers.add(id);
        docker(
                "exec",
                "--user=0",
                id,
                "bash",
                "-c",
                "printf '#!/bin/sh\\nexec /usr/bin/date --date=\"5 minutes\" \"$@\"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date");
        return id;
    }

    private void remove() throws Exception {
        docker("rm", "--force", container);
        containers.remove(container);
    }

    private String sh(String script) throws Exception {
        return docker("exec", container, "bash", "-c", script);
    }

    private RestorePoint point(String id) throws Exception {
        return RestorePoint.at(temp.resolve("backups").resolve(id).toString());
    }

    private Completed copy(String id) throws Exception {
        return copy(id, FOLDER, new RunningStep(id));
    }

    private Completed copy(String id, String path, RunningStep step) throws Exception {
        var compose = new ComposeProject(project, "/", List.of("docker-compose.yml"), null, null, null);
        return new CopyContainerDataHandler(engines, VAULT, clock)
                .execute(
                        new CopyContainerData(
                                compose, "kb", path, point(id).directory().toString()),
                        step);
    }

    private Path unpacked(String id) throws Exception {
        return Vaults.unpacked(point(id), point(id).containerData("kb"));
    }

    /** Kind, mode, owner, time and content of all there is; of links where they lead. */
    private static String state(Path folder) throws Exception {
        return Command.in(
                        folder,
                        List.of(
                                "bash",
                                "-c",
                                "find . -mindepth 1 -type l -printf '%p %l\\n' -o -printf '%p %y %m %U:%G %Ts\\n' | sort; find . -type f -exec sha256sum {} + | sort"))
                .check()
                .stdout();
    }

    private void assertIsWhatTheContainerHas(String id) throws Exception {
        var there = Files.createDirectories(temp.resolve("there-" + id));
        var tar = temp.resolve(id + ".tar");
        Command.in(temp, List.of("bash", "-c", "docker cp -a " + container + ":/srv/data - >" + tar))
                .check();
        Command.in(there, List.of("tar", "--extract", "--same-owner", "--same-permissions", "--file=" + tar))
                .check();
        assertThat(state(unpacked(id))).isEqualTo(state(there));
        assertThat(state(asADrillGetsIt(id))).isEqualTo(state(there));
    }

    private Path asADrillGetsIt(String id) throws Exception {
        var into = Files.createDirectories(temp.resolve("drill-" + id));
        var tar = temp.resolve("drill-" + id + ".tar");
        var archive = Vault.find(point(id).containerData("kb")).orElseThrow();
        try (var reader = ArchiveReader.open(archive, point(id), VAULT);
                var out = Files.newOutputStream(tar)) {
            reader.transferTo(out);
        }
        Command.in(
                        into,
                        List.of(
                                "tar",
                                "--extract",
                                "--same-owner",
                                "--same-permissions",
                                "--delay-directory-restore", // as Docker does
                                "--file=" + tar))
                .check();
        return into;
    }

    @Test
    void costALookWhereTheyAreUnchanged() throws Exception {
        var read = new AtomicBoolean();
        var first = copy("rb-1");
        var second = copy("rb-2", FOLDER, new RunningStep("rb-2").meanwhile("data/model", () -> read.set(true)));

        assertThat(first.detail()).doesNotContain("unchanged");
        assertThat(second.detail()).endsWith("4.8 MiB, 4.8 MiB of 2 unchanged ones not read again");
        assertThat(second.result()).isEqualTo(first.result());
        assertThat(read).as("model was read").isFalse();
        assertIsWhatTheContainerHas("rb-1");
        assertIsWhatTheContainerHas("rb-2");
    }

    @Test
    void areKeptAnewWhereTheyChangedWithoutAChangeOfSizeOrTime() throws Exception {
        copy("rb-1");
        sh("cd /srv/data; touch -r model ../time; head -c 3000000 /dev/urandom >model; touch -r ../time model");

        assertThat(copy("rb-2").detail()).endsWith("1.9 MiB of 1 unchanged ones not read again");

        assertIsWhatTheContainerHas("rb-2");
        assertThat(copy("rb-3").detail()).contains("4.8 MiB of 2 unchanged");
        assertIsWhatTheContainerHas("rb-3");
    }

    @Test
    void areReadAgainWhereTheirChangeWasTooNear() throws Exception {
        clock = InstantSource.system();
        sh("rm /usr/local/bin/date");
        copy("rb-1");

        assertThat(copy("rb-2").detail()).doesNotContain("unchanged");
    }

    /** What changed just now would look old. */
    @Test
    void areAllReadWhereTheClockOfTheContainerIsNotTheWorkers() throws Exception {
        copy("rb-1");
        var workers = clock;
        clock = InstantSource.system();

        assertThat(copy("rb-2").detail())
                .containsPattern("; what is unchanged was read too: its clock is \\d+ s ahead of the worker's");

        clock = workers;
        sh("rm /usr/local/bin/date");
        assertThat(copy("rb-3").detail())
                .containsPattern("; what is unchanged was read too: its clock is \\d+ s behind the worker's");
        assertIsWhatTheContainerHas("rb-3");
    }

    @Test
    void areGoneOrRenamedAsTheyAreInTheContainer() throws Exception {
        sh("cd /srv/data; cp model third; ln third hard; mkdir x; cp sub/other x/model");
        copy("rb-1");
        sh("cd /srv/data; rm sub/other; mv third renamed; rm -r x; cp -a model x");

        assertThat(copy("rb-2").detail()).contains("unchanged ones not read again");

        assertThat(unpacked("rb-2").resolve("data/sub/other")).doesNotExist();
        assertIsWhatTheContainerHas("rb-2");
    }

    @Test
    void mayHaveOddNames() throws Exception {
        sh("""
                cd /srv/data; mkdir -p -- sub/srv/data 'a b' -d './*'
                for name in -dash $'new\\nline' "quo'te\\"" '[m]odel' 'mode*' 'back\\slash' '$(x)' ' blank ' 'a b/m' -d/m '*/m' ünï '100%s' "$(printf 'x%.0s' {1..200})"; do
                  head -c 1100000 /dev/urandom >"./$name"; echo small >"./$name.small"
                done
                cp model sub/srv/data/model; cp model sub/model; echo 1 >models; echo 2 >mod
                """);
        copy("rb-1");
        assertIsWhatTheContainerHas("rb-1");

        assertThat(copy("rb-2").detail()).endsWith("of 18 unchanged ones not read again");
        assertIsWhatTheContainerHas("rb-2");
        sh(
                "cd /srv/data; for file in ./* sub/*; do if [ -f \"$file\" ]; then head -c 1200000 /dev/urandom >\"$file\"; fi; done");
        copy("rb-3");
        assertIsWhatTheContainerHas("rb-3");
    }

    @Test
    void areReadWhereTheirNamesAreNotUtf8() throws Exception {
        sh("cd /srv/data; head -c 1100000 /dev/urandom >$'n\\xffon'; echo 1 >$'\\xfe'");
        copy("rb-1");

        assertThat(copy("rb-2").detail())
                .contains("of 2 unchanged")
                .contains("data/n\uFFFDon (its name is not UTF-8, so it has another)");

        assertThat(state(unpacked("rb-2"))).isEqualTo(state(unpacked("rb-1")));
    }

    @Test
    void areNotTakenForThoseOfAnotherContainer() throws Exception {
        var volume = "rollback-test-" + UUID.randomUUID();
        remove();
        try {
            container = run("--volume=" + volume + ":/srv/data");
            sh("head -c 3000000 /dev/urandom >/srv/data/model");
            copy("rb-1");
            assertThat(copy("rb-2").detail()).contains("1 unchanged");
            remove();
            container = run("--volume=" + volume + ":/srv/data");

            assertThat(copy("rb-3").detail()).doesNotContain("unchanged");
            assertIsWhatTheContainerHas("rb-3");
            remove();
        } finally {
            docker("volume", "rm", volume);
        }
    }

    @Test
    void areAllReadWhereTheImageHasNotTheProgramsToTell() throws Exception {
        copy("rb-1");
        for (var program : List.of("tar", "stat", "find", "cat", "date", "sh")) {
            docker("exec", container, "mv", "/usr/bin/" + program, "/usr/bin/no-" + program);

            assertThat(copy("rb-without-" + program).detail()).contains("; what is unchanged was read too: ");
            assertIsWhatTheContainerHas("rb-without-" + program);
        }
    }

    @Test
    void areAllReadWhereItsUserMayNot() throws Exception {
        remove();
        container = run("--user=1234");
        docker("exec", "--user=0", container, "bash", "-c", """
                mkdir -p /srv/data/secret; cd /srv/data; head -c 2000000 /dev/urandom >model
                head -c 2000000 /dev/urandom >secret/model; echo x >own; chmod 700 secret; chmod 600 own""");
        copy("rb-1");

        assertThat(copy("rb-2").detail()).contains("was read too: tar fails in it (exit code 2", "Permission denied");

        assertIsWhatTheContainerHas("rb-2");
    }

    @Test
    void areAllReadWhereTheContainerDoesNotRun() throws Exception {
        copy("rb-1");
        docker("kill", container);

        assertThat(copy("rb-2").detail()).doesNotContain("unchanged");

        assertIsWhatTheContainerHas("rb-2");
    }

    @Test
    void areWhatTheEngineSeesWhereSomethingIsMountedWithin() throws Exception {
        remove();
        container = run("--tmpfs=/srv/data/memory");
        sh("cd /srv/data; head -c 2000000 /dev/urandom >model; echo secret >memory/key");
        copy("rb-1");

        assertThat(copy("rb-2").detail()).endsWith("was read too: something is mounted at /srv/data/memory");

        assertThat(unpacked("rb-2").resolve("data/memory")).isEmptyDirectory();
        assertThat(unpacked("rb-2").resolve("data/model")).hasSize(2_000_000);
    }

    @Test
    void mayBeOneFile() throws Exception {
        copy("rb-1", "/srv/data/model", new RunningStep("rb-1"));

        assertThat(copy("rb-2", "/srv/data/model", new RunningStep("rb-2")).detail())
                .startsWith("1 files of /srv/data/model")
                .contains("2.9 MiB of 1 unchanged");
        assertThat(state(unpacked("rb-2"))).isEqualTo(state(unpacked("rb-1")));
    }

    @Test
    void areReadAfterAllWhereTheyChangeOnceTheyWereLookedAt() throws Exception {
        copy("rb-1");
        sh("head -c 1500000 /dev/urandom >/srv/data/sub/new");
        var changed = new AtomicBoolean();

        var done = copy("rb-2", FOLDER, new RunningStep("rb-2").meanwhile("data/sub/new", () -> {
                    if (!changed.getAndSet(true)) {
                        change(
                                "cd /srv/data; head -c 3000000 /dev/urandom >model; rm sub/other; mkdir sub/other; echo 1 >sub/other/a");
                    }
                }));

        assertThat(changed).isTrue();
        assertThat(done.detail())
                .contains("changed while being read, so perhaps torn: ")
                .contains("data/model");
        assertThat(unpacked("rb-2").resolve("data/sub/other/a")).hasContent("1");
        assertThat(Files.readAllBytes(unpacked("rb-2").resolve("data/model")))
                .isEqualTo(Files.readAllBytes(unpackedFromContainer()));
        assertThat(copy("rb-3").detail()).doesNotContain("torn").contains("1.4 MiB of 1 unchanged");
        assertIsWhatTheContainerHas("rb-3");
    }

    private Path unpackedFromContainer() throws Exception {
        docker("cp", container + ":/srv/data/model", temp.resolve("model").toString());
        return temp.resolve("model");
    }

    private void change(String script) {
        try {
            sh(script);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
