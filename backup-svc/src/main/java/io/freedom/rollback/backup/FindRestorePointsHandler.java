package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FindRestorePoints;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.MissingRestorePoint;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
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
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the disk and the catalogue agree: a control plane that was lost learns from the disk what can be restored, and what describes
 * a restore point is put back from the catalogue where the disk has lost it.
 */
final class FindRestorePointsHandler implements StepHandler<FindRestorePoints> {
    /** One event tells of them all. */
    private static final int AT_MOST = 900;

    private static final int NAMED = 50;

    private final Vault vault;
    private final InstantSource clock;
    private final RestorePointCatalogue catalogue;

    FindRestorePointsHandler(Vault vault, InstantSource clock, RestorePointCatalogue catalogue) {
        this.catalogue = catalogue;
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
        var mended = new ArrayList<String>();
        requireThere(root);
        var known = catalogue.of(action.getPlatform(), step);
        var folders = Disk.work(root, () -> folders(root, known.keySet()));
        for (var folder : folders) {
            step.checkpoint();
            step.progress(found.size() + passedOver.size(), folders.size(), "restore points", folder.toString());
            var point = RestorePoint.at(folder.toString());
            try {
                found.add(Disk.work(folder, () -> read(point, known.get(point.id()), action, mended, step)));
            } catch (StepFailure e) {
                if (passedOver.size() < NAMED) {
                    passedOver.add(point.id() + ": " + e.text());
                }
            }
        }
        found.sort(Comparator.comparing(FoundRestorePoint::getTakenAt));
        var result = RestorePointsFound.newBuilder()
                .setRestorePoints(newest(found))
                .setPassedOver(passedOver)
                .setMended(newest(mended))
                .setMissing(newest(missing(root, known.values())))
                .build();
        return new Completed(result, text(root, result));
    }

    private static <T> List<T> newest(List<T> all) {
        return List.copyOf(all.subList(Math.max(0, all.size() - AT_MOST), all.size()));
    }

    private static String text(Path root, RestorePointsFound found) {
        var points = found.getRestorePoints();
        long suspect =
                points.stream().filter(point -> point.getDistrust() != null).count();
        var missing = found.getMissing().stream()
                .map(MissingRestorePoint::getRestorePointId)
                .toList();
        return points.size()
                + (points.size() == 1 ? " restore point in " : " restore points in ")
                + root
                + (suspect == 0 ? "" : ", " + suspect + " of them for analysis only")
                + named("; mended from the catalogue, all files compared: ", found.getMended())
                + named("; in the catalogue and not on disk: ", missing)
                + (found.getPassedOver().isEmpty() ? "" : "; passed over: " + String.join("; ", found.getPassedOver()));
    }

    private static String named(String what, List<String> ids) {
        return ids.isEmpty()
                ? ""
                : what
                        + String.join(", ", ids.subList(0, Math.min(NAMED, ids.size())))
                        + (ids.size() > NAMED ? " and " + (ids.size() - NAMED) + " more" : "");
    }

    private static void requireThere(Path root) throws StepFailure {
        if (!Files.isDirectory(root)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "there is no folder " + root + ": is what restore points are on mounted?");
        }
    }

    /** Those with a manifest, or that had one: the others are of rollbacks that took none. */
    private static List<Path> folders(Path root, Set<String> known) throws IOException {
        try (var all = Files.list(root)) {
            return all.filter(path -> !path.getFileName().toString().startsWith("."))
                    .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .filter(path -> Files.exists(path.resolve(RestorePoint.MANIFEST))
                            || known.contains(path.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    /** Oldest first. */
    private static List<MissingRestorePoint> missing(Path root, Collection<CataloguedRestorePoint> known) {
        return known.stream()
                .map(CataloguedRestorePoint::getRestorePoint)
                .filter(point -> !Files.isDirectory(root.resolve(point.getRestorePointId())))
                .sorted(Comparator.comparing(FoundRestorePoint::getTakenAt))
                .map(point -> new MissingRestorePoint(point.getRestorePointId(), why(root, point)))
                .toList();
    }

    private static String why(Path root, FoundRestorePoint point) {
        var now = root.resolve(point.getRestorePointId()).toString();
        return "it is not on disk: there is no " + now
                + (point.getDirectory().equals(now) ? "" : ", and it was " + point.getDirectory());
    }

    private FoundRestorePoint read(
            RestorePoint point,
            @Nullable CataloguedRestorePoint known,
            FindRestorePoints action,
            List<String> mended,
            StepContext step)
            throws IOException, StepFailure, InterruptedException {
        var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        var mending = known == null ? null : new Mending(point, known, vault, now);
        var manifest = load(point, action.getPlatform(), mending, mended, step);
        if (!manifest.platform().equals(action.getPlatform())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, "it is restore point " + manifest.id() + " of " + manifest.platform());
        }
        var sum = Sha256.of(Manifest.text(point));
        var verifiedAt = verifiedAt(point, manifest, sum, now, step);
        if (mending != null && mending.notes(sum) && !mended.contains(point.id())) {
            mended.add(point.id());
        }
        var papers = Papers.read(point, manifest, verifiedAt, now);
        Papers.records(papers).forEach(step::report);
        return FoundRestorePoint.newBuilder(papers.getRestorePoint())
                .setDistrust(distrust(papers.getRestorePoint(), action.getDatabase()))
                .build();
    }

    /** Where the disk has it no more as it was, the catalogue may. */
    private Manifest load(
            RestorePoint point, String platform, @Nullable Mending mending, List<String> mended, StepContext step)
            throws IOException, StepFailure {
        try {
            return Manifest.load(point, vault);
        } catch (StepFailure e) {
            if (mending == null) {
                throw new StepFailure(e.kind(), e.text() + "; the catalogue of " + platform + " does not have it", e);
            }
            try {
                var manifest = mending.manifest(step);
                mended.add(point.id());
                return manifest;
            } catch (StepFailure why) {
                throw new StepFailure(e.kind(), e.text() + "; the catalogue cannot mend it: " + why.text(), why);
            }
        }
    }

    /** What was never read back, or has failed since, is read back now. */
    private Instant verifiedAt(RestorePoint point, Manifest manifest, String sum, Instant now, StepContext step)
            throws IOException, StepFailure {
        var verified = Papers.verifiedAt(point, sum);
        if (verified.isPresent()) {
            return verified.get();
        }
        ManifestCheck.all(point, manifest, vault, now, step);
        step.checkpoint();
        PrivateFiles.write(point.verified(), Json.text(new Verification(point.id(), now, sum, null)));
        return now;
    }

    private static @Nullable String distrust(FoundRestorePoint found, @Nullable String database) {
        var dumped =
                found.getDatabases().isEmpty() ? null : found.getDatabases().getFirst();
        return found.getDistrust() == null && database != null && !database.equals(dumped)
                ? "it has no dump of " + database
                : found.getDistrust();
    }
}
