package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.DatabaseDumped;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.GitStateRecorded;
import io.freedom.rollback.schemas.action.HoldRestorePoint;
import io.freedom.rollback.schemas.action.ManifestWritten;
import io.freedom.rollback.schemas.action.PointInTimeDerived;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RestorePointFacts;
import io.freedom.rollback.schemas.action.RestorePointHeld;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.history.ConfigurationUnfollowed;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.history.LogArchiveInterrupted;
import io.freedom.rollback.schemas.history.LogsArchived;
import io.freedom.rollback.schemas.history.RestorePointsStored;
import io.freedom.rollback.schemas.history.RollbackStarted;
import io.freedom.rollback.schemas.history.StepFailed;
import io.freedom.rollback.schemas.history.StepSucceeded;
import io.freedom.rollback.schemas.history.StoreInterrupted;
import io.freedom.rollback.schemas.history.WalArchiveInterrupted;
import io.freedom.rollback.schemas.history.WalArchiveNotStored;
import io.freedom.rollback.schemas.history.WalArchiveStored;
import io.freedom.rollback.schemas.history.WalArchived;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Restore points that were read back whole, oldest first; from the history alone: what
 * rollbacks took, and what was found on disk. Those of drills go with their copy. */
public final class RestorePoints {
    /**
     * @param takenBy scenario that took it
     * @param rpo of the platform when it was taken, {@link Duration#ZERO} for none
     * @param bytes on disk
     * @param verifiedAt when it was last read back whole
     * @param provenAt when it was last restored into a throwaway server; null for never
     * @param heldUntil null for no hold
     * @param commit that was checked out when it was taken; null where that was not noted
     * @param serverVersion of the database that it has a dump of; null for none
     * @param databases names of those that it has dumps of, the platform's first; empty where that was not noted
     * @param distrust why it serves analysis only, never a restore; null where it may be restored
     * @param onDisk false where somebody looked, and it was not there; {@code distrust} says where
     * @param facts what its manifest says beside its files; null where that is in no history
     */
    public record Point(
            String id,
            String platform,
            String directory,
            Instant takenAt,
            String takenBy,
            Duration rpo,
            int files,
            long bytes,
            Instant verifiedAt,
            @Nullable Instant provenAt,
            @Nullable Instant heldUntil,
            @Nullable String commit,
            @Nullable String serverVersion,
            List<String> databases,
            @Nullable String distrust,
            boolean onDisk,
            @Nullable RestorePointFacts facts) {
        public Point {
            databases = List.copyOf(databases);
        }

        public boolean isRestorable() {
            return distrust == null;
        }

        private Point with(@Nullable Instant proven, @Nullable Instant held, @Nullable String why, boolean there) {
            return new Point(
                    id,
                    platform,
                    directory,
                    takenAt,
                    takenBy,
                    rpo,
                    files,
                    bytes,
                    verifiedAt,
                    proven,
                    held,
                    commit,
                    serverVersion,
                    databases,
                    why,
                    there,
                    facts);
        }

        Point proven(Instant at) {
            return with(at, heldUntil, null, true);
        }

        Point held(@Nullable Instant until) {
            return with(provenAt, until, distrust, onDisk);
        }

        Point blamed(String fault) {
            return with(null, heldUntil, fault, true);
        }

        Point gone(String where) {
            return with(provenAt, heldUntil, where, false);
        }
    }

    /**
     * What of a platform's commits is archived, so that any moment can be derived as a restore point.
     *
     * @param since earliest moment; null where nothing was archived yet
     * @param until null while it goes on, or where nothing was archived
     * @param fault why nothing is archived now; null while it is
     * @param ended whether that is because nobody wants it any more
     */
    public record Archive(
            String platform,
            @Nullable Instant since,
            @Nullable Instant until,
            @Nullable String fault,
            boolean ended) {}

    /**
     * What came of recovering a throwaway server from a platform's WAL archive, when that was last tried.
     *
     * @param proven null where it never came to where the archive ends
     * @param at when that was; null for never
     * @param fault why it did not the last time; null where it did
     * @param failedAt when that was; null where it did
     */
    public record Recovery(
            String platform,
            @Nullable WalArchiveProven proven,
            @Nullable Instant at,
            @Nullable String fault,
            @Nullable Instant failedAt) {
        Recovery failed(String why, Instant when) {
            return new Recovery(platform, proven, at, why, when);
        }
    }

