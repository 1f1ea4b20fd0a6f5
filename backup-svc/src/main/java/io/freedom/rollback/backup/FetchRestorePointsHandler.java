package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.FetchRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsFetched;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.KeyException;
import io.freedom.rollback.vault.PrivateFiles;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Brings a restore point back from the store: the one that is asked for, or the newest that may be restored. */
final class FetchRestorePointsHandler implements StepHandler<FetchRestorePoints> {
    private static final int NAMED = 20;

    private final Vault vault;

    FetchRestorePointsHandler(Vault vault) {
        this.vault = vault;
    }

    @Override
    public Class<FetchRestorePoints> action() {
        return FetchRestorePoints.class;
    }

    @Override
    public Completed execute(FetchRestorePoints action, StepContext step) throws StepFailure, InterruptedException {
        var root = Path.of(action.getDirectory());
        try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
            return Disk.work(root, () -> fetch(action, root, store, step));
        }
    }

    private Completed fetch(FetchRestorePoints action, Path root, S3Store store, StepContext step)
            throws IOException, StepFailure, InterruptedException {
        PrivateFiles.createFolders(root);
        var there = store.list(StoreKeys.POINTS);
        var absent = new ArrayList<Manifest>();
        var ids = there.keySet().stream()
                .filter(key -> key.equals(StoreKeys.manifest(StoreKeys.point(key))))
                .map(StoreKeys::point)
                .toList();
        var wanted = action.getRestorePoint();
        if (wanted != null && !ids.contains(wanted)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    store.name("points") + " has no restore point " + wanted
                            + (ids.isEmpty() ? ", and no other" : ": it has " + named(ids)));
        }
        if (wanted != null && isHere(root, wanted)) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    root.resolve(wanted)
                            + " is there already: leave --id out to import it, or move it away to fetch it anew");
        }
        var damaged = new ArrayList<String>();
        Manifest newestHere = null;
        for (var id : ids) {
            step.checkpoint();
            Manifest manifest;
            try {
                manifest = manifest(store, id, action.getPlatform(), there);
            } catch (KeyException e) {
                if (id.equals(wanted)) {
                    throw e;
                }
                damaged.add(String.valueOf(e.getMessage()));
                continue;
            } catch (StepFailure e) {
                boolean isOfThisOne = e.kind() == FailureKind.MISMATCH || e.kind() == FailureKind.PRECONDITION;
                if (!isOfThisOne || id.equals(wanted)) {
                    throw e;
                }
                damaged.add(e.text());
                continue;
            }
            if (!id.equals(wanted) && isFaulty(store, id, there)) {
                damaged.add(id + ": it could not be restored when that was tried");
                continue;
            }
            if (!isHere(root, id)) {
                absent.add(manifest);
            } else if (mayBeRestored(manifest) && (newestHere == null || isNewer(manifest, newestHere))) {
                newestHere = manifest;
            }
        }
        absent.sort(Comparator.comparing(Manifest::createdAt).reversed());
        var chosen = chosen(absent, newestHere, wanted);
        if (chosen.isEmpty() && newestHere == null && !damaged.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "none of the store's restore points can be used: " + String.join("; ", damaged));
        }
        long bytes = 0;
        if (chosen.isPresent()) {
            bytes = new RestorePointFetch(store, chosen.get(), root, action.getReserve(), step).fetch(there);
            absent.remove(chosen.get());
        }
        var left = absent.stream().map(Manifest::id).toList();
        var text = chosen.map(it -> it.id() + " fetched, ").orElse("nothing newer in the store, ")
                + Disk.size(bytes)
                + (left.isEmpty()
                        ? ""
                        : "; in the store alone: " + named(left) + ". To fetch one: rollbackctl backups import "
                                + action.getPlatform() + " --id ID")
                + (damaged.isEmpty() ? "" : "; passed over: " + String.join("; ", damaged));
        return new Completed(
                new RestorePointsFetched(chosen.map(it -> List.of(it.id())).orElse(List.of()), left, bytes), text);
    }

    private static Optional<Manifest> chosen(
            List<Manifest> absent, @Nullable Manifest newestHere, @Nullable String wanted) {
        return absent.stream()
                .filter(it -> wanted == null
                        ? mayBeRestored(it) && (newestHere == null || isNewer(it, newestHere))
                        : it.id().equals(wanted))
                .findFirst();
    }

    private static boolean mayBeRestored(Manifest manifest) {
        return manifest.distrust() == null && manifest.takenBy() != null;
    }

    private static boolean isNewer(Manifest one, Manifest other) {
        return one.createdAt().isAfter(other.createdAt());
    }

    private static boolean isHere(Path root, String id) {
        return Files.exists(root.resolve(id), LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isFaulty(S3Store store, String id, Map<String, S3Store.Stored> there)
            throws IOException, StepFailure, InterruptedException {
        var key = StoreKeys.of(id, RestorePoint.PROVEN);
        return there.containsKey(key)
                && Json.parse(new String(store.bytes(key), StandardCharsets.UTF_8), Path.of(key), Proof.class)
                                .fault()
                        != null;
    }

    private Manifest manifest(S3Store store, String id, String platform, Map<String, S3Store.Stored> there)
            throws IOException, StepFailure, InterruptedException {
        var key = StoreKeys.manifest(id);
        var text = new String(store.bytes(key), StandardCharsets.UTF_8);
        var sum = new String(store.bytes(StoreKeys.of(id, RestorePoint.MANIFEST_SUM)), StandardCharsets.UTF_8);
        if (!sum.startsWith(Sha256.of(text))) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    store.name(key) + " is damaged: remove it there, and choose another with --id");
        }
        var manifest = Json.parse(text, Path.of(key), Manifest.class);
        if (!manifest.id().equals(id) || !manifest.platform().equals(platform)) {
            throw new StepFailure(
                    FailureKind.MISMATCH,
                    store.name(key) + " is of " + manifest.id() + " of " + manifest.platform()
                            + ": somebody has moved it");
        }
        // Before gigabytes are fetched that nobody will restore.
        var signature = StoreKeys.of(id, RestorePoint.SIGNATURE);
        manifest.requireSigned(
                Path.of(key),
                text,
                there.containsKey(signature) ? new String(store.bytes(signature), StandardCharsets.UTF_8) : null,
                vault);
        return manifest;
    }

    private static String named(List<String> ids) {
        return String.join(", ", ids.subList(0, Math.min(NAMED, ids.size())))
                + (ids.size() > NAMED ? " and " + (ids.size() - NAMED) + " more" : "");
    }
}
