package io.freedom.rollback.container;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Files kept with the restore point; logs may hold personal data, so only the owner reads them. */
final class Kept {
    private Kept() {}

    static void write(Path file, String text) throws StepFailure {
        try (var writer = writer(file)) {
            writer.write(text);
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    static BufferedWriter writer(Path file) throws IOException {
        var folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    }

    static StepFailure failure(Path file, IOException e) {
        if (e instanceof KeyException) {
            return new StepFailure(FailureKind.PRECONDITION, String.valueOf(e.getMessage()), e);
        }
        return new StepFailure(
                FailureKind.TOOL, "cannot write " + file + ": " + e + "; check free space and permissions", e);
    }
}
