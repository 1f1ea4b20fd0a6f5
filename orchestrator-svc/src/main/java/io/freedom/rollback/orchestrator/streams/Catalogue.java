package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.Platforms;
import io.freedom.rollback.orchestrator.aftercare.StoreCopies;
import io.freedom.rollback.orchestrator.notices.Notices;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.AttemptId;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.schemas.action.ArchiveModels;
import io.freedom.rollback.schemas.action.CheckContainerData;
import io.freedom.rollback.schemas.action.CopyContainerData;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.FoundRestorePoint;
import io.freedom.rollback.schemas.action.ProveRestorePoint;
import io.freedom.rollback.schemas.action.ProveWalArchive;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.action.RestorePointProven;
import io.freedom.rollback.schemas.action.RestorePointVerified;
import io.freedom.rollback.schemas.action.RestorePointsFound;
import io.freedom.rollback.schemas.action.RestorePointsPruned;
import io.freedom.rollback.schemas.action.UnpackFiles;
import io.freedom.rollback.schemas.action.VerifyRestorePoint;
import io.freedom.rollback.schemas.action.WalArchiveProven;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.PlanStep;
import io.freedom.rollback.schemas.step.StepEvent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Which restore points a platform has, by what its steps found out: taken, proven, found on disk, pruned, faulty. What describes
 * each goes on to the catalogue's topic, from which a disk can be mended; it is not kept here.
 */
final class Catalogue {
    private final SagaStore store;
    private final Notifications notifications;
    private final Publisher publisher;

    Catalogue(SagaStore store, Notifications notifications, Publisher publisher) {
        this.store = store;
        this.notifications = notifications;
        this.publisher = publisher;
    }

    /** What a worker has read from the disk. That of a drill goes with its copy, and an attempt that is over knows nothing new. */
    void note(StepEvent event, CataloguedRestorePoint point, Instant now) {
        var live = store.live(event.getPlatform());
        var attempt = new AttemptId(event.getStepId(), event.getCompensation(), event.getAttempt());
        if (live != null
                && live.rollback.id().equals(event.getRollbackId())
                && live.rollback.isCurrent(attempt)
                && live.rollback.plan().getDrillOf() == null
                && point.getPlatform().equals(event.getPlatform())) {
            publisher.restorePoint(point, now);
        }
    }

    void learn(Rollback rollback, RollbackEvent event, Instant now) {
        if (event instanceof RollbackEvent.Succeeded(var _, var result, var _, var _)) {
            learn(rollback, result.getResult(), now);
            copy(rollback.plan().getPlatform(), result.getResult(), now);
        }
        if (event instanceof RollbackEvent.Failed(var step, var undoing, var kind, var message, var _)
                && kind == FailureKind.MISMATCH
                && !undoing) {
            examined(rollback.planStep(step)).ifPresent(bad -> withdrawn(rollback, bad, message, now));
            if (rollback.planStep(step).getAction().getAction() instanceof ProveWalArchive) {
                damaged(rollback, message, now);
            }
        }
    }

    private void learn(Rollback rollback, Object result, Instant now) {
        var platform = rollback.plan().getPlatform();
        var state = store.platform(platform);
        switch (result) {
            case RestorePointVerified point
            when trustworthy(rollback) -> {
                var known = new RestorePoint(
                        point.getRestorePointId(), point.getDirectory(), point.getTakenAt(), null, null, null);
                var holding = holdsFiles(rollback) ? state : Platforms.withoutFiles(state, known.getId());
                store.put(Schedules.objective(Platforms.restorable(holding, known), now));
            }
            case RestorePointsPruned pruned -> {
                store.put(Platforms.pruned(state, pruned.getRemoved()));
                pruned.getRemoved().forEach(id -> publisher.restorePointRemoved(platform, id, now));
            }
            case RestorePointProven proven -> store.put(Platforms.proven(state, proven.getRestorePointId(), now));
            case WalArchiveProven _ -> store.put(Platforms.provenWal(state, now));
            case RestorePointsFound found -> {
                store.put(Schedules.objective(knowing(state, found.getRestorePoints()), now));
                found.getMissing().forEach(gone -> withdrawn(rollback, gone.getRestorePointId(), gone.getWhy(), now));
            }
            default -> {} // nothing about restore points
        }
    }

    /** What is new on disk goes to the store, and what is gone from disk goes there as well. */
    private void copy(String platform, Object result, Instant now) {
        var state = store.platform(platform);
        var copies = state.getCopies();
        if (copies == null) {
            return;
        }
        switch (result) {
            case RestorePointVerified _ -> store.put(Platforms.copied(state, StoreCopies.soon(copies, now)));
            case RestorePointsPruned pruned ->
                store.put(Platforms.copied(state, StoreCopies.removed(copies, pruned.getRemoved(), now)));
            default -> {} // nothing about the store
        }
    }