    /**
     * Whether what comes up between restore points is kept: logs, changes of the configuration.
     *
     * @param what such as {@code the logs of its containers}
     * @param done such as {@code kept}
     * @param every how often: what may be lost of them
     * @param until null while they are kept, or where none were
     * @param fault why they are not kept now; null while they are
     * @param ended whether that is because nobody wants it any more
     * @param notes what is left out and why, one line each
     */
    public record Kept(
            String platform,
            String what,
            String done,
            Duration every,
            @Nullable Instant until,
            @Nullable String fault,
            boolean ended,
            List<String> notes) {
        public Kept {
            notes = List.copyOf(notes);
        }
    }

    /** A rollback, and what its steps said of its restore point. */
    private static final class Taking {
        final String platform;
        final RollbackStarted started;

        @Nullable
        RestorePointVerified point;

        @Nullable
        Instant verifiedAt;

        @Nullable
        Instant provenAt;

        /** What was found wrong with it. */
        @Nullable
        String fault;

        @Nullable
        String commit;

        @Nullable
        String serverVersion;

        List<String> databases = List.of();

        @Nullable
        RestorePointFacts facts;

        Taking(String platform, RollbackStarted started) {
            this.platform = platform;
            this.started = started;
        }

        /** Where it was when it was not on disk any more; null while it is. */
        @Nullable
        String gone;

        Taking blamed(String what) {
            fault = what;
            provenAt = null;
            return this;
        }

        Taking gone(String where) {
            gone = where;
            return this;
        }
    }

    /**
     * Second copies of a platform's restore points.
     *
     * @param stored ids of those that are whole in the store
     * @param fault why there are not more of them; null where all are there
     * @param ended whether nobody wants it any more
     */
    public record Store(
            String platform, List<String> stored, @Nullable String fault, boolean ended) {}

    private final Map<String, Taking> takings = new LinkedHashMap<>();
    /** Found on disk, and of no rollback of the history; by id. */
    private final Map<String, Point> imported = new LinkedHashMap<>();
    /** By platform. */
    private final Map<String, Archive> archives = new TreeMap<>();
    /** What came of recovering from them, by platform. */
    private final Map<String, Recovery> recoveries = new HashMap<>();
    /** What of them is in the store, by platform. */
    private final Map<String, Archive> storedWal = new TreeMap<>();
    /** By platform. */
    private final Map<String, Store> stores = new TreeMap<>();
    /** By platform. */
    private final Map<String, Kept> logs = new TreeMap<>();
    /** By platform. */
    private final Map<String, Kept> configurations = new TreeMap<>();
    /** By id of the restore point. */
    private final Map<String, Instant> holds = new HashMap<>();

    /** @param history in order */
    public RestorePoints(List<HistoryEvent> history) {
        for (var event : history) {
            var id = event.getRollbackId();
            if (id == null) {
                note(event);
                continue;
            }
            if (event.getEvent() instanceof RollbackStarted started
                    && started.getPlan().getDrillOf() == null) {
                takings.put(id, new Taking(event.getPlatform(), started));
            }
            var taking = takings.get(id);
            if (taking != null && event.getEvent() instanceof StepSucceeded done && !done.getCompensation()) {
                read(taking, done, event.getAt());
            }
            if (taking != null && event.getEvent() instanceof StepFailed failed) {
                failed(taking, failed, event.getAt());
            }
        }
    }

    private void note(HistoryEvent event) {
        switch (event.getEvent()) {
            case WalArchived archived ->
                archives.put(
                        event.getPlatform(), new Archive(event.getPlatform(), archived.getSince(), null, null, false));
            case WalArchiveInterrupted interrupted -> {
                var until = interrupted.getUntil();
                var before = archives.get(event.getPlatform());
                archives.put(
                        event.getPlatform(),
                        new Archive(
                                event.getPlatform(),
                                before == null ? null : before.since(),
                                until,
                                interrupted.getReason(),
                                interrupted.getEnded()));
            }
            case WalArchiveStored stored ->
                storedWal.put(
                        event.getPlatform(), new Archive(event.getPlatform(), stored.getSince(), null, null, false));
            case WalArchiveNotStored not -> {
                var before = storedWal.get(event.getPlatform());
                storedWal.put(
                        event.getPlatform(),
                        new Archive(
                                event.getPlatform(),
                                before == null ? null : before.since(),
                                not.getUntil(),
                                not.getReason(),
                                not.getEnded()));
            }
            case RestorePointsStored all ->
                stores.put(
                        event.getPlatform(),
                        new Store(event.getPlatform(), List.copyOf(all.getStored()), all.getFault(), false));
            case StoreInterrupted interrupted -> {
                var before = stores.get(event.getPlatform());
                stores.put(
                        event.getPlatform(),
                        new Store(
                                event.getPlatform(),
                                before == null ? List.of() : before.stored(),
                                interrupted.getReason(),
                                interrupted.getEnded()));
            }
            case LogsArchived kept ->
                logs.put(event.getPlatform(), logs(event, kept.getEvery(), null, null, false, kept.getNotes()));
            case LogArchiveInterrupted not ->
                logs.put(
                        event.getPlatform(),
                        logs(event, not.getEvery(), not.getUntil(), not.getReason(), not.getEnded(), List.of()));
            case ConfigurationFollowed kept ->
                configurations.put(
                        event.getPlatform(), configuration(event, kept.getEvery(), null, null, false, kept.getNotes()));
            case ConfigurationUnfollowed not ->
                configurations.put(
                        event.getPlatform(),
                        configuration(
                                event, not.getEvery(), not.getUntil(), not.getReason(), not.getEnded(), List.of()));
            default -> {} // nothing about what can be restored
        }
    }

