package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;

/** Rebuilds what describes a restore point from the catalogue, where the disk has lost or damaged it. */
final class Mending {
    /** What was there instead is kept for whoever asks what changed it. */
    private static final String ASIDE = ".damaged";

    private final RestorePoint point;
    private final CataloguedRestorePoint known;
    private final Vault vault;
    private final Instant now;

    Mending(RestorePoint point, CataloguedRestorePoint known, Vault vault, Instant now) {
        this.point = point;
        this.known = known;
        this.vault = vault;
        this.now = now;
    }

    /**
     * Puts the signed manifest back, once every file is found to be as it says.
     *
     * @throws StepFailure where it is not, or is not signed by a key of ours: nothing was changed then
     */
    Manifest manifest(StepContext step) throws IOException, StepFailure {
        var text = Papers.manifest(known);
        var manifest = Json.parse(text, point.manifest(), Manifest.class);
        var signature = known.getNotes().get(RestorePoint.SIGNATURE);
        manifest.requireSigned(point.manifest(), text, signature, vault);
        if (!manifest.id().equals(point.id())) {
            throw new StepFailure(FailureKind.MISMATCH, "it is that of restore point " + manifest.id());
        }
        ManifestCheck.all(point, manifest, vault, now, step);
        step.checkpoint();
        put(point.manifest(), text);
        put(point.signature(), String.valueOf(signature));
        PrivateFiles.write(
                point.verified(), Json.text(new Verification(point.id(), now, known.getManifestSha256(), null)));
        // Last, as when it was taken: without it there is no restore point.
        put(point.manifestSum(), Manifest.sumOf(text));
        return manifest;
    }

    /** Puts back the notes of a restore point that is whole, where they are lost or cannot be read. */
    boolean notes(String manifestSha256) throws IOException {
        boolean mended = false;
        var proven = known.getNotes().get(RestorePoint.PROVEN);
        if (proven != null
                && isLost(point.proven(), Proof.class)
                && Json.parse(proven, point.proven(), Proof.class)
                        .manifestSha256()
                        .equals(manifestSha256)) {
            put(point.proven(), proven);
            mended = true;
        }
        var hold = known.getNotes().get(RestorePoint.HOLD);
        if (hold != null
                && isLost(point.hold(), Hold.class)
                && Json.parse(hold, point.hold(), Hold.class).until().isAfter(now)) {
            put(point.hold(), hold);
            mended = true;
        }
        return mended;
    }

    private static boolean isLost(Path file, Class<?> type) {
        try {
            Json.read(file, type);
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static void put(Path file, String text) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            if (isSame(file, text)) {
                return;
            }
            PrivateFiles.moveInto(file, file.resolveSibling(file.getFileName() + ASIDE));
        }
        PrivateFiles.write(file, text);
    }

    private static boolean isSame(Path file, String text) throws IOException {
        try {
            return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Files.readString(file).equals(text);
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