    /** What it was to restore was good when it was chosen, and turned out not to be when it was read back, or restored. */
    static boolean foundDamaged(Rollback rollback) {
        var restored = rollback.plan().getRestorePoint();
        return restored != null
                && rollback.plan().getSteps().stream()
                        .filter(step -> rollback.track(step.getId(), false).failure() == FailureKind.MISMATCH)
                        .filter(rollback::stoppedBy)
                        .anyMatch(step -> examined(step)
                                .filter(id -> restored.endsWith("/" + id))
                                .isPresent());
    }

    /** Id of the restore point that a step reads back or restores: what differs is offered no longer. */
    private static Optional<String> examined(PlanStep step) {
        var directory = switch (step.getAction().getAction()) {
            case VerifyRestorePoint verify -> verify.getDirectory();
            case ProveRestorePoint prove -> prove.getDirectory();
            case RestoreDatabase restore -> restore.getRestorePoint();
            case UnpackFiles unpack -> unpack.getRestorePoint();
            case CheckContainerData check -> check.getRestorePoint();
            default -> null;
        };
        return Optional.ofNullable(directory).map(path -> path.substring(path.lastIndexOf('/') + 1));
    }

    /** What serves analysis only is never offered for a restore; the plan of an older release does not say it. */
    private static boolean trustworthy(Rollback rollback) {
        var plan = rollback.plan();
        return plan.getDrillOf() == null // its restore points go with the copy
                && plan.getDistrust() == null
                && plan.getRestorePoint() == null
                && plan.getIncidentClass() != IncidentClass.DATA_CORRUPTION
                && plan.getIncidentClass() != IncidentClass.SECURITY_BREACH
                && hasItsDump(rollback);
    }

    private void withdrawn(Rollback rollback, String restorePoint, String why, Instant now) {
        var platform = rollback.plan().getPlatform();
        var state = store.platform(platform);
        if (Platforms.offered(state).stream().anyMatch(point -> point.getId().equals(restorePoint))) {
            store.put(Schedules.objective(Platforms.blamed(state, restorePoint, why), now));
            notifications.tellFinding(
                    Notices.withdrawn(platform, restorePoint, why), rollback, restorePoint + ".withdrawn-" + now, now);
        }
    }

    /** Told once, and tried again soon, when another base backup may have mended it; from then on as ever. */
    private void damaged(Rollback rollback, String why, Instant now) {
        var platform = rollback.plan().getPlatform();
        var state = store.platform(platform);
        var known = state.getWalProofs();
        boolean isNew = known == null || known.getFault() == null;
        var blamed = Platforms.blamedWal(state, why);
        store.put(isNew ? WalProving.again(blamed, now) : blamed);
        if (isNew) {
            notifications.tellFinding(
                    Notices.walDamaged(platform, why), rollback, platform + ".wal-damaged-" + now, now);
        }
    }

    private static PlatformState knowing(PlatformState state, List<FoundRestorePoint> found) {
        var knowing = state;
        for (var point : found) {
            if (Scenario.derivesDatabasesAlone(point.getTakenBy())) {
                knowing = Platforms.withoutFiles(knowing, point.getRestorePointId());
            }
            if (point.getDistrust() == null) {
                knowing = Platforms.found(
                        knowing,
                        RestorePoint.newBuilder()
                                .setId(point.getRestorePointId())
                                .setDirectory(point.getDirectory())
                                .setTakenAt(point.getTakenAt())
                                .setProvenAt(point.getProvenAt())
                                .setFault(point.getFault())
                                .build());
            }
        }
        return knowing;
    }

    /** Models and the data of containers, all that there are. */
    private static boolean holdsFiles(Rollback rollback) {
        var kept = rollback.plan().getSteps().stream()
                .filter(step -> step.getAction().getAction() instanceof ArchiveModels
                        || step.getAction().getAction() instanceof CopyContainerData)
                .toList();
        return !kept.isEmpty()
                && kept.stream()
                        .allMatch(step -> rollback.track(step.getId(), false).status() == StepTrack.Status.SUCCEEDED);
    }

    /** A reset goes on where the database could not be dumped: what it kept then has none to restore. */
    private static boolean hasItsDump(Rollback rollback) {
        return rollback.plan().getSteps().stream()
                .filter(step -> step.getAction().getAction() instanceof DumpDatabase)
                .allMatch(step -> rollback.track(step.getId(), false).status() == StepTrack.Status.SUCCEEDED);
    }
}
