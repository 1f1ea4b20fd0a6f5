package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Content of verified.json: a restore point was read back whole.
 *
 * @param manifestSha256 of the manifest that was verified
 * @param tool what read the dump to its end; null without database
 */
record Verification(
        String restorePoint,
        Instant verifiedAt,
        String manifestSha256,
        @Nullable String tool) {

    /** What is not as its manifest says, or cannot be restored, was never verified. Nothing happens after any other failure. */
    static void withdrawn(RestorePoint point, StepFailure failure) throws IOException {
        if (failure.kind() == FailureKind.MISMATCH) {
            Files.deleteIfExists(point.proven());
            Files.deleteIfExists(point.verified());
        }
    }

    /**
     * Notes it. Where the disk is full, what was noted of the same manifest before will do: a restore must not fail for want of
     * a page.
     */
    void note(RestorePoint point) throws IOException {
        try {
            PrivateFiles.write(point.verified(), Json.text(this));
        } catch (IOException e) {
            if (!Disk.isFull(e) || !isNoted(point)) {
                throw e;
            }
        }
    }

    private boolean isNoted(RestorePoint point) throws IOException {
        return Files.isRegularFile(point.verified())
                && Json.read(point.verified(), Verification.class)
                        .manifestSha256()
                        .equals(manifestSha256);
    }

    /** Fails unless the restore point was verified with the manifest it has now. */
    static void require(RestorePoint point) throws StepFailure {
        try {
            if (!Files.isRegularFile(point.verified())) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        point.directory() + " was never verified (no " + RestorePoint.VERIFIED + "): choose another");
            }
            var verification = Json.read(point.verified(), Verification.class);
            if (!verification.manifestSha256().equals(Sha256.of(Files.readString(point.manifest())))) {
                throw new StepFailure(
                        FailureKind.MISMATCH,
                        point.directory() + " was verified with another manifest than it has now: choose another");
            }
        } catch (IOException e) {
            throw Disk.failure(point.verified(), e);
        }
    }
}
