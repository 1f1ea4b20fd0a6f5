package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.FILES;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.LayFiles;
import io.freedom.rollback.schemas.action.RemoveCopiedFiles;
import io.freedom.rollback.schemas.action.WriteManifest;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of a drill's copy. */
class DrillFilesTest {
    @TempDir
    private Path temp;

    private final RunningStep step = new RunningStep("drill-1");
    private Path point;
    private Path original;
    private Path copy;

    @BeforeEach
    void givenARestorePointAndACopy() throws Exception {
        TrustedSchemas.trust();
        point = Files.createDirectory(temp.resolve("rb-1"));
        original = Files.createDirectory(temp.resolve("shop"));
        copy = Files.createDirectories(temp.resolve("drill/work"));
        Files.writeString(temp.resolve("drill/.rollback-drill"), "");
        write(original.resolve("config/a.json"), "then");
        write(original.resolve("api/b.py"), "changed then");
        write(original.resolve("models/m.bin"), "weights");
        write(original.resolve(".env"), "KEY=1");
        write(copy.resolve("config/a.json"), "committed");
        var taken = RestorePoint.at(point.toString());
        FILES.keep(taken, taken.modified(), original, List.of(Path.of("api/b.py")), step);
        FILES.keep(taken, taken.configuration(), original, List.of(Path.of("config/a.json")), step);
        new ArchiveModelsHandler(FILES)
                .execute(new ArchiveModels(original.toString(), List.of("models"), point.toString()), step);
        Vaults.manifests(VAULT, InstantSource.system())
                .execute(new WriteManifest(point.toString(), "shop", null, false, "restore-point", null), step);
    }

    private static void write(Path file, String text) throws Exception {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.writeString(file, text);
    }

    private void lay() throws Exception {
        lay(0);
    }

    private void lay(long reserve) throws Exception {
        new LayFilesHandler(VAULT, InstantSource.system())
                .execute(new LayFiles(point.toString(), copy.toString(), original.toString(), ".env", reserve), step);
    }

    @Test
    void areNotLaidWhereThePlatformWouldHaveNoSpaceLeft() {
        assertThatThrownBy(() -> lay(Long.MAX_VALUE / 2))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("free some, or choose a smaller restore point");
        assertThat(copy.resolve("config/a.json")).hasContent("committed");
    }

    private void remove(Path folder) throws Exception {
        new RemoveCopiedFilesHandler().execute(new RemoveCopiedFiles(folder.toString()), step);
    }

    @Test
    void areThoseOfTheRestorePointOverThoseOfTheCommit() throws Exception {
        lay();

        assertThat(copy.resolve("config/a.json")).hasContent("then");
        assertThat(copy.resolve("api/b.py")).hasContent("changed then");
        assertThat(copy.resolve("models/m.bin")).hasContent("weights");
        assertThat(copy.resolve(".env")).as("the restore point has none").hasContent("KEY=1");
    }

    @Test
    void areNeverWrittenThroughALinkThatLeadsOut() throws Exception {
        Files.delete(copy.resolve("config/a.json"));
        Files.delete(copy.resolve("config"));
        Files.createSymbolicLink(copy.resolve("config"), Files.createDirectory(temp.resolve("live")));

        assertThatThrownBy(this::lay).hasMessageContaining("behind a link: config/a.json");
        assertThat(temp.resolve("live")).isEmptyDirectory();
    }

    @Test
    void areWrittenIntoADrillsFolderOnly() throws Exception {
        Files.delete(temp.resolve("drill/.rollback-drill"));

        assertThatThrownBy(this::lay).hasMessageContaining("is no drill's copy");
        assertThatThrownBy(() -> remove(temp.resolve("drill")))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.PRECONDITION))
                .hasMessageContaining("was not made by a drill and is left alone");
        assertThat(copy.resolve("config/a.json")).exists();
    }

    @Test
    void areRemovedWithoutFollowingLinks() throws Exception {
        write(temp.resolve("live/precious"), "x");
        Files.createSymbolicLink(copy.resolve("data"), temp.resolve("live"));

        remove(temp.resolve("drill"));

        assertThat(temp.resolve("drill")).doesNotExist();
        assertThat(temp.resolve("live/precious")).exists();
        remove(temp.resolve("drill"));
    }
}
