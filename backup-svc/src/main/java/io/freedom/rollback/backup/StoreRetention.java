package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Removes from the store what is not to stay there. */
final class StoreRetention {
    /** What is younger may be of a restore point that somebody copies just now. */
    private static final Duration YOUNG = Duration.ofDays(1);
    /** Base backups may take that long. */
    private static final Duration PATIENCE = Duration.ofDays(7);

    private final S3Store store;
    private final StepContext step;
    private final InstantSource clock;
    private final Map<String, S3Store.Stored> points;

    /** @param points what the store has of restore points */
    StoreRetention(S3Store store, StepContext step, InstantSource clock, Map<String, S3Store.Stored> points) {
        this.store = store;
        this.step = step;
        this.clock = clock;
        this.points = points;
    }

    /** Its manifest first: half of one is none. @return false where it is held */
    boolean remove(String id) throws IOException, StepFailure, InterruptedException {
        var hold = StoreKeys.of(id, RestorePoint.HOLD);
        if (points.containsKey(hold)
                && Json.parse(text(hold), Path.of(RestorePoint.HOLD), Hold.class)
                        .until()
                        .isAfter(clock.instant())) {
            return false;
        }
        step.checkpoint();
        store.delete(List.of(StoreKeys.manifest(id)));
        store.delete(of(id));
        return true;
    }

    private List<String> of(String id) {
        return points.keySet().stream()
                .filter(key -> StoreKeys.point(key).equals(id))
                .toList();
    }

    /**
     * Removes what no restore point needs, here or there.
     *
     * @param whole ids of those that the store has
     * @return objects that are gone
     */
    int sweep(List<CopyRestorePointsHandler.Local> local, Set<String> whole)
            throws IOException, StepFailure, InterruptedException {
        var needed = new HashSet<String>();
        var known = new HashSet<>(whole);
        for (var one : local) {
            known.add(one.point().id());
            one.manifest().files().forEach(entry -> needed.add(StoreKeys.object(entry.sha256())));
        }
        for (var id : whole) {
            step.checkpoint();
            // One that cannot be read keeps all.
            Json.parse(text(StoreKeys.manifest(id)), Path.of(id, RestorePoint.MANIFEST), Manifest.class)
                    .files()
                    .forEach(entry -> needed.add(StoreKeys.object(entry.sha256())));
        }
        var surplus = new ArrayList<String>();
        store.list(StoreKeys.OBJECTS).values().stream()
                .filter(object -> !needed.contains(object.key()) && isOld(object))
                .forEach(object -> surplus.add(object.key()));
        points.values().stream()
                .filter(file -> !known.contains(StoreKeys.point(file.key())) && isOld(file))
                .forEach(file -> surplus.add(file.key()));
        for (var key : surplus) {
            step.checkpoint();
            store.delete(List.of(key));
        }
        for (var upload : store.uploads("").values()) {
            var patience = upload.key().startsWith(StoreKeys.WAL) ? PATIENCE : YOUNG;
            if (!needed.contains(upload.key())
                    && upload.at().isBefore(clock.instant().minus(patience))) {
                store.abort(upload);
            }
        }
        return surplus.size();
    }

    private boolean isOld(S3Store.Stored object) {
        return object.changed().isBefore(clock.instant().minus(YOUNG));
    }

    private String text(String key) throws IOException, StepFailure, InterruptedException {
        return new String(store.bytes(key), StandardCharsets.UTF_8);
    }
}
