package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.schemas.history.FollowUp;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.state.AnsweredIncident;
import io.freedom.rollback.schemas.state.Downtime;
import io.freedom.rollback.schemas.state.LogLooks;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.ReplacedDatabases;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.state.StoredCopies;
import io.freedom.rollback.schemas.state.StoredWal;
import io.freedom.rollback.schemas.state.WalArchive;
import io.freedom.rollback.schemas.state.WalProofs;
import io.freedom.rollback.schemas.step.Availability;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a platform's own state changes; every list is bounded, oldest first out. */
public final class Platforms {
    private static final int REMEMBERED = 1000;
    /** Beginnings of one alert that one rollback has answered; an alert that flaps must not displace others. */
    private static final int BEGINNINGS = 20;

    /** More alerts than that about one platform tell nobody anything new. */
    static final int WAITING = 100;

    private Platforms() {}

    public static PlatformState unknown(String platform) {
        return PlatformState.newBuilder().setPlatform(platform).build();
    }

    public static PlatformState registered(PlatformState state, String descriptor) {
        return PlatformState.newBuilder(state).setDescriptor(descriptor).build();
    }

    public static PlatformState handled(PlatformState state, String id) {
        return PlatformState.newBuilder(state)
                .setHandled(appended(state.getHandled(), id))
                .build();
    }

    /** Where one that only looked has answered it, what follows does so in its place: they count as one. */
    public static PlatformState answered(PlatformState state, Incident incident, String rollbackId, Instant now) {
        var key = Admission.key(incident);
        var others = state.getIncidents().stream()
                .filter(known -> !known.getKey().equals(key))
                .toList();
        var all = new ArrayList<>(others);
        all.add(new AnsweredIncident(key, rollbackId, now));
        var same = all.stream()
                .filter(known -> known.getRollbackId().equals(rollbackId)
                        && fingerprint(known).equals(incident.getFingerprint()))
                .toList();
        if (same.size() > BEGINNINGS) {
            all.remove(same.getFirst());
        } else if (all.size() > REMEMBERED) {
            all.remove(dispensable(all));
        }
        return PlatformState.newBuilder(state).setIncidents(List.copyOf(all)).build();
    }

    /** The oldest, but of each rollback one stays: they are counted. */
    private static AnsweredIncident dispensable(List<AnsweredIncident> all) {
        var perRollback =
                all.stream().collect(Collectors.groupingBy(AnsweredIncident::getRollbackId, Collectors.counting()));
        return all.stream()
                .filter(known -> perRollback.getOrDefault(known.getRollbackId(), 0L) > 1)
                .findFirst()
                .orElseGet(all::getFirst);
    }

    static String fingerprint(AnsweredIncident answered) {
        return answered.getKey().substring(0, answered.getKey().lastIndexOf('@'));
    }

    /** What one that only looked has answered is answered by what follows: they count as one. */
    public static PlatformState continued(PlatformState state, String looked, String rollbackId) {
        return PlatformState.newBuilder(state)
                .setIncidents(state.getIncidents().stream()
                        .map(known -> known.getRollbackId().equals(looked)
                                ? new AnsweredIncident(known.getKey(), rollbackId, known.getAt())
                                : known)
                        .toList())
                .build();
    }

    /** An operator takes care of it: what alerts started before is not held against them any more. */
    public static PlatformState attended(PlatformState state, Instant now) {
        return PlatformState.newBuilder(state).setAttendedAt(now).build();
    }

    public static PlatformState braked(PlatformState state, String reason) {
        return PlatformState.newBuilder(state)
                .setBraked(reason)
                .setWaitingAtSite(List.of())
                .build();
    }

    /** Incidents start nothing until what an operator starts has succeeded. */
    public static boolean waitsForOperator(PlatformState state) {
        return state.getLeftBy() != null || state.getBraked() != null;
    }

    /** Incidents are queued, and nothing will let them in: so an orchestrator of an earlier release leaves it, which knows no permits of sites. */
    public static boolean isForgotten(PlatformState state) {
        return !state.getQueue().isEmpty()
                && state.getRunning() == null
                && state.getPermit() == null
                && !waitsForOperator(state);
    }

    public static PlatformState queued(PlatformState state, Incident incident) {
        return PlatformState.newBuilder(state)
                .setQueue(appended(state.getQueue(), incident))
                .build();
    }

    /** Before all others that wait. */
    public static PlatformState queuedFirst(PlatformState state, Incident incident) {
        var longer = new ArrayList<>(state.getQueue());
        longer.addFirst(incident);
        return PlatformState.newBuilder(state).setQueue(List.copyOf(longer)).build();
    }

