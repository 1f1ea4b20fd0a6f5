package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
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
        write("configuration/.env", "KEY=1");
        write("configuration/config/b", "b");
        write("models/models.tar.gz", "packed");
        write("git/head.txt", "abc");
        Files.createSymbolicLink(point.resolve("configuration/link"), Path.of("config/b"));
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
                .containsExactly(
                        "configuration/.env",
                        "configuration/config/b",
                        "configuration/link",
                        "git/head.txt",
                        "models/models.tar.gz");
        assertThat(manifest.files().getFirst().sha256()).isEqualTo(Sha256.of("KEY=1"));
        assertThat(done.result()).isEqualTo(new ManifestWritten(5, 23L, Sha256.of(text)));
        assertThat(point.resolve("manifest.sha256")).hasContent(Sha256.of(text) + "  manifest.json");
    }

    @Test
    void isNotWrittenTwice() throws Exception {
        var first = writeManifest();
        write("git/later.patch", "by a later step");

        var probe = new WriteManifestHandler(() -> NOW.plusSeconds(60)).probe(manifestAction(), step);

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
        write("configuration/config/b", "B");
        write("models/extra", "x");
        Files.delete(point.resolve("configuration/link"));
        Files.createSymbolicLink(point.resolve("configuration/link"), Path.of("elsewhere"));

        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("configuration/config/b was changed")
                .hasMessageContaining("configuration/link was changed")
                .hasMessageContaining("git/head.txt is missing")
                .hasMessageContaining("models/extra is not in the manifest");
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
    void refusesARestorePointWithoutManifest() {
        assertThatThrownBy(this::verify)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("no complete restore point");
    }

    @Test
    void refusesAManifestForADumpThatIsNotThere() {
        assertThatThrownBy(() -> new WriteManifestHandler(() -> NOW)
                        .execute(
                                new WriteManifest(point.toString(), "freedom", "kb", false, "restore-point", null),
                                step))
                .hasMessageContaining("there is no complete dump of kb");
    }

    @Test
    void listsARestorePointWithoutADumpWhereTheDatabaseMayBeTooCorruptForOne() throws Exception {
        new WriteManifestHandler(() -> NOW)
                .execute(new WriteManifest(point.toString(), "freedom", "kb", true, "restore-point", null), step);

        assertThat(verify().detail()).doesNotContain("dump");
    }

    private WriteManifest manifestAction() {
        return new WriteManifest(point.toString(), "freedom", null, false, "restore-point", null);
    }

    private Completed writeManifest() throws Exception {
        return new WriteManifestHandler(() -> NOW).execute(manifestAction(), step);
    }

    private Completed verify() throws StepFailure, InterruptedException {
        try (var engines = new EngineProvider()) {
            return new VerifyRestorePointHandler(engines, () -> NOW.plusSeconds(5))
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
