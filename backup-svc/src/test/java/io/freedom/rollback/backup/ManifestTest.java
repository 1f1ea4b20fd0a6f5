package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.123Z");

    private final RunningStep step = new RunningStep("rb-1");

    @TempDir
    private Path temp;

    private Path point;

    @BeforeEach
    void givenARestorePoint() throws IOException {
        point = temp.resolve("rb-1");
        write("files/.env", "KEY=1");
        write("files/config/b", "b");
        write("objects/big", "packed");
        write("git/head.txt", "abc");
        Files.createSymbolicLink(point.resolve("files/link"), Path.of("config/b"));
    }

    @Test
    void signsWithTheSameKeyForAsLongAsTheSecretIsTheSame() throws Exception {
        var identity =
                BackupKeys.Identity.of("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX");

        assertThat(identity.recipient()).isEqualTo("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
        assertThat(ManifestSigner.of(identity).id())
                .isEqualTo("ed25519:MCowBQYDK2VwAyEAjuCXGpcBV3GyPp3LjJwyXoHtTbNEH4XMsDDhlclvFoo=");
    }

    @Test
    void listsEveryFileInOrderWithItsHash() throws Exception {
        var done = writeManifest();

        var text = Files.readString(point.resolve("manifest.json"));
        var manifest = Json.read(point.resolve("manifest.json"), Manifest.class);
        assertThat(manifest.id()).isEqualTo("rb-1");
        assertThat(manifest.platform()).isEqualTo("freedom");
        assertThat(text).contains("\"createdAt\" : \"2026-03-01T12:00:00.123Z\"");
        assertThat(manifest.files())
                .extracting(Manifest.Entry::path)
                .containsExactly("files/.env", "files/config/b", "files/link", "git/head.txt", "objects/big");
        assertThat(manifest.files().getFirst().sha256()).isEqualTo(Sha256.of("KEY=1"));
        assertThat(done.result()).isEqualTo(new ManifestWritten(5, 23L, Sha256.of(text), null));
        assertThat(point.resolve("manifest.sha256")).hasContent(Sha256.of(text) + "  manifest.json");
    }

    @Test
    void saysWhenEachPartWasReadAndWhatTheContainersRan() throws Exception {
        TrustedSchemas.trust();
        var restorePoint = RestorePoint.at(point.toString());
        var begun = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Vaults.FILES.keep(restorePoint, restorePoint.configuration(), temp, List.of(Path.of("rb-1/files/.env")), step);
        // As one of an older release, which noted nothing.
        Files.writeString(Files.createDirectories(point.resolve("data")).resolve("api.tar.zst.age"), "packed");
        var api = ContainerState.newBuilder()
                .setService("api")
                .setContainerId("1")
                .setName("shop-api-1")
                .setImage("shop-api")
                .setImageId("sha256:" + "0".repeat(64))
                .setState("running")
                .setStartedAt(NOW);
        var recorded = ContainersRecorded.newBuilder()
                .setContainers(List.of(api.build(), api.setName("shop-api-2").build()))
                .setAt(NOW)
                .setEngineVersion("1")
                .setComposeVersion("1")
                .build();
        write("containers/state.json", recorded.toString());

        var written = (ManifestWritten) writeManifest().result();

        var manifest = Manifest.load(restorePoint, VAULT);
        assertThat(manifest.parts()).singleElement().satisfies(part -> {
            assertThat(part.name()).isEqualTo("configuration");
            assertThat(part.begun()).isAfterOrEqualTo(begun);
            assertThat(part.ended()).isBetween(part.begun(), Instant.now());
        });
        assertThat(manifest.images())
                .containsExactly(new Manifest.Image("api", "shop-api", "sha256:" + "0".repeat(64), List.of()));
        assertThat(written.getFacts()).isNotNull();
        assertThat(written.getFacts().getImages()).hasSize(1);
        assertThat(written.getFacts().getParts()).hasSize(1);
    }

    @Test
    void readsOneOfAnOlderReleaseWhichSaysLess() throws Exception {
        var dump = "{\"database\":\"kb\",\"serverVersion\":\"15.18\",\"tool\":\"pg_dump\",\"tables\":[]}";
        var text =
                "{\"format\":2,\"id\":\"rb-1\",\"platform\":\"freedom\",\"createdAt\":\"2026-03-01T12:00:00Z\",\"files\":[],\"database\":"
                        + dump + "}";

        var manifest = Json.parse(text, point, Manifest.class);

        assertThat(manifest.parts()).isEmpty();
        assertThat(manifest.images()).isEmpty();
        assertThat(manifest.dumps()).singleElement().satisfies(dumped -> {
            assertThat(dumped.lsn()).isNull();
            assertThat(dumped.snapshotAt()).isNull();
            assertThat(dumped.collation()).isNull();
        });
    }

    @Test
    void isNotWrittenTwice() throws Exception {
        var first = writeManifest();
        write("git/later.patch", "by a later step");

        var probe = Vaults.manifests(VAULT, () -> NOW.plusSeconds(60)).probe(manifestAction(), step);

        assertThat(probe)
                .isInstanceOfSatisfying(
                        Probe.Applied.class,
                        applied -> assertThat(applied.completed().result()).isEqualTo(first.result()));
    }

    @Test
    void verifiesAnUntouchedRestorePointAndSaysWhenItWasTaken() throws Exception {
        writeManifest();
        write("logs/api.log", "written by a later step");

        var done = verify();

        assertThat(done.result()).isEqualTo(new RestorePointVerified("rb-1", point.toString(), NOW, 5, 23L));
        Verification.require(RestorePoint.at(point.toString()));
    }

    @Test
    void namesEachFileThatIsMissingChangedOrTooMany() throws Exception {
        writeManifest();
        Files.delete(point.resolve("git/head.txt"));
        write("files/config/b", "B");
        write("objects/extra", "x");
        Files.delete(point.resolve("files/link"));
        Files.createSymbolicLink(point.resolve("files/link"), Path.of("elsewhere"));

        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("files/config/b was changed")
                .hasMessageContaining("files/link was changed")
                .hasMessageContaining("git/head.txt is missing")
                .hasMessageContaining("objects/extra is not in the manifest");
        assertThat(point.resolve("verified.json")).doesNotExist();
    }

    @Test
    void noticesAManifestThatWasEdited() throws Exception {
        writeManifest();
        var file = point.resolve("manifest.json");
        Files.writeString(file, Files.readString(file).replace("freedom", "Freedom"));

        assertThatThrownBy(this::verify).hasMessageContaining("was changed after it was written");
    }

    @Test
    void noticesAManifestThatSomebodyEditedWhoMendedTheSumToo() throws Exception {
        writeManifest();
        var file = point.resolve("manifest.json");
        var edited = Files.readString(file).replace("freedom", "Freedom");
        Files.writeString(file, edited);
        Files.writeString(point.resolve("manifest.sha256"), Sha256.of(edited));

        assertThatThrownBy(this::verify).hasMessageContaining("is not what was signed: somebody changed it");
    }

    @Test
    void refusesWhatIsNotSignedAnyMore() throws Exception {
        writeManifest();
        Files.delete(point.resolve("manifest.sig"));

        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("is not signed, and was when it was written");
    }

    @Test
    void refusesAFolderThatWasPutInThePlaceOfAnother() throws Exception {
        writeManifest();
        Files.move(point, point.resolveSibling("rb-2"));
        point = temp.resolve("rb-2");

        assertThatThrownBy(this::verify).hasMessageContaining("is restore point rb-1 under another name");
    }

    @Test
    void wantsWhatAnEarlierReleaseTookToBeSignedBySomebodyWhoTrustsIt() throws Exception {
        writeManifest();
        var earlier = Files.readString(point.resolve("manifest.json")).replace("\"format\" : 2", "\"format\" : 1");
        Files.writeString(point.resolve("manifest.json"), earlier);
        Files.writeString(point.resolve("manifest.sha256"), Sha256.of(earlier));
        Files.delete(point.resolve("manifest.sig"));
        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("rollback-backups sign " + point);

        assertThat(BackupsProgram.commandLine().execute("sign", point.toString(), "--key-file=" + Vaults.KEYS))
                .isZero();

        verify();
    }

    @Test
    void refusesWhatSomebodyElseHasSigned() throws Exception {
        BackupKeys.generate(temp.resolve("other.key"));
        var other = new Vault(temp.resolve("other.key"), true, List.of());
        Vaults.manifests(other, () -> NOW).execute(manifestAction(), step);

        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("is signed by "
                        + ManifestSigner.all(other.keys()).getFirst().id() + ", and that is none of the keys");
    }

    @Test
    void refusesARestorePointWithoutManifest() {
        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("no complete restore point");
    }

    @Test
    void refusesAManifestForADumpThatIsNotThere() {
        assertThatThrownBy(() -> Vaults.manifests(VAULT, () -> NOW)
                        .execute(
                                new WriteManifest(point.toString(), "freedom", "kb", false, "restore-point", null),
                                step))
                .hasMessageContaining("there is no complete dump of kb");
    }

    @Test
    void listsARestorePointWithoutADumpWhereTheDatabaseMayBeTooCorruptForOne() throws Exception {
        Vaults.manifests(VAULT, () -> NOW)
                .execute(new WriteManifest(point.toString(), "freedom", "kb", true, "restore-point", null), step);

        assertThat(verify().detail()).doesNotContain("dump");
    }

    private WriteManifest manifestAction() {
        return new WriteManifest(point.toString(), "freedom", null, false, "restore-point", null);
    }

    private Completed writeManifest() throws Exception {
        return Vaults.manifests(VAULT, () -> NOW).execute(manifestAction(), step);
    }

    private Completed verify() throws StepFailure, InterruptedException {
        try (var engines = new EngineProvider()) {
            return new VerifyRestorePointHandler(engines, VAULT, () -> NOW.plusSeconds(5))
                    .execute(
                            new VerifyRestorePoint(
                                    new ComposeProject("p", "/", List.of("docker-compose.yml"), null, null, null),
                                    point.toString(),
                                    null,
                                    false),
                            step);
        }
    }

    private void write(String path, String content) throws IOException {
        PrivateFiles.createParent(point.resolve(path));
        Files.writeString(point.resolve(path), content);
    }
}