    /** Without what a resolved report withdraws of those that wait. */
    public static PlatformState withdrawn(PlatformState state, Incident resolved) {
        return PlatformState.newBuilder(state)
                .setQueue(state.getQueue().stream()
                        .filter(waiting -> !Admission.withdraws(resolved, waiting))
                        .toList())
                .build();
    }

    /** Without the first of the waiting incidents. */
    public static PlatformState dequeued(PlatformState state) {
        var queue = state.getQueue();
        return PlatformState.newBuilder(state)
                .setQueue(List.copyOf(queue.subList(1, queue.size())))
                .build();
    }

    public static PlatformState running(PlatformState state, String rollbackId) {
        var leftBy = rollbackId.equals(state.getLeftBy()) ? null : state.getLeftBy();
        return PlatformState.newBuilder(state)
                .setRunning(rollbackId)
                .setLeftBy(leftBy)
                .build();
    }

    /**
     * Half undone or left as it is, the platform is no place to begin from: the next rollback would take it for good.
     * A check mends nothing.
     */
    public static PlatformState idle(PlatformState state, String rollbackId, Plan plan, Outcome outcome) {
        boolean looked =
                Scenario.of(plan.getScenario()).filter(Scenario::onlyLooks).isPresent();
        boolean mended = outcome == Outcome.SUCCEEDED && !looked;
        var leftBy = switch (outcome) {
            case COMPENSATION_FAILED, ABORTED -> looked ? state.getLeftBy() : rollbackId;
            case SUCCEEDED, REFUSED, COMPENSATED -> mended ? null : state.getLeftBy();
        };
        var undoable = switch (outcome) {
            // What a drill was about is gone.
            case SUCCEEDED -> changes(plan) && plan.getDrillOf() == null ? rollbackId : state.getUndoable();
            case REFUSED -> state.getUndoable();
            // What comes after a rollback is undone first, and that is done now; nobody knows what it is like after a
            // failure.
            case COMPENSATED -> rollbackId.equals(state.getUndoable()) ? null : state.getUndoable();
            case COMPENSATION_FAILED, ABORTED -> looked ? state.getUndoable() : null;
        };
        return PlatformState.newBuilder(state)
                .setRunning(null)
                .setUndoable(undoable)
                .setLeftBy(leftBy)
                .setBraked(mended ? null : state.getBraked())
                // What waits for operators does not wait for the site: it may be old once they are done.
                .setWaitingAtSite(leftBy == null ? state.getWaitingAtSite() : List.of())
                .build();
    }

    /** What has ended had services stopped, and cannot be asked about that later. */
    public static PlatformState stopped(PlatformState state, Rollback ended) {
        var since = ended.downSince();
        var until = ended.upSince();
        return ended.outcome() != Outcome.SUCCEEDED || changes(ended.plan()) || since == null || until == null
                ? state
                : PlatformState.newBuilder(state)
                        .setStopped(new Downtime(ended.id(), since, until))
                        .build();
    }

    /** Whether it does anything to the platform that can be undone. */
    public static boolean changes(Plan plan) {
        return plan.getSteps().stream()
                .anyMatch(step -> step.getCompensation() != null
                        && EnumSet.range(Phase.SHUT_DOWN, Phase.RECOVER).contains(step.getPhase()));
    }

    /** Whether services are stopped by it, be it for a moment: who watches them would take that for a relapse. */
    public static boolean stops(Plan plan) {
        return plan.getSteps().stream().anyMatch(step -> step.getAvailability() == Availability.GOES_DOWN);
    }

    public static PlatformState toFollowUp(PlatformState state, List<FollowUp> planned) {
        var changed = state;
        for (var followUp : planned) {
            changed = PlatformState.newBuilder(changed)
                    .setFollowUps(appended(changed.getFollowUps(), followUp.getFollowUpId()))
                    .setToRemind(appended(changed.getToRemind(), followUp))
                    .build();
        }
        return changed;
    }

    public static PlatformState followedUp(PlatformState state, String followUpId) {
        return PlatformState.newBuilder(state)
                .setFollowUps(state.getFollowUps().stream()
                        .filter(id -> !id.equals(followUpId))
                        .toList())
                .setToRemind(state.getToRemind().stream()
                        .filter(followUp -> !followUp.getFollowUpId().equals(followUpId))
                        .toList())
                .build();
    }

    /** People are reminded once of what they have not done in time. */
    public static PlatformState reminded(PlatformState state, List<FollowUp> overdue) {
        return PlatformState.newBuilder(state)
                .setToRemind(state.getToRemind().stream()
                        .filter(followUp -> !overdue.contains(followUp))
                        .toList())
                .build();
    }

