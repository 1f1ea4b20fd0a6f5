package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FindRestorePoints;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The catalogue as the disk has it: a control plane that was lost learns from it what can be restored. */
final class FindRestorePointsHandler implements StepHandler<FindRestorePoints> {
    /** One event tells of them all. */
    private static final int AT_MOST = 900;

    private static final int NAMED = 50;

    private final Vault vault;
    private final InstantSource clock;

    FindRestorePointsHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<FindRestorePoints> action() {
        return FindRestorePoints.class;
    }

    @Override
    public Completed execute(FindRestorePoints action, StepContext step) throws StepFailure, InterruptedException {
        var root = Path.of(action.getDirectory());
        var found = new ArrayList<FoundRestorePoint>();
        var passedOver = new ArrayList<String>();
        var folders = Disk.work(root, () -> folders(root));
        for (var folder : folders) {
            step.checkpoint();
            step.progress(found.size() + passedOver.size(), folders.size(), "restore points", folder.toString());
            var point = RestorePoint.at(folder.toString());
            try {
                found.add(Disk.work(folder, () -> read(point, action, step)));
            } catch (StepFailure e) {
                if (passedOver.size() < NAMED) {
                    passedOver.add(point.id() + ": " + e.text());
                }
            }
        }
        found.sort(Comparator.comparing(FoundRestorePoint::getTakenAt));
        var newest = found.subList(Math.max(0, found.size() - AT_MOST), found.size());
        long suspect =
                newest.stream().filter(point -> point.getDistrust() != null).count();
        var text = newest.size()
                + (newest.size() == 1 ? " restore point in " : " restore points in ")
                + root
                + (suspect == 0 ? "" : ", " + suspect + " of them for analysis only")
                + (passedOver.isEmpty() ? "" : "; passed over: " + String.join("; ", passedOver));
        return new Completed(new RestorePointsFound(List.copyOf(newest), passedOver), text);
    }

    /** Those with a manifest: the others are of rollbacks that took none. */
    private static List<Path> folders(Path root) throws IOException, StepFailure {
        if (!Files.isDirectory(root)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "there is no folder " + root + ": is what restore points are on mounted?");
        }
        try (var all = Files.list(root)) {
            return all.filter(path -> !path.getFileName().toString().startsWith("."))
                    .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .filter(path -> Files.exists(path.resolve(RestorePoint.MANIFEST)))
                    .sorted()
                    .toList();
        }
    }

    private FoundRestorePoint read(RestorePoint point, FindRestorePoints action, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var manifest = Manifest.load(point, vault);
        if (!manifest.platform().equals(action.getPlatform()) || !manifest.id().equals(point.id())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, "it is restore point " + manifest.id() + " of " + manifest.platform());
        }
        var sum = Sha256.of(Files.readString(point.manifest()));
        var dumped = manifest.database();
        var proof = proof(point, sum);
        return FoundRestorePoint.newBuilder()
                .setRestorePointId(point.id())
                .setDirectory(point.directory().toString())
                .setTakenAt(manifest.createdAt())
                .setTakenBy(manifest.takenBy() == null ? "unknown" : manifest.takenBy())
                .setFiles(manifest.files().size())
                .setBytes(manifest.bytes())
                .setServerVersion(dumped == null ? null : dumped.serverVersion())
                .setVerifiedAt(verifiedAt(point, manifest, sum, step))
                .setProvenAt(
                        proof.filter(it -> it.fault() == null).map(Proof::at).orElse(null))
                .setHeldUntil(
                        Files.exists(point.hold())
                                ? Json.read(point.hold(), Hold.class).until()
                                : null)
                .setFault(proof.map(Proof::fault).orElse(null))
                .setDistrust(distrust(manifest, action.getDatabase()))
                .setDatabases(manifest.databases())
                .build();
    }

    /** What was never read back, or has failed since, is read back now. */
    private Instant verifiedAt(RestorePoint point, Manifest manifest, String sum, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        if (Files.exists(point.verified())) {
            var verification = Json.read(point.verified(), Verification.class);
            if (verification.manifestSha256().equals(sum)) {
                return verification.verifiedAt();
            }
        }
        var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        ManifestCheck.all(point, manifest, vault, now, step);
        step.checkpoint();
        PrivateFiles.write(point.verified(), Json.text(new Verification(point.id(), now, sum, null)));
        return now;
    }

    private static Optional<Proof> proof(RestorePoint point, String sum) throws IOException {
        return Files.exists(point.proven())
                ? Optional.of(Json.read(point.proven(), Proof.class))
                        .filter(proof -> proof.manifestSha256().equals(sum))
                : Optional.empty();
    }

    private static @Nullable String distrust(Manifest manifest, @Nullable String database) {
        if (manifest.takenBy() == null) {
            return "an older release took it, and did not note for what";
        }
        if (manifest.distrust() != null) {
            return manifest.distrust();
        }
        var dumped = manifest.database();
        return database != null && (dumped == null || !dumped.database().equals(database))
                ? "it has no dump of " + database
                : null;
    }
}