    private static Kept logs(
            HistoryEvent event,
            long every,
            @Nullable Instant until,
            @Nullable String fault,
            boolean ended,
            List<String> notes) {
        var what = "the logs of its containers";
        return new Kept(event.getPlatform(), what, "kept", Duration.ofMillis(every), until, fault, ended, notes);
    }

    private static Kept configuration(
            HistoryEvent event,
            long every,
            @Nullable Instant until,
            @Nullable String fault,
            boolean ended,
            List<String> notes) {
        var what = "changes of its configuration";
        return new Kept(event.getPlatform(), what, "recorded", Duration.ofMillis(every), until, fault, ended, notes);
    }

    /** By platform; without those of which nothing was ever archived. */
    public List<Archive> archives() {
        return List.copyOf(archives.values());
    }

    /** Of the archive of a platform: what came of recovering from it. */
    public Recovery recovery(String platform) {
        return recoveries.getOrDefault(platform, new Recovery(platform, null, null, null, null));
    }

    /** What of the archives is in a store, by platform; without those of which nothing ever was. */
    public List<Archive> storedArchives() {
        return List.copyOf(storedWal.values());
    }

    /** By platform; without those that never had one. */
    public List<Store> stores() {
        return List.copyOf(stores.values());
    }

    /** Logs, then configurations, by platform; without what never was to be kept. */
    public List<Kept> kept() {
        return Stream.concat(logs.values().stream(), configurations.values().stream())
                .toList();
    }

    private void read(Taking taking, StepSucceeded done, Instant at) {
        switch (done.getResult().getResult()) {
            case GitStateRecorded state -> taking.commit = state.getCommit();
            case DatabaseDumped dump -> {
                taking.serverVersion = dump.getServerVersion();
                taking.databases = List.copyOf(dump.getDatabases());
            }
            case ManifestWritten manifest -> taking.facts = manifest.getFacts();
            case PointInTimeDerived derived -> {
                taking.serverVersion = derived.getServerVersion();
                taking.databases = List.copyOf(derived.getDatabases());
            }
            case RestorePointsPruned pruned ->
                pruned.getRemoved().forEach(gone -> {
                    takings.remove(gone);
                    imported.remove(gone);
                });
            case RestorePointHeld held -> hold(taking, held.getUntil());
            case RestorePointsFound all -> {
                var rpo = Duration.ofMillis(taking.started.getPlan().getRpo());
                all.getRestorePoints().forEach(one -> known(taking.platform, one, rpo));
                all.getMissing().forEach(gone -> gone(gone.getRestorePointId(), gone.getWhy()));
            }
            case RestorePointProven proven -> {
                imported.computeIfPresent(proven.getRestorePointId(), (_, point) -> point.proven(at));
                var own = takings.get(proven.getRestorePointId());
                if (own != null) {
                    own.fault = null;
                    own.gone = null;
                    own.provenAt = at;
                }
            }
            case WalArchiveProven proven ->
                recoveries.put(taking.platform, new Recovery(taking.platform, proven, at, null, null));
            case RestorePointVerified point -> {
                var own = takings.get(point.getRestorePointId());
                if (own != null) {
                    own.point = point;
                    own.verifiedAt = at;
                }
            }
            default -> {}
        }
    }

    /** Only what no rollback of the history has taken: of the others more is known. But what had a fault may be mended. */
    private void known(String platform, FoundRestorePoint one, Duration rpo) {
        var taking = takings.get(one.getRestorePointId());
        if (taking != null) {
            taking.fault = one.getFault();
            taking.gone = null;
            taking.provenAt = one.getProvenAt() == null ? taking.provenAt : one.getProvenAt();
            return;
        }
        if (one.getHeldUntil() != null) {
            holds.merge(one.getRestorePointId(), one.getHeldUntil(), RestorePoints::later);
        }
        imported.put(
                one.getRestorePointId(),
                new Point(
                        one.getRestorePointId(),
                        platform,
                        one.getDirectory(),
                        one.getTakenAt(),
                        one.getTakenBy(),
                        rpo,
                        one.getFiles(),
                        one.getBytes(),
                        one.getVerifiedAt(),
                        one.getProvenAt(),
                        one.getHeldUntil(),
                        null,
                        one.getServerVersion(),
                        one.getDatabases(),
                        one.getFault() == null ? one.getDistrust() : one.getFault(),
                        true,
                        null));
    }

