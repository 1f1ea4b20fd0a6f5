package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.CopyRestorePoints;
import io.freedom.rollback.schemas.action.RestorePointsCopied;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Copies what the store does not have yet, each time as if for the first time; and removes there what retention has removed here. */
final class CopyRestorePointsHandler implements StepHandler<CopyRestorePoints> {
    /** Before the step's deadline, so that there is time to say how far it is. */
    private static final Duration SPARE = Duration.ofSeconds(30);

    private static final Duration SWEEP_EVERY = Duration.ofDays(1);

    private final Vault vault;
    private final InstantSource clock;
    private final Map<String, Instant> swept = new ConcurrentHashMap<>();

    CopyRestorePointsHandler(Vault vault, InstantSource clock) {
        this.vault = vault;
        this.clock = clock;
    }

    @Override
    public Class<CopyRestorePoints> action() {
        return CopyRestorePoints.class;
    }

    @Override
    public Completed execute(CopyRestorePoints action, StepContext step) throws StepFailure, InterruptedException {
        var root = Path.of(action.getDirectory());
        try (var store = S3Store.open(action.getStore(), action.getPlatform(), step.secrets())) {
            return Disk.work(root, () -> {
                var unusable = new ArrayList<String>();
                var local = local(root, action.getPlatform(), unusable);
                return new Look(action, store, step).completed(local, unusable);
            });
        }
    }

    /** Those of the platform that are complete, the newest first. */
    private List<Local> local(Path root, String platform, List<String> unusable) throws IOException {
        var points = new ArrayList<Local>();
        if (!Files.isDirectory(root)) {
            return points; // Nothing was taken yet; or the disk is gone, which is no reason to remove copies.
        }
        try (var all = Files.list(root)) {
            for (var folder : all.filter(path -> !path.getFileName().toString().startsWith("."))
                    .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .filter(path -> Files.exists(path.resolve(RestorePoint.MANIFEST)))
                    .toList()) {
                var point = new RestorePoint(folder);
                try {
                    var manifest = Manifest.load(point, vault);
                    if (manifest.platform().equals(platform) && manifest.id().equals(point.id())) {
                        points.add(new Local(point, manifest));
                    }
                } catch (StepFailure e) {
                    // What was changed is not to take the place of what is there.
                    unusable.add(point.id() + " is not copied: " + e.text());
                }
            }
        }
        points.sort(
                Comparator.comparing((Local it) -> it.manifest().createdAt()).reversed());
        return points;
    }

    record Local(RestorePoint point, Manifest manifest) {}

    private final class Look {
        private final CopyRestorePoints action;
        private final S3Store store;
        private final StepContext step;
        private final List<String> notes = new ArrayList<>();
        private @Nullable String fault;
        private boolean busy;
        private long sent;

        Look(CopyRestorePoints action, S3Store store, StepContext step) {
            this.action = action;
            this.store = store;
            this.step = step;
        }

        Completed completed(List<Local> local, List<String> unusable)
                throws IOException, StepFailure, InterruptedException {
            var there = store.list(StoreKeys.POINTS);
            var whole = new TreeSet<String>();
            there.keySet().stream()
                    .filter(key -> key.equals(StoreKeys.manifest(StoreKeys.point(key))))
                    .forEach(key -> whole.add(StoreKeys.point(key)));
            try {
                var retention = new StoreRetention(store, step, clock, there);
                remove(retention, local, whole);
                copy(local, there, whole);
                if (unusable.isEmpty()) { // what they need is not known
                    sweep(retention, local, whole);
                }
                if (fault == null && !unusable.isEmpty()) {
                    fault = unusable.getFirst();
                }
            } catch (StepFailure e) {
                fault = e.text();
            }
            var result = RestorePointsCopied.newBuilder()
                    .setStored(List.copyOf(whole))
                    .setFault(fault)
                    .setBusy(busy)
                    .setSent(sent)
                    .setNotes(notes)
                    .build();
            return new Completed(result, whole.size() + " in the store, " + Disk.size(sent) + " sent");
        }

        private void remove(StoreRetention retention, List<Local> local, Set<String> whole)
                throws IOException, StepFailure, InterruptedException {
            if (local.isEmpty()) {
                return; // The disk is gone rather than each of them removed.
            }
            for (var id : action.getRemoved()) {
                boolean isHere = local.stream().anyMatch(it -> it.point().id().equals(id));
                if (whole.contains(id) && !isHere && retention.remove(id)) {
                    whole.remove(id);
                    notes.add("removed " + id);
                }
            }
        }

        private void copy(List<Local> local, Map<String, S3Store.Stored> there, Set<String> whole)
                throws IOException, StepFailure, InterruptedException {
            boolean isNew =
                    local.stream().anyMatch(it -> !whole.contains(it.point().id()));
            var objects = isNew ? store.list(StoreKeys.OBJECTS) : Map.<String, S3Store.Stored>of();
            for (var one : local) {
                var id = one.point().id();
                var copy = new RestorePointCopy(store, one, this::goesOn);
                try {
                    if (!copy.send(there, isNew ? objects : null)) {
                        busy = true;
                        return;
                    }
                    if (whole.add(id)) {
                        notes.add("copied " + id);
                    }
                } catch (StepFailure e) {
                    if (e.kind() != FailureKind.MISMATCH) {
                        throw e;
                    }
                    // Only this one's: the others are copied all the same.
                    fault = id + " is not copied: " + e.text() + ". See what changed it: rollbackctl backups verify "
                            + id;
                }
            }
        }

        private void sweep(StoreRetention retention, List<Local> local, Set<String> whole)
                throws IOException, StepFailure, InterruptedException {
            var now = clock.instant();
            var last = swept.get(action.getPlatform());
            if (busy || fault != null || (last != null && now.isBefore(last.plus(SWEEP_EVERY)))) {
                return;
            }
            int gone = retention.sweep(local, whole);
            swept.put(action.getPlatform(), now);
            if (gone > 0) {
                notes.add("removed " + gone + " objects that no restore point needs any more");
            }
        }

        private boolean goesOn(long bytes, String what) {
            step.checkpoint();
            sent += bytes;
            step.progress(sent, 0, "bytes", what);
            return clock.instant().isBefore(step.deadline().minus(SPARE));
        }
    }
}
