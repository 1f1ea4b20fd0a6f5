package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Content of proven.json: what came of restoring a restore point, into a throwaway server or the platform's own.
 *
 * @param at when
 * @param manifestSha256 of the manifest that it had
 * @param serverVersion of the throwaway server; null where it came to none
 * @param fault why it cannot be restored; null where all was as in the dump
 */
record Proof(
        String restorePoint,
        Instant at,
        String manifestSha256,
        @Nullable String serverVersion,
        int tables,
        long rows,
        @Nullable String fault) {
    private static final Logger LOG = LoggerFactory.getLogger(Proof.class);

    /** Of one that has the manifest it has now. */
    static Proof of(
            RestorePoint point,
            Instant at,
            @Nullable String serverVersion,
            int tables,
            long rows,
            @Nullable String fault)
            throws IOException {
        var sum = Sha256.of(Files.readString(point.manifest()));
        return new Proof(point.id(), at.truncatedTo(ChronoUnit.MILLIS), sum, serverVersion, tables, rows, fault);
    }

    /** Of what was found damaged once; a proof stays, and so does what cannot be read. */
    static void forgetFault(RestorePoint point) throws IOException {
        if (Papers.note(point.proven(), Proof.class).map(Proof::fault).isPresent()) {
            Files.delete(point.proven());
        }
    }

    /** Notes it, and tells the catalogue. */
    void note(RestorePoint point, Vault vault, StepContext step) throws StepFailure, InterruptedException {
        Disk.work(point.proven(), () -> {
            step.checkpoint();
            PrivateFiles.write(point.proven(), Json.text(this));
            return Papers.report(point, vault, at, step);
        });
    }

    interface Restoring {
        Completed run() throws StepFailure, InterruptedException;
    }

    /**
     * Restores. What that finds damaged is noted once a second attempt has found it as well: what is read twice with two results is the disk's
     * fault, and a restore that succeeds after all leaves nothing behind.
     */
    static Completed noting(RestorePoint point, Vault vault, InstantSource clock, StepContext step, Restoring restoring)
            throws StepFailure, InterruptedException {
        try {
            return restoring.run();
        } catch (StepFailure e) {
            throw step.attempt() > 1 ? damaged(point, e, vault, clock.instant(), step) : e;
        }
    }

    /**
     * Notes what was found damaged, so that it is not offered again by those who know the disk alone. Any other failure says nothing about
     * the restore point.
     *
     * @return the failure, to be thrown
     */
    static StepFailure damaged(RestorePoint point, StepFailure failure, Vault vault, Instant now, StepContext step)
            throws InterruptedException {
        if (failure.kind() == FailureKind.MISMATCH) {
            try {
                var proof = Disk.work(point.manifest(), () -> of(point, now, null, 0, 0, failure.text()));
                proof.note(point, vault, step);
            } catch (StepFailure | IllegalStateException e) { // also where Kafka does not take it
                LOG.warn("{}: what was found is not noted beside it", point.directory(), e);
            }
        }
        return failure;
    }
}
