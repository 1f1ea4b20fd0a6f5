package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.CheckVolumes;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.action.KeepVolumes;
import io.freedom.rollback.schemas.action.KeptVolume;
import io.freedom.rollback.schemas.action.RemoveVolumes;
import io.freedom.rollback.schemas.action.RestoreVolumes;
import io.freedom.rollback.schemas.action.VolumesChecked;
import io.freedom.rollback.schemas.action.VolumesKept;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepFailure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runbook's `down -v`, with a way back. */
@Tag("engine")
class VolumesTest {
    /** As a database leaves them: an owner of its own, private folders, links, and an empty folder that it needs. */
    private static final String FILL = """
            mkdir -p /data/base/empty && echo 42 > /data/base/rows && ln -s rows /data/base/link \
            && ln /data/base/rows /data/base/twin && chown -R 999:998 /data && chmod 700 /data && chmod 600 /data/base/rows
            """;

    private static final String LOOK = "cd /data && find . -printf '%p %y %U:%G %m %n %l\\n' | sort && cat base/rows";

    private final TestProject project;
    private final String volume;
    private Vault vault;

    VolumesTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
        vault = project.vault;
        volume = project.name + "_data";
    }

    @BeforeEach
    void bringUp() throws Exception {
        project.up();
        inDatabase(FILL);
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void removesTheVolumesAndBringsThemBackAsTheyWereWithTheLabelsThatComposeKnowsThemBy() throws Exception {
        var before = inDatabase(LOOK);
        var labels = labels();
        assertThat(check(0)).startsWith(volume + " (");
        down();
        keep();
        assertThat(inVolume(LOOK)).as("kept, and not touched").isEqualTo(before);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(archive())))
                .isEqualTo("rw-------");

        assertThat(remove()).contains("removed " + volume);
        assertThat(volumes()).isEmpty();

        project.up();
        assertThat(inDatabase("ls /data")).as("begins empty").isEmpty();
        inDatabase("echo new > /data/new");
        down();
        assertThat(restore()).isEqualTo("as they were: " + volume);

        assertThat(labels()).isEqualTo(labels);
        project.up();
        assertThat(inDatabase(LOOK)).isEqualTo(before);
        inDatabase("echo later > /data/later");
        assertThat(restore()).as("delivered twice").isEqualTo("no volume was removed");
        assertThat(inDatabase("cat /data/later")).isEqualTo("later");
        assertThat(TestProject.docker("ps", "-aq", "--filter", "label=io.freedom.rollback.carrier"))
                .isEmpty();
        assertThat(TestProject.docker("image", "ls", "-q", "rollback-carrier/*"))
                .isEmpty();
    }

    @Test
    void copiesNothingThatIsStillWrittenTo() {
        assertThatThrownBy(this::keep)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("volume " + volume + " is in use by")
                .hasMessageContaining("stop them, then retry");
    }

    @Test
    void refusesBeforeAnythingIsStoppedWhereTheCopiesDoNotFit() {
        assertThatThrownBy(() -> check(Long.MAX_VALUE / 2))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("free space or change backups.directory");
    }

    @Test
    void leavesAVolumeThatContainersOfOthersUse() throws Exception {
        var other = TestProject.docker("create", "-v", volume + ":/theirs", TestProject.BASE, "true");
        try {
            assertThat(check(0)).isEqualTo("no volumes; used by containers of others, so they stay: " + volume);
            assertThat(project.result(VolumesChecked.class).getShared()).containsExactly(volume);
            down();
            keep();
            remove();
            assertThat(volumes()).containsExactly(volume);
        } finally {
            TestProject.docker("rm", "-f", other);
        }
    }

    @Test
    void removesNothingWithoutTheWholeCopy() throws Exception {
        down();
        keep();
        Files.write(archive(), new byte[10]);

        assertThatThrownBy(this::remove)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("nothing is done without it");
        assertThat(volumes()).containsExactly(volume);
        assertThat(restore()).as("nothing to undo").isEqualTo("no volume was removed");
    }

    @Test
    void saysNotThatAllIsAsItWasWhereTheCopiesAreGone() throws Exception {
        down();
        keep();
        remove();
        var kept = archive().getParent();
        var away = kept.resolveSibling("away");
        Files.move(kept, away);

        assertThatThrownBy(this::restore)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining(archive().toString())
                .hasMessageContaining("Is what it is on mounted?");

        Files.move(away, kept);
        assertThat(restore()).isEqualTo("as they were: " + volume);
        assertThat(inVolume("cat /data/base/rows")).isEqualTo("42");
    }

    @Test
    void keepsNothingThatCanBeReadWithoutTheKey() throws Exception {
        inDatabase("echo 'password of nobody else' > /data/base/secret");
        down();
        keep();

        assertThat(archive()).hasFileName(volume + ".tar.zst.age");
        assertThat(new String(Files.readAllBytes(archive()), StandardCharsets.ISO_8859_1))
                .startsWith("age-encryption.org/v1")
                .doesNotContain("password", "base/rows");
        assertThat(archive().getParent()).isDirectoryNotContaining("glob:**partial");
        try (var in = vault.open(archive())) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .contains("password of nobody else", "base/rows");
        }
    }

    @Test
    void isOnlyCompressedWhereNothingIsToBeEncrypted() throws Exception {
        vault = new Vault(project.keys.resolveSibling("none"), false, List.of());
        var before = inDatabase(LOOK);
        check(0);
        down();
        keep();
        remove();

        assertThat(archive()).hasFileName(volume + ".tar.zst");
        assertThat(restore()).isEqualTo("as they were: " + volume);
        assertThat(inVolume(LOOK)).isEqualTo(before);
    }

    @Test
    void refusesWithoutTheKeyBeforeAnythingIsStoppedAndCopiesNothing() throws Exception {
        vault = new Vault(project.keys.resolveSibling("none"), true, List.of());

        assertThatThrownBy(() -> check(0))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("there is no key file " + project.keys.resolveSibling("none"));
        down();
        assertThatThrownBy(this::keep).isInstanceOf(StepFailure.class).hasMessageContaining("there is no key file");
        assertThat(inVolume("cat /data/base/rows")).isEqualTo("42");
    }

    @Test
    void bringsBackWhatAReleaseHasKeptThatDidNotPackIt() throws Exception {
        var before = inDatabase(LOOK);
        down();
        keep();
        var packed = project.result(VolumesKept.class).getVolumes().getFirst();
        var plain = archive().resolveSibling(volume + ".tar");
        try (var in = vault.open(archive())) {
            Files.copy(in, plain);
        }
        Files.delete(archive());
        assertThat(packed.getBytes()).as("of content").isEqualTo(Files.size(plain));
        project.step.feed(new VolumesKept(
                List.of(KeptVolume.newBuilder(packed)
                        .setArchive(plain.toString())
                        .setPackedBytes(null)
                        .build()),
                List.of()));

        remove();
        assertThat(restore()).isEqualTo("as they were: " + volume);

        assertThat(inVolume(LOOK)).isEqualTo(before);
    }

    @Test
    void touchesNothingWithAnotherKeyOrWithADamagedCopyAndGoesOnOnceThatIsMended() throws Exception {
        inDatabase("head -c 300000 /dev/urandom > /data/base/block");
        down();
        keep();
        remove();
        project.up();
        inDatabase("echo new > /data/new");
        down();

        var other = project.keys.resolveSibling("other.key");
        BackupKeys.generate(other);
        vault = new Vault(other, true, List.of());
        assertThatThrownBy(this::restore)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining(archive() + " is encrypted for another key than those in " + other);
        assertThat(inVolume("cat /data/new")).isEqualTo("new");

        vault = project.vault;
        var whole = Files.readAllBytes(archive());
        for (int at : new int[] {300, whole.length / 2, whole.length - 1}) {
            var bytes = whole.clone();
            bytes[at] ^= 4;
            Files.write(archive(), bytes);
            assertThatThrownBy(this::restore)
                    .as("flipped at " + at)
                    .isInstanceOf(StepFailure.class)
                    .hasMessageContaining(
                            "the copy " + archive() + " is damaged, so volume " + volume + " stays as it is")
                    .hasMessageContaining("then retry");
            assertThat(inVolume("cat /data/new")).isEqualTo("new");
        }

        Files.write(archive(), whole);
        assertThat(restore()).isEqualTo("as they were: " + volume);
        assertThat(inVolume(LOOK)).contains("./base/rows", "42");
    }

    @Test
    void makesTheVolumesOfOneServiceAnewWhileTheOthersAreLeftAlone() throws Exception {
        Files.writeString(
                project.live.resolve("compose.yml"),
                TestProject.COMPOSE
                        .replace("  api:\n", "  api:\n    volumes: [\"cache:/cache\"]\n")
                        .replace("volumes: {data: {}}", "volumes: {data: {}, cache: {}}"));
        project.up();
        var api = project.container("api").id();
        var handler = new CheckVolumesHandler(project.engines, vault);
        project.run(handler, new CheckVolumes(project.compose(), project.backup.toString(), 0L, List.of("db")));
        assertThatThrownBy(() -> handler.execute(
                        new CheckVolumes(project.compose(), project.backup.toString(), 0L, List.of("job")),
                        project.step))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("no container of job has a volume of its own");

        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 5, List.of(), List.of("db")));
        assertThat(project.container("api").id()).isEqualTo(api);
        assertThat(project.states()).containsEntry("api", "running").doesNotContainKey("db");
        keep();
        remove();

        assertThat(volumes()).containsExactly(project.name + "_cache");
        restore();
        project.up();
        assertThat(inDatabase("cat /data/base/rows")).isEqualTo("42");
    }

    private String check(long reserve) throws Exception {
        return project.run(
                new CheckVolumesHandler(project.engines, vault),
                new CheckVolumes(project.compose(), project.backup.toString(), reserve, List.of()));
    }

    private void down() throws Exception {
        project.run(
                new ComposeDownHandler(project.engines, project.vault),
                new ComposeDown(project.compose(), 5, List.of(), List.of()));
    }

    private void keep() throws Exception {
        project.run(
                new KeepVolumesHandler(project.engines, vault),
                new KeepVolumes(project.compose(), project.backup.toString(), 0L));
    }

    private Path archive() {
        return Path.of(project.result(VolumesKept.class).getVolumes().getFirst().getArchive());
    }

    private String remove() throws Exception {
        return project.run(new RemoveVolumesHandler(project.engines), new RemoveVolumes(project.compose()));
    }

    private String restore() throws Exception {
        return project.run(new RestoreVolumesHandler(project.engines, vault), new RestoreVolumes(project.compose()));
    }

    private List<String> volumes() throws Exception {
        return TestProject.docker("volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + project.name)
                .lines()
                .toList();
    }

    private String labels() throws Exception {
        return TestProject.docker("volume", "inspect", "--format", "{{json .Labels}} {{json .Options}}", volume);
    }

    private String inDatabase(String script) throws Exception {
        return TestProject.docker("exec", project.container("db").id(), "sh", "-c", script);
    }

    private String inVolume(String script) throws Exception {
        return TestProject.docker("run", "--rm", "-v", volume + ":/data", TestProject.BASE, "sh", "-c", script);
    }
}