    /** Whether people know already that nothing is started for it, for that reason. */
    public static boolean isTold(PlatformState state, Incident incident, String reason) {
        return state.getTold().contains(told(incident, reason));
    }

    public static PlatformState told(PlatformState state, Incident incident, String reason) {
        return PlatformState.newBuilder(state)
                .setTold(appended(state.getTold(), told(incident, reason)))
                .build();
    }

    /** By the hour: an alert that flaps begins again and again. */
    private static String told(Incident incident, String reason) {
        return incident.getFingerprint() + "@" + incident.getBeganAt().truncatedTo(ChronoUnit.HOURS) + "/"
                + Integer.toHexString(reason.hashCode());
    }

    public static PlatformState restorable(PlatformState state, RestorePoint point) {
        if (state.getRestorePoints().stream().anyMatch(known -> known.getId().equals(point.getId()))) {
            return state; // verified once more, which takes back no fault that a trial has found
        }
        // One that is found on disk may be older than those that are known.
        return PlatformState.newBuilder(state)
                .setRestorePoints(appended(state.getRestorePoints(), point).stream()
                        .sorted(Comparator.comparing(RestorePoint::getTakenAt))
                        .toList())
                .build();
    }

    /** It begins once what is in its way has ended; once, however often it is delivered. */
    public static PlatformState starting(PlatformState state, OperatorCommand command) {
        return PlatformState.newBuilder(state)
                .setStarting(appended(begun(state, command).getStarting(), command))
                .build();
    }

    public static PlatformState begun(PlatformState state, OperatorCommand command) {
        return PlatformState.newBuilder(state)
                .setStarting(state.getStarting().stream()
                        .filter(known -> !known.getCommandId().equals(command.getCommandId()))
                        .toList())
                .build();
    }

    public static PlatformState pruned(PlatformState state, List<String> restorePoints) {
        return PlatformState.newBuilder(state)
                .setRestorePoints(state.getRestorePoints().stream()
                        .filter(point -> !restorePoints.contains(point.getId()))
                        .toList())
                .build();
    }

    /** It is on disk, with that fault or none, and perhaps with the proof that it was restored whole. */
    public static PlatformState found(PlatformState state, RestorePoint point) {
        var proven = point.getProvenAt();
        return changed(
                restorable(state, point),
                point.getId(),
                known -> known.setFault(point.getFault()).setProvenAt(proven == null ? known.getProvenAt() : proven));
    }

    /** It was restored whole. */
    public static PlatformState proven(PlatformState state, String restorePoint, Instant at) {
        return changed(
                state,
                restorePoint,
                known -> known.setProvenAt(at).setTriedAt(at).setFault(null));
    }

    /** Somebody has it restored, whatever comes of it. */
    public static PlatformState tried(PlatformState state, String restorePoint, Instant at) {
        return changed(state, restorePoint, known -> known.setTriedAt(at));
    }

    /** It is not as it was taken, or cannot be restored. */
    public static PlatformState blamed(PlatformState state, String restorePoint, String fault) {
        return changed(state, restorePoint, known -> known.setProvenAt(null).setFault(fault));
    }

    private static PlatformState changed(
            PlatformState state, String restorePoint, UnaryOperator<RestorePoint.Builder> change) {
        return PlatformState.newBuilder(state)
                .setRestorePoints(state.getRestorePoints().stream()
                        .map(point -> point.getId().equals(restorePoint)
                                ? change.apply(RestorePoint.newBuilder(point)).build()
                                : point)
                        .toList())
                .build();
    }

    /** Those that may be restored, the newest last. */
    public static List<RestorePoint> offered(PlatformState state) {
        return state.getRestorePoints().stream()
                .filter(point -> point.getFault() == null)
                .toList();
    }

    /** The newest of those that holds files, too; empty for none. */
    public static Optional<RestorePoint> withFiles(PlatformState state) {
        return offered(state).stream()
                .filter(point -> !state.getDatabasesAlone().contains(point.getId()))
                .reduce((_, newer) -> newer);
    }

    /** It holds databases and no files. */
    public static PlatformState withoutFiles(PlatformState state, String restorePoint) {
        return state.getDatabasesAlone().contains(restorePoint)
                ? state
                : PlatformState.newBuilder(state)
                        .setDatabasesAlone(appended(state.getDatabasesAlone(), restorePoint))
                        .build();
    }

