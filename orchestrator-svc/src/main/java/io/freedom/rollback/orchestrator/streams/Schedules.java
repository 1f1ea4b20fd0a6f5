package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Descriptors;
import io.freedom.rollback.orchestrator.admission.Permits;
import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.WalArchives;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.platform.Backups;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.history.RpoAtRisk;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes restore points as descriptors say, has them restored now and then, and drops what rollbacks have replaced in time. While something else runs, or the platform was left to an operator, one that is due
 * waits: what is broken is no state to go back to.
 */
final class Schedules {
    /** Who starts them, in the history. */
    static final String OPERATOR = "schedule";

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final Duration MARGIN = Duration.ofMinutes(1);
    private static final Duration AGAIN = Duration.ofDays(1);

    private final SagaStore store;
    private final Admissions admissions;
    private final History history;
    private final Notifications notifications;

    Schedules(SagaStore store, Admissions admissions, History history, Notifications notifications) {
        this.store = store;
        this.admissions = admissions;
        this.history = history;
        this.notifications = notifications;
    }

    /** A platform was registered, perhaps anew: an interval counts from the newest restore point, or proof, that is known. */
    static PlatformState planned(PlatformState state, Instant now) {
        var backups = backups(state);
        var next = backups.map(Backups::every)
                .map(interval -> latest(state, RestorePoint::getTakenAt)
                        .map(newest -> newest.plus(interval))
                        .orElse(now));
        var proof = backups.filter(_ -> hasDatabase(state))
                .map(Backups::prove)
                .map(interval ->
                        latest(state, RestorePoint::getProvenAt).orElse(now).plus(interval));
        var scheduled = Platforms.scheduled(Caretaker.planned(state, now), next.orElse(null));
        return objective(WalProving.planned(Platforms.proving(scheduled, proof.orElse(null)), now), now);
    }

    /**
     * People are told in time: a fifth of the recovery point objective before a restore would miss it, where restore points are taken
     * that often; else once one is overdue by a fifth of the interval. Whoever takes them by hand sees to it by himself.
     */
    static PlatformState objective(PlatformState state, Instant now) {
        var described = Descriptors.of(state);
        return PartObjectives.watched(ofDatabase(state, described, now), described, now);
    }

    private static PlatformState ofDatabase(PlatformState state, Optional<PlatformDescriptor> described, Instant now) {
        var platform = described.filter(known -> known.database() != null);
        var every = platform.map(PlatformDescriptor::backups).map(Backups::every);
        var proof = platform.map(PlatformDescriptor::backups).map(Backups::prove);
        // One that an older release registered.
        var proving = state.getNextProof() == null && proof.isPresent()
                ? Platforms.proving(state, now.plus(proof.get()))
                : state;
        var known = state.getWalProofs() == null ? WalProving.planned(proving, now) : proving;
        boolean archived = platform.isPresent() && platform.get().backups().wal() != null;
        if (platform.isEmpty() || every.isEmpty() && !archived) {
            return Platforms.atRisk(known, null);
        }
        var early = platform.get().rpo().multipliedBy(4).dividedBy(5);
        // Where all is archived at once, restore points may be taken as seldom as you like.
        var late =
                archived ? Duration.ZERO : every.orElseThrow().multipliedBy(6).dividedBy(5);
        var base = Stream.concat(
                        archived ? WalArchives.reach(known.getArchive()).stream() : Stream.empty(),
                        Platforms.offered(known).stream().map(RestorePoint::getTakenAt))
                .max(Comparator.naturalOrder())
                .orElse(now);
        return Platforms.atRisk(known, base.plus(early.compareTo(late) > 0 ? early : late));
    }

    private static Optional<Instant> latest(PlatformState state, Function<RestorePoint, @Nullable Instant> time) {
        return state.getRestorePoints().stream()
                .map(time)
                .filter(Objects::nonNull)
                .max(Instant::compareTo);
    }

    /** Platforms whose time has come. */
    List<String> due(Instant now) {
        return store.toBackUp(now);
    }

    /** Platforms of which the newest restore point grows too old. */
    List<String> atRisk(Instant now) {
        return store.atRisk(now);
    }

    void warn(String platform, Instant now) {
        var state = store.platform(platform);
        store.put(Platforms.atRisk(state, null));
        var rpo = Descriptors.of(state).map(PlatformDescriptor::rpo).orElse(Duration.ZERO);
        var newest = Platforms.offered(state).stream().max(Comparator.comparing(RestorePoint::getTakenAt));
        var covered = WalArchives.covered(state.getArchive())
                .filter(until -> newest.isEmpty() || until.isAfter(newest.get().getTakenAt()));
        var known = covered.or(() -> newest.map(RestorePoint::getTakenAt));
        var risk = new RpoAtRisk(
                covered.isPresent() ? null : newest.map(RestorePoint::getId).orElse(null),
                known.orElse(null),
                rpo.toMillis(),
                known.map(time -> time.plus(rpo)).orElse(null),
                PartObjectives.DATABASE);
        var cause = covered.map(until -> platform + "@" + until)
                .or(() -> newest.map(RestorePoint::getId))
                .orElse(platform);
        history.add(platform, cause, risk, now);
        notifications.tell(Notices.tooOld(platform, risk), platform, cause + ".rpo", now);
    }

    /** Platforms of which something other than the database is kept no longer as it should. */
    List<String> partsAtRisk(Instant now) {
        return store.partsAtRisk(now);
    }

