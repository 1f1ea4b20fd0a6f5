package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckContainerData;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerDataChecked;
import io.freedom.rollback.schemas.action.ContainerPath;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.DataArchived;
import io.freedom.rollback.schemas.action.ReplaceContainerData;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a restore point keeps of containers, back in them; on the real engine. */
class ReplaceContainerDataTest {
    private int attempt = 1;
    private static final String FILL =
            "cd \"$1\" && mkdir -p sub '.hidden dir' && echo then >a && echo 'odd' >\"sub/it's\"$'\\n'b"
                    + " && echo h >'.hidden dir/h' && ln -s /nowhere link && chmod 750 sub && chown -R 33:33 sub";
    private static final String CHANGE =
            "cd \"$1\" && echo now >a && rm -rf sub && mkdir -p new/deep && echo n >new/deep/n"
                    + " && echo w >a-wal && echo d >.since && mkdir '.hidden dir/more'";
    /** Names, modes, owners and content, but for the times. */
    private static final String LOOK =
            "cd \"$1\" && find . | LC_ALL=C sort | while IFS= read -r f; do stat -c '%n %A %u:%g' \"$f\"; done; find . -type f -exec cat {} + | LC_ALL=C sort";

    @TempDir
    private Path temp;

    private final EngineProvider engines = new EngineProvider();
    private final String project = "rollback-test-" + UUID.randomUUID();
    private final InstantSource clock = InstantSource.system();
    private final List<String> volumes = new ArrayList<>();
    private Path point;
    private Path own;
    private String container = "";
    private String recorded = "";
    private ContainerDataChecked checked = new ContainerDataChecked(0, 0L, Map.of("api", ""));
    private DataArchived archived = new DataArchived(0, 0L);

    @BeforeEach
    void given() throws Exception {
        TrustedSchemas.trust();
        point = Files.createDirectory(temp.resolve("rb-1"));
        own = Files.createDirectory(temp.resolve("rb-2"));
    }

    @AfterEach
    void cleanUp() throws Exception {
        docker("rm", "-fv", container);
        for (var volume : volumes) {
            docker("volume", "rm", volume);
        }
    }