    /** Of those the one that was longest not tried, a newer one first where several never were. */
    public static Optional<RestorePoint> toProve(PlatformState state) {
        return offered(state).reversed().stream().min(Comparator.comparing(Platforms::lastTried));
    }

    private static Instant lastTried(RestorePoint point) {
        return Stream.of(point.getTriedAt(), point.getProvenAt())
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(Instant.MIN);
    }

    /** A rollback has replaced databases, which are kept until then; or somebody holds them for longer. */
    public static PlatformState replaced(PlatformState state, String rollbackId, Instant until) {
        var entry = new ReplacedDatabases(rollbackId, until);
        return PlatformState.newBuilder(state)
                .setReplaced(appended(dropped(state, rollbackId).getReplaced(), entry))
                .build();
    }

    /** Nothing is left of what it had replaced. */
    public static PlatformState dropped(PlatformState state, String rollbackId) {
        return PlatformState.newBuilder(state)
                .setReplaced(state.getReplaced().stream()
                        .filter(replaced -> !replaced.getRollbackId().equals(rollbackId))
                        .toList())
                .build();
    }

    /** What it has replaced is about to go: it cannot be undone any more. */
    public static PlatformState accepted(PlatformState state, String rollbackId) {
        return rollbackId.equals(state.getUndoable())
                ? PlatformState.newBuilder(state).setUndoable(null).build()
                : state;
    }

    /** When the first of what rollbacks have replaced is to be dropped. */
    public static Optional<ReplacedDatabases> expiring(PlatformState state) {
        return state.getReplaced().stream().min(Comparator.comparing(ReplacedDatabases::getUntil));
    }

    /** @param archive null where nothing is archived */
    public static PlatformState archived(PlatformState state, @Nullable WalArchive archive) {
        return PlatformState.newBuilder(state).setArchive(archive).build();
    }

    /** @param copied null where no WAL archive is copied */
    public static PlatformState copiedWal(PlatformState state, @Nullable StoredWal copied) {
        return PlatformState.newBuilder(state).setStoredWal(copied).build();
    }

    /** @param copies null where restore points are on the local disk alone */
    public static PlatformState copied(PlatformState state, @Nullable StoredCopies copies) {
        return PlatformState.newBuilder(state).setCopies(copies).build();
    }

    /** @param looks null where no logs are kept */
    public static PlatformState logged(PlatformState state, @Nullable LogLooks looks) {
        return PlatformState.newBuilder(state).setLogs(looks).build();
    }

    /** @param looks null where changes of the configuration are not recorded */
    public static PlatformState configured(PlatformState state, @Nullable LogLooks looks) {
        return PlatformState.newBuilder(state).setConfiguration(looks).build();
    }

    /** @param at when people are told that the newest restore point grows too old; null for never */
    public static PlatformState atRisk(PlatformState state, @Nullable Instant at) {
        return PlatformState.newBuilder(state).setRpoAtRisk(at).build();
    }

    /** @param next when one is restored into a throwaway server by itself; null for never */
    public static PlatformState proving(PlatformState state, @Nullable Instant next) {
        return PlatformState.newBuilder(state).setNextProof(next).build();
    }

    /** @param proofs null where no WAL archive is to be proven */
    public static PlatformState provingWal(PlatformState state, @Nullable WalProofs proofs) {
        return PlatformState.newBuilder(state).setWalProofs(proofs).build();
    }

    /** A server was recovered from the WAL archive. */
    public static PlatformState provenWal(PlatformState state, Instant at) {
        return provingWal(state, proofs(state).setProvenAt(at).setFault(null).build());
    }

    /** Nothing can be recovered from it to where it ends. */
    public static PlatformState blamedWal(PlatformState state, String fault) {
        return provingWal(state, proofs(state).setFault(fault).build());
    }

    private static WalProofs.Builder proofs(PlatformState state) {
        return state.getWalProofs() == null ? WalProofs.newBuilder() : WalProofs.newBuilder(state.getWalProofs());
    }

    /** @param next when a restore point is taken by itself; null for never */
    public static PlatformState scheduled(PlatformState state, @Nullable Instant next) {
        return PlatformState.newBuilder(state).setNextRestorePoint(next).build();
    }

    public static PlatformState chained(PlatformState state, long sequence, String hash) {
        return PlatformState.newBuilder(state)
                .setSequence(sequence)
                .setLastHash(hash)
                .build();
    }

    private static <T> List<T> appended(List<T> list, T element) {
        var longer = new ArrayList<>(list);
        longer.add(element);
        return List.copyOf(longer.size() > REMEMBERED ? longer.subList(1, longer.size()) : longer);
    }
}
