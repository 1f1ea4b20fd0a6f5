package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.DataExported;
import io.freedom.rollback.schemas.action.DataImported;
import io.freedom.rollback.schemas.action.ExportData;
import io.freedom.rollback.schemas.action.ImportData;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationTest {
    private final RunningStep step = new RunningStep("rb-1");

    @TempDir
    private Path tree;

    @TempDir
    private Path backups;

    private Path file;

    @BeforeEach
    void givenData() throws Exception {
        Files.writeString(tree.resolve("data"), "reading\n\n3 documents\n");
        file = backups.resolve(".migrations/rb-1/data");
    }

    private Completed exported(String... command) throws Exception {
        return new ExportDataHandler()
                .execute(new ExportData(tree.toString(), List.of(command), file.toString()), step);
    }

    private Completed imported(RunningStep in, String... command) throws Exception {
        return new ImportDataHandler().execute(new ImportData(tree.toString(), List.of(command), file.toString()), in);
    }

    @Test
    void runsThePlatformsProgramsInItsWorkTreeAndKeepsTheFileFromOthers() throws Exception {
        var result = (DataExported) exported("cp", "data").result();

        assertThat(result.getBytes()).isEqualTo(Files.size(tree.resolve("data")));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        var done = imported(step.after(result), "cat");
        assertThat(((DataImported) done.result()).getSaid()).isEqualTo("3 documents");
    }

    @Test
    void exportsAnewWhenItIsTriedAgain() throws Exception {
        exported("cp", "data");
        Files.writeString(tree.resolve("data"), "4 documents\n");
        exported("cp", "data");

        assertThat(file).hasContent("4 documents");
    }

    @Test
    void doesNotTakeAnEmptyFileForAnExport() {
        assertThatThrownBy(() -> exported("touch"))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.TOOL))
                .hasMessageContaining("wrote nothing to " + file);
        assertThatThrownBy(() -> exported("true")).hasMessageContaining("wrote nothing to " + file);
    }

    @Test
    void saysWhatTheProgramSaidWhenItFails() {
        assertThatThrownBy(() -> exported("cp", "gone"))
                .hasMessageContaining("failed with exit code 1")
                .hasMessageContaining("gone");
        assertThatThrownBy(() -> exported("no-such-program"))
                .hasMessageContaining("cannot run no-such-program")
                .hasMessageContaining("PATH");
    }

    @Test
    void importsNothingThatWasChangedSinceItWasExported() throws Exception {
        var result = (DataExported) exported("cp", "data").result();
        Files.writeString(file, "forged");

        assertThatThrownBy(() -> imported(step.after(result), "cat"))
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.MISMATCH))
                .hasMessageContaining("was changed since it was exported");
    }
}