    private void failed(Taking taking, StepFailed failed, Instant at) {
        if (failed.getKind() == FailureKind.MISMATCH && !failed.getCompensation()) {
            blame(taking, failed);
        }
        boolean recovers = taking.started.getPlan().getSteps().stream()
                .anyMatch(step -> step.getId().equals(failed.getStepId())
                        && step.getAction().getAction() instanceof ProveWalArchive);
        if (recovers) {
            recoveries.put(taking.platform, recovery(taking.platform).failed(failed.getMessage(), at));
        }
    }

    /** What is not as it was taken is offered no longer. */
    private void blame(Taking taking, StepFailed failed) {
        taking.started.getPlan().getSteps().stream()
                .filter(step -> step.getId().equals(failed.getStepId()))
                .map(step -> switch (step.getAction().getAction()) {
                    case VerifyRestorePoint verify -> verify.getDirectory();
                    case ProveRestorePoint prove -> prove.getDirectory();
                    case RestoreDatabase restore -> restore.getRestorePoint();
                    default -> "";
                })
                .map(RestorePoints::id)
                .forEach(bad -> {
                    takings.computeIfPresent(bad, (_, own) -> own.blamed(failed.getMessage()));
                    imported.computeIfPresent(bad, (_, point) -> point.blamed(failed.getMessage()));
                });
    }

    private void gone(String id, String where) {
        takings.computeIfPresent(id, (_, own) -> own.gone(where));
        imported.computeIfPresent(id, (_, point) -> point.gone(where));
    }

    private static String id(String directory) {
        return directory.substring(directory.lastIndexOf('/') + 1);
    }

    /** Of the rollback's own and the one that it restores, or of the one that it is about. */
    private void hold(Taking taking, Instant until) {
        actions(taking.started.getPlan(), HoldRestorePoint.class)
                .flatMap(hold -> Stream.of(hold.getDirectory(), hold.getRestored()))
                .filter(Objects::nonNull)
                .map(RestorePoints::id)
                .forEach(id -> holds.merge(id, until, RestorePoints::later));
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static <T extends SpecificRecord> Stream<T> actions(Plan plan, Class<T> type) {
        return plan.getSteps().stream()
                .map(step -> step.getAction().getAction())
                .filter(type::isInstance)
                .map(type::cast);
    }

    public List<Point> all() {
        var points = new ArrayList<Point>();
        imported.forEach((id, point) -> points.add(point.held(holds.get(id))));
        takings.forEach((id, taking) -> point(id, taking).ifPresent(points::add));
        points.sort(Comparator.comparing(Point::takenAt));
        return points;
    }

    private Optional<Point> point(String id, Taking taking) {
        var point = taking.point;
        var verified = taking.verifiedAt;
        if (point == null || verified == null) {
            return Optional.empty();
        }
        var plan = taking.started.getPlan();
        return Optional.of(new Point(
                id,
                taking.platform,
                point.getDirectory(),
                point.getTakenAt(),
                plan.getScenario(),
                Duration.ofMillis(plan.getRpo()),
                point.getFiles(),
                point.getBytes(),
                verified,
                taking.provenAt,
                holds.get(id),
                taking.commit,
                taking.serverVersion,
                taking.databases,
                distrust(taking),
                taking.gone == null,
                taking.facts));
    }

    private static @Nullable String distrust(Taking taking) {
        if (taking.gone != null || taking.fault != null) {
            return taking.gone == null ? taking.fault : taking.gone;
        }
        var plan = taking.started.getPlan();
        if (plan.getDistrust() != null) {
            return plan.getDistrust();
        }
        boolean lacksItsDump = taking.serverVersion == null
                && actions(plan, DumpDatabase.class).findAny().isPresent();
        return lacksItsDump ? "its database could not be dumped" : null;
    }

    public Optional<Point> find(String id) {
        return all().stream().filter(point -> point.id().equals(id)).findFirst();
    }

    /** Empty where it is not held, as far as is known. */
    Optional<Instant> heldUntil(String id) {
        return Optional.ofNullable(holds.get(id));
    }

    /** Those that may be restored, newest last. */
    public List<Point> restorable() {
        return all().stream().filter(Point::isRestorable).toList();
    }
}