    void warnOfParts(String platform, Instant now) {
        var state = store.platform(platform);
        store.put(PartObjectives.told(state, now));
        Descriptors.of(state).stream()
                .flatMap(known -> PartObjectives.atRisk(state, known, now).stream())
                .forEach(risk -> {
                    var cause = platform + "." + risk.getPart() + "@" + risk.getTakenAt();
                    history.add(platform, cause, risk, now);
                    notifications.tell(Notices.partTooOld(platform, risk), platform, cause + ".rpo", now);
                });
    }

    /** Platforms of which a restore point is to be proven. */
    List<String> toProve(Instant now) {
        return store.toProve(now);
    }

    void tick(String platform, Instant now) {
        var state = store.platform(platform);
        var interval = backups(state).map(Backups::every);
        if (interval.isEmpty()) {
            store.put(Platforms.scheduled(state, null));
        } else if (isUrgent(state, now)) {
            admissions.endWhatYields(platform, "a restore point is due, and the RPO at risk", now);
        } else if (isFree(state)) {
            store.put(Platforms.scheduled(state, now.plus(interval.get())));
            start(platform, Scenario.RESTORE_POINT, null, "every " + text(interval.get()), now);
        }
    }

    /** The restore point that was longest not restored; none where all were, in this interval. */
    void prove(String platform, Instant now) {
        var state = store.platform(platform);
        var interval = backups(state).filter(_ -> hasDatabase(state)).map(Backups::prove);
        if (interval.isEmpty()) {
            store.put(Platforms.proving(state, null));
        } else if (isFree(state)) {
            store.put(Platforms.proving(state, now.plus(interval.get())));
            Platforms.toProve(state)
                    .filter(point ->
                            point.getProvenAt() == null || point.getProvenAt().isBefore(now.minus(interval.get())))
                    .ifPresent(point -> {
                        store.put(Platforms.tried(store.platform(platform), point.getId(), now));
                        var why = "one restore point every " + text(interval.get());
                        start(platform, Scenario.RESTORE_POINT_CHECK, point.getId(), why, now);
                    });
        }
    }

    /** Platforms of which something that a rollback has replaced is to be dropped. */
    List<String> toDrop(Instant now) {
        return store.toDrop(now);
    }

    /** As if somebody had accepted the rollback. Where that cannot be done it is tried again a day later. */
    void drop(String platform, Instant now) {
        var state = store.platform(platform);
        var expiring = Platforms.expiring(state);
        if (expiring.isPresent() && isFree(state)) {
            var rollback = expiring.get().getRollbackId();
            store.put(
                    hasDatabase(state)
                            ? Platforms.replaced(state, rollback, now.plus(AGAIN))
                            : Platforms.dropped(state, rollback));
            if (hasDatabase(state)) {
                start(
                        platform,
                        Scenario.ACCEPTANCE,
                        rollback,
                        "kept until " + expiring.get().getUntil(),
                        now);
            }
        }
    }

    /** Platforms of which the WAL archive is to be proven. */
    List<String> toProveWal(Instant now) {
        return store.toProveWal(now);
    }

    /** Whether any moment can be derived from it; where none can yet, that is known already. */
    void proveWal(String platform, Instant now) {
        var state = store.platform(platform);
        var interval = WalProving.interval(state);
        if (interval.isEmpty()) {
            store.put(Platforms.provingWal(state, null));
        } else if (WalArchives.covered(state.getArchive()).isEmpty() || anotherIsRecovered()) {
            store.put(WalProving.postponed(state, now));
        } else if (isFree(state)) {
            store.put(WalProving.next(state, now.plus(interval.get())));
            start(
                    platform,
                    Scenario.RESTORE_POINT_WAL_CHECK,
                    null,
                    "the WAL archive every " + text(interval.get()),
                    now);
        }
    }

    /** After an upgrade, or a registration of many, all are due at once: their workers and disks have other things to do. */
    private boolean anotherIsRecovered() {
        return store.live().stream()
                .anyMatch(live -> live.rollback.plan().getScenario().equals(Scenario.RESTORE_POINT_WAL_CHECK.id()));
    }

    /** A trial may take long; but not for as long as that. */
    private boolean isUrgent(PlatformState state, Instant now) {
        var risk = state.getRpoAtRisk();
        var live = store.live(state.getPlatform());
        return risk != null
                && !now.isBefore(risk.minus(MARGIN))
                && live != null
                && started(live.rollback.operator(), live.rollback.plan())
                && Admissions.onlyProves(live.rollback);
    }

    private static boolean hasDatabase(PlatformState state) {
        return Descriptors.of(state).filter(known -> known.database() != null).isPresent();
    }

    private boolean isFree(PlatformState state) {
        return store.live(state.getPlatform()) == null
                && !Platforms.waitsForOperator(state)
                && !Permits.isAwaited(state);
    }

    private void start(String platform, Scenario scenario, @Nullable String restorePoint, String reason, Instant now) {
        // The same however often it is tried at that moment, and no other platform's.
        var id = "rb-" + SECOND.format(now) + "-"
                + PlatformDescriptors.hash(platform + "/" + scenario.id()).substring(0, 8);
        admissions.commanded(
                OperatorCommand.newBuilder()
                        .setCommandId(id)
                        .setPlatform(platform)
                        .setOperator(OPERATOR)
                        .setReason(reason)
                        .setAt(now)
                        .setCommand(StartRollback.newBuilder()
                                .setRollbackId(id)
                                .setScenario(scenario.id())
                                .setRestorePoint(restorePoint)
                                .build())
                        .build(),
                now);
    }

    static boolean started(@Nullable String operator, Plan plan) {
        return OPERATOR.equals(operator) && Scenario.isHousekeeping(plan.getScenario());
    }

    private static String text(Duration interval) {
        return interval.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    private static Optional<Backups> backups(PlatformState state) {
        return Descriptors.of(state).map(PlatformDescriptor::backups);
    }
}