    private static String docker(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("docker"));
        argv.addAll(List.of(arguments));
        return Command.in(Path.of("/"), argv).check().stdout().strip();
    }

    private void run(String... options) throws Exception {
        var argv = new ArrayList<>(List.of(
                "run",
                "--detach",
                "--init",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=api",
                "--label=com.docker.compose.oneoff=False"));
        argv.addAll(List.of(options));
        argv.addAll(List.of("rollback-local/debian:bookworm", "sleep", "infinity"));
        container = docker(argv.toArray(String[]::new));
    }

    private String volume() throws Exception {
        var name = project + "-" + volumes.size();
        docker("volume", "create", name);
        volumes.add(name);
        return name;
    }

    private String inside(String script, String path) throws Exception {
        return docker("exec", container, "bash", "-c", script, "bash", path);
    }

    private ComposeProject compose() {
        return new ComposeProject(project, temp.toString(), List.of(), null, null, null);
    }

    private DataArchived take(Path directory, String path) throws Exception {
        return (DataArchived) new CopyContainerDataHandler(engines, VAULT, clock)
                .execute(new CopyContainerData(compose(), "api", path, directory.toString()), new RunningStep("rb-1"))
                .result();
    }

    private void takeRestorePoint(String path) throws Exception {
        take(point, path);
        Vaults.manifests(VAULT, clock)
                .execute(
                        new WriteManifest(point.toString(), "shop", null, false, "restore-point", null),
                        new RunningStep("rb-1"));
    }

    private ContainerDataChecked check(String path) throws Exception {
        return (ContainerDataChecked) new CheckContainerDataHandler(engines, VAULT, clock)
                .execute(
                        new CheckContainerData(compose(), List.of(new ContainerPath("api", path)), point.toString()),
                        new RunningStep("rb-2").attempt(attempt))
                .result();
    }

    /** With the service stopped: a copy of what is there, and the restore point's in its place. */
    private void replace(String path) throws Exception {
        checked = check(path);
        recorded = container;
        docker("stop", "--time=0", container);
        archived = take(own, path);
        replace(path, point);
    }

    private Completed replace(String path, Path directory) throws Exception {
        var step = new RunningStep("rb-2").after(checked).after(archived).after(recorded());
        return new ReplaceContainerDataHandler(engines, VAULT, clock)
                .execute(new ReplaceContainerData(compose(), "api", path, directory.toString(), own.toString()), step);
    }

    private ContainersRecorded recorded() {
        return ContainersRecorded.newBuilder()
                .setContainers(List.of(ContainerState.newBuilder()
                        .setContainerId(recorded)
                        .setName("api-1")
                        .setService("api")
                        .setImage("i")
                        .setImageId("i")
                        .setState("running")
                        .build()))
                .setEngineVersion("20")
                .setComposeVersion("2")
                .build();
    }

    private void putBack(String path) throws Exception {
        replace(path, own);
    }

    @ParameterizedTest
    @CsvSource({"layer,/srv/data", "volume,/srv/data", "around,/srv/data/inner"})
    void areAllThatIsThereAndGoBack(String kind, String path) throws Exception {
        if (kind.equals("layer")) {
            run();
            inside("mkdir -p \"$1\"", path);
        } else {
            run("--volume=" + volume() + ":/srv/data");
            inside("mkdir -p \"$1\"", path);
        }
        inside(FILL, path);
        var then = inside(LOOK, path);
        takeRestorePoint(path);
        inside(CHANGE, path);
        var now = inside(LOOK, path);
        assertThat(now).isNotEqualTo(then);
        assertThat(check(path).getFiles()).isEqualTo(4);

        replace(path);
        replace(path, point); // delivered twice
        docker("start", container);
        assertThat(inside(LOOK, path)).isEqualTo(then);

        inside("echo after >\"$1/after\"", path);
        putBack(path); // it is stopped first
        docker("start", container);
        assertThat(inside(LOOK, path)).as("undone").isEqualTo(now);
        assertThat(docker("ps", "-aq", "--filter", "label=io.freedom.rollback.in-volumes-of"))
                .as("nothing is left behind")
                .isEmpty();
    }

    /** As many are that are hardened: the engine writes to nothing but what is mounted. */
    @Test
    void areReplacedWhereAllElseIsReadOnly() throws Exception {
        run("--read-only", "--volume=" + volume() + ":/data");
        inside(FILL, "/data");
        var then = inside(LOOK, "/data");
        takeRestorePoint("/data");
        inside(CHANGE, "/data");
        var now = inside(LOOK, "/data");

        replace("/data");
        docker("start", container);
        assertThat(inside(LOOK, "/data")).isEqualTo(then);

        putBack("/data");
        docker("start", container);
        assertThat(inside(LOOK, "/data")).isEqualTo(now);
    }

    /** What is in no volume, in a folder that the service had made itself. */
    @Test
    void comeThroughWhereTheContainerIsMadeAnew() throws Exception {
        var path = "/srv/state/cache/data";
        run();
        inside("mkdir -p \"$1\"", path);
        inside(FILL, path);
        var then = inside(LOOK, path);
        takeRestorePoint(path);
        inside(CHANGE, path);
        var now = inside(LOOK, path);
        checked = check(path);
        recorded = container;
        docker("stop", "--time=0", container);
        archived = take(own, path);
        assertThat(replace(path, own).detail()).as("nothing has become of it").contains("is as it was");
        docker("rm", "-f", container);
        run();
        docker("stop", "--time=0", container);

        replace(path, own);
        docker("start", container);
        assertThat(inside(LOOK, path)).as("kept").isEqualTo(now);
        docker("stop", "--time=0", container);
        replace(path, point);
        docker("start", container);
        assertThat(inside(LOOK, path)).isEqualTo(then);
    }

    @Test
    void areNotPutIntoAnotherVolumeThanWasCopied() throws Exception {
        run("--volume=" + volume() + ":/data");
        inside(FILL, "/data");
        takeRestorePoint("/data");
        checked = check("/data");
        docker("rm", "-f", container);
        run("--volume=" + volume() + ":/data");
        inside("echo mine >\"$1/theirs\"", "/data");
        docker("stop", "--time=0", container);

        refused(() -> replace("/data", point), "the configuration that goes back mounts something else there");

        docker("start", container);
        assertThat(inside("cat \"$1/theirs\"", "/data")).isEqualTo("mine");
    }

    @Test
    void areNotGivenUpWhereTheirCopyIsLost() throws Exception {
        run("--volume=" + volume() + ":/data");
        inside(FILL, "/data");
        takeRestorePoint("/data");
        inside(CHANGE, "/data");
        replace("/data");
        Files.delete(own.resolve("data/api.tar.zst.age"));

        refused(() -> putBack("/data"), "bring it back (is the disk there?), then retry");
    }

    /** The way back from a copy that came to nothing, of a service that could not be put back at all. */
    @Test
    void areLeftAloneWhereNothingHasBecomeOfThem() throws Exception {
        run("--volume=" + volume() + ":/data", "--volume=" + volume() + ":/data/inner");
        recorded = container;
        var step = new RunningStep("rb-2").after(recorded());

        var done = new ReplaceContainerDataHandler(engines, VAULT, clock)
                .execute(new ReplaceContainerData(compose(), "api", "/data", own.toString(), own.toString()), step);

        assertThat(done.detail()).isEqualTo("/data of api is as it was");
    }

    /** As far as it goes: something that nobody can remove keeps nothing of the rest away. */
    @Test
    void comeBackAroundWhatCannotBeRemoved() throws Exception {
        run("--volume=" + volume() + ":/data");
        inside(FILL, "/data");
        takeRestorePoint("/data");
        inside(CHANGE, "/data");
        replace("/data");
        var fixed = docker("volume", "inspect", "--format", "{{.Mountpoint}}", volumes.getFirst()) + "/fixed";
        Files.writeString(Path.of(fixed), "stays");
        Command.in(temp, List.of("chattr", "+i", fixed)).check();
        try {
            refused(() -> replace("/data", point), "cannot empty it");
            putBack("/data");
        } finally {
            Command.in(temp, List.of("chattr", "-i", fixed)).check();
        }

        docker("start", container);
        assertThat(inside("cat \"$1/a\" \"$1/a-wal\" \"$1/fixed\"", "/data")).isEqualTo("now\nw\nstays");
    }

    /** A service was scaled, and made anew for its configuration: nobody is kept from going on. */
    @Test
    void stayInTheirCopyWhereSeveralContainersWereMadeAnew() throws Exception {
        run();
        inside("mkdir -p \"$1\" && echo 1 >\"$1/a\"", "/layer");
        archived = take(own, "/layer");
        recorded = "another";
        var first = container;
        run();
        try {
            assertThat(replace("/layer", own).detail())
                    .isEqualTo("/layer of api was not put back, the copy is in %s: it has 2 containers"
                            .formatted(own.resolve("data")));
        } finally {
            docker("rm", "-fv", first);
        }
    }

    @Test
    void areOfOneContainerOnly() throws Exception {
        run();
        inside("mkdir -p \"$1\"", "/layer");
        takeRestorePoint("/layer");
        var first = container;
        run();
        inside("mkdir -p \"$1\"", "/layer");
        try {
            assertThat(new CopyContainerDataHandler(engines, VAULT, clock)
                            .execute(
                                    new CopyContainerData(compose(), "api", "/layer", own.toString()),
                                    new RunningStep("rb-2"))
                            .detail())
                    .contains("of its 2 containers ", "the others' are not");
            refused(() -> check("/layer"), "has 2 containers, and a restore point has the data of one");
        } finally {
            docker("rm", "-fv", first);
        }
    }

    @Test
    void areNotPutUnderAProgramThatRuns() throws Exception {
        run("--volume=" + volume() + ":/srv/data");
        inside(FILL, "/srv/data");
        takeRestorePoint("/srv/data");
        inside(CHANGE, "/srv/data");
        var now = inside(LOOK, "/srv/data");

        checked = check("/srv/data");
        refused(() -> replace("/srv/data", point), "runs, and would write beside");

        assertThat(inside(LOOK, "/srv/data")).isEqualTo(now);
    }

    @Test
    void areCheckedBeforeAnythingIsStopped() throws Exception {
        run("--volume=" + volume() + ":/ro:ro", "--volume=" + volume() + ":/outer/inner");
        inside("mkdir -p \"$1\" && echo 1 >\"$1/a\"", "/layer");
        inside("mkdir -p /there/data && ln -s /there /link", "");
        takeRestorePoint("/layer");

        assertThat(check("/layer").getBytes()).isEqualTo(2);
        attempt = 2;
        refused(() -> check("/other"), "was to have other alone");
        assertThat(point.resolve(RestorePoint.PROVEN)).as("it is not damaged").doesNotExist();
        refused(() -> check("/ro"), "it is read-only there");
        refused(() -> check("/link/data"), "it leads over a link to /there/data");
        refused(() -> check("/outer"), "something else is mounted in it, at /outer/inner");
        Files.delete(point.resolve("data/api.tar.zst.age"));
        refused(() -> check("/layer"), "holds nothing of the containers of api");
    }

    @Test
    void areFoundDamagedBeforeAnythingGoes() throws Exception {
        run();
        inside("mkdir -p \"$1\" && echo 1 >\"$1/a\"", "/layer");
        takeRestorePoint("/layer");
        var file = point.resolve("data/api.tar.zst.age");
        var bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        inside("echo 2 >\"$1/a\"", "/layer");

        assertThatThrownBy(() -> check("/layer"))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH));
        attempt = 2;
        assertThatThrownBy(() -> check("/layer")).hasMessageContaining("data/api.tar.zst.age");
        assertThat(Json.read(point.resolve(RestorePoint.PROVEN), Proof.class).fault())
                .contains("data/api.tar.zst.age");
        docker("stop", "--time=0", container);
        assertThatThrownBy(() -> replace("/layer", point)).hasMessageContaining("data/api.tar.zst.age");

        docker("start", container);
        assertThat(inside("cat \"$1/a\"", "/layer")).isEqualTo("2");
    }

    private interface Act {
        void run() throws Exception;
    }

    private static void refused(Act act, String part) {
        assertThatThrownBy(act::run)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining(part);
    }
}
