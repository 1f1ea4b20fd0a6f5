package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.PlanRequest;
import io.freedom.rollback.orchestrator.planning.Planner;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.planning.SelectiveRollback;
import io.freedom.rollback.orchestrator.saga.Refusals;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.orchestrator.saga.RollbackDecider;
import io.freedom.rollback.orchestrator.saga.RollbackEvent;
import io.freedom.rollback.orchestrator.saga.StepTrack;
import io.freedom.rollback.platform.DrillCopy;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.NotificationChannel;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.history.Outcome;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.ApproveGate;
import io.freedom.rollback.schemas.operator.ChangeTimeout;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.CompleteFollowUp;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PauseRollback;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.RejectGate;
import io.freedom.rollback.schemas.operator.ResumeRollback;
import io.freedom.rollback.schemas.operator.RetryStep;
import io.freedom.rollback.schemas.operator.SkipStep;
import io.freedom.rollback.schemas.operator.StartAtMoment;
import io.freedom.rollback.schemas.operator.StartDrill;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.operator.TakeFasterWay;
import io.freedom.rollback.schemas.operator.TestNotifications;
import io.freedom.rollback.schemas.operator.UndoRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.FollowingRollback;
import io.freedom.rollback.schemas.step.Phase;
import io.freedom.rollback.schemas.step.Plan;
import io.freedom.rollback.schemas.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One platform has one running rollback at a time; what else comes is answered, never lost. */
public final class Admission {
    private static final DateTimeFormatter ID_CLOCK =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    /** It becomes the name of a directory, a git ref and image tags. */
    private static final Pattern ROLLBACK_ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    /** Ends the id of what a look leads to. */
    private static final String CONTINUED = "-2";

    private final PlatformState state;
    private final @Nullable Rollback running;
    private final Function<String, Optional<Rollback>> finished;
    private final SiteLimits limits;
    private final Instant now;

    /** Where no site has a limit. */
    public Admission(
            PlatformState state,
            @Nullable Rollback running,
            Function<String, Optional<Rollback>> finished,
            Instant now) {
        this(state, running, finished, SiteLimits.NONE, now);
    }

    /**
     * @param running the rollback that {@code state} says is running
     * @param finished by its id a rollback that is over and may run again, as far as {@code state} names it
     */
    public Admission(
            PlatformState state,
            @Nullable Rollback running,
            Function<String, Optional<Rollback>> finished,
            SiteLimits limits,
            Instant now) {
        this.limits = limits;
        this.state = state;
        this.running = running;
        this.finished = finished;
        this.now = now;
    }

    // ---- incidents ------------------------------------------------------------------------------

    public Decision decide(Incident incident) {
        if (state.getDescriptor() == null) {
            return new Decision.Unknown("platform " + incident.getPlatform()
                    + " is not registered: register it with `rollbackctl platform register FILE`, then replay this"
                    + " incident");
        }
        if (incident.getStatus() == IncidentStatus.RESOLVED) {
            return state.getQueue().stream().anyMatch(waiting -> withdraws(incident, waiting))
                    ? new Decision.Withdraw(incident, "the alert was resolved before its turn came; nothing is started")
                    : new Decision.Ignore(incident, "the alert is resolved; a resolved incident starts nothing", false);
        }
        var answered = state.getIncidents().stream()
                .filter(known -> known.getKey().equals(key(incident)))
                .findFirst();
        if (answered.isPresent()) {
            return new Decision.Duplicate(incident, answered.get().getRollbackId());
        }
        if (Resolutions.isOver(state, incident)) {
            return new Decision.Ignore(
                    incident,
                    "it fired, and was reported as resolved before that was heard; nothing is started",
                    false);
        }
        if (running != null && isAnsweredBy(running, incident)) {
            return new Decision.Merge(incident);
        }
        var stopped = stoppedBy(incident);
        if (stopped.isPresent()) {
            return new Decision.Ignore(
                    incident,
                    "it began at %s, while %s had services stopped, which run again since: where it goes on, `rollbackctl start %s --reason …`"
                            .formatted(incident.getBeganAt(), stopped.get(), state.getPlatform()),
                    true);
        }
        var waiting = state.getQueue().stream()
                .filter(known -> known.getFingerprint().equals(incident.getFingerprint()))
                .findFirst();
        if (waiting.isPresent()) {
            var before = running == null ? state.getLeftBy() : running.id();
            return before != null && key(waiting.get()).equals(key(incident))
                    ? new Decision.Duplicate(incident, before)
                    : new Decision.Ignore(
                            incident,
                            "the same alert waits already, since it fired at "
                                    + waiting.get().getBeganAt() + ": it is answered with that one",
                            false);
        }
        try {
            var platform = registered();
            var heard = Permits.heard(state, incident, now);
            if (incident.getBeganAt().isBefore(heard.minus(platform.automatic().maxAge()))) {
                return stale(incident, platform);
            }
        } catch (InvalidDescriptorException | Refused e) {
            return new Decision.Ignore(incident, String.valueOf(e.getMessage()), true);
        }
        if (running == null && !Platforms.waitsForOperator(state) && !Permits.isAwaited(state)) {
            return start(incident);
        }
        return state.getQueue().size() < Platforms.WAITING
                ? new Decision.Queue(incident)
                : new Decision.Ignore(
                        incident, Platforms.WAITING + " incidents of " + state.getPlatform() + " wait already", false);
    }

    /**
     * What has ended well, and would have answered it had it been heard in time: alerting systems gather alerts, and report them half a minute
     * later. Another rollback would stop the services once more, because they had been stopped.
     */
    private Optional<String> stoppedBy(Incident incident) {
        var began = incident.getBeganAt();
        var stopped = state.getStopped();
        boolean isOfService = incident.getIncidentClass() != IncidentClass.DATA_CORRUPTION
                && incident.getIncidentClass() != IncidentClass.SECURITY_BREACH;
        if (stopped != null
                && isOfService
                && !began.isBefore(stopped.getSince())
                && !began.isAfter(stopped.getUntil())) {
            return Optional.of(stopped.getRollbackId());
        }
        var changed = state.getUndoable();
        return changed == null || running != null && changed.equals(running.id())
                ? Optional.empty()
                : finished.apply(changed)
                        .filter(rollback -> rollback.wasDown(began) && isAnsweredBy(rollback, incident))
                        .map(Rollback::id);
    }

    /** Nobody knows what the platform is like by now: a replayed topic, a broker that was down, a late turn. */
    private Decision stale(Incident incident, PlatformDescriptor platform) {
        boolean attended = incident.getBeganAt().isBefore(state.getAttendedAt());
        return new Decision.Ignore(
                incident,
                "it began at %s, and what began more than %d min ago starts nothing by itself: where it goes on, `rollbackctl start %s --class %s --reason …`"
                        .formatted(
                                incident.getBeganAt(),
                                platform.automatic().maxAge().toMinutes(),
                                platform.name(),
                                incident.getIncidentClass()
                                        .name()
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-')),
                !attended);
    }

    /** A report that an alert is resolved, whether it fired once or several times until then. */
    static boolean withdraws(Incident resolved, Incident waiting) {
        return resolved.getFingerprint().equals(waiting.getFingerprint())
                && !resolved.getBeganAt().isBefore(waiting.getBeganAt());
    }

    /**
     * A rollback that is being undone answers nothing, one of another kind only what it would answer anyway; one that keeps
     * the data answers no corruption of it, and none but that of a breach keeps its evidence.
     */
    private boolean isAnsweredBy(Rollback rollback, Incident incident) {
        boolean keepsCorruption = incident.getIncidentClass() == IncidentClass.DATA_CORRUPTION
                && !isFromBefore(incident.getBeganAt(), rollback.plan().getRestorePoint());
        boolean keepsIntruder = incident.getIncidentClass() == IncidentClass.SECURITY_BREACH
                && rollback.plan().getIncidentClass() != IncidentClass.SECURITY_BREACH;
        return covers(rollback, incident)
                && rollback.stopping() == null
                && !keepsCorruption
                && !keepsIntruder
                && !beganOnceItWasWell(rollback, incident.getBeganAt());
    }

    /** The platform is back, and was found well: what is left to do answers nothing that has begun since. */
    private static boolean beganOnceItWasWell(Rollback rollback, Instant began) {
        var before = rollback.plan().getSteps().stream()
                .filter(step -> step.getPhase() != Phase.FINISH)
                .map(step -> rollback.track(step.getId(), false))
                .toList();
        return before.stream().allMatch(StepTrack::over)
                && before.stream()
                        .map(StepTrack::finishedAt)
                        .filter(Objects::nonNull)
                        .noneMatch(at -> !at.isBefore(began));
    }

    private boolean isFromBefore(Instant began, @Nullable String restorePoint) {
        return state.getRestorePoints().stream()
                .anyMatch(point -> point.getDirectory().equals(restorePoint)
                        && point.getTakenAt().isBefore(began));
    }

    /** Whether it does at least what would be planned for the incident. */
    private boolean covers(Rollback rollback, Incident incident) {
        var plan = rollback.plan();
        if (plan.getScenario().equals(Scenario.FULL_ROLLBACK.id())
                || plan.getScenario().equals(Scenario.FULL_RESET.id())) {
            return true;
        }
        if (plan.getScenario().equals(Scenario.QUIESCED_RESTORE_POINT.id())) {
            return rollback.wasDown(incident.getBeganAt()); // it is what the alert is about
        }
        try {
            var wanted = Wanted.by(incident, registered());
            if (wanted.scenario() == Scenario.SELECTIVE_ROLLBACK
                    && plan.getIncidentClass() == incident.getIncidentClass()) {
                // It looks, or rolls back what was found; not one of services that somebody named.
                return plan.getScenario().equals(Scenario.SELECTIVE_ROLLBACK.id())
                        || plan.getContinues() != null && plan.getRestorePoint() == null;
            }
            boolean isPartOfIt = wanted.scenario() == Scenario.DATABASE_RESTORE
                    && plan.getScenario().equals(Scenario.FULL_RESTORE.id());
            return (isPartOfIt || wanted.scenario().id().equals(plan.getScenario()))
                    && plan.getServices().containsAll(new Plans(state, registered(), now).services(wanted));
        } catch (Refused | InvalidDescriptorException e) {
            return false; // it is said when its turn comes
        }
    }

    /** What identifies an incident, however often it is reported. */
    public static String key(Incident incident) {
        return incident.getFingerprint() + "@" + incident.getBeganAt();
    }

    private Decision start(Incident incident) {
        var permit = state.getPermit();
        var rollbackId = permit == null
                ? "rb-" + ID_CLOCK.format(now) + "-"
                        + "%08x".formatted(key(incident).hashCode())
                : permit.getRollbackId();
        try {
            var platform = registered();
            if (PlatformDescriptor.NO_SCENARIO.equals(
                    platform.incidents().get(incident.getIncidentClass().name()))) {
                return new Decision.Ignore(
                        incident, "the descriptor names no scenario for " + incident.getIncidentClass(), false);
            }
            var brake = Brake.of(state, platform.automatic(), incident, now);
            if (brake.isPresent()) {
                return new Decision.Hold(incident, brake.get());
            }
            var wanted = Wanted.by(incident, platform);
            fresh(rollbackId);
            var plan = new Plans(state, platform, now).asReported(rollbackId, wanted, incident.getBeganAt());
            var start = new RollbackCommand.Start(rollbackId, plan, incident, null, null);
            boolean mayBegin = permit != null
                    || !Permits.isFor(plan)
                    || limits.of(plan.getSite()).isEmpty();
            return mayBegin ? new Decision.Start(start) : new Decision.Ask(incident, start);
        } catch (InvalidDescriptorException | Refused e) {
            return new Decision.Ignore(incident, String.valueOf(e.getMessage()), true);
        }
    }

    // ---- what follows another --------------------------------------------------------------------

    /**
     * One that only looked has ended: what it found is rolled back. Or one that made a restore point for another, which begins. Or one that an
     * alert has started, and whose restore point was damaged. Empty for any other, and where it has failed.
     */
    public Optional<Decision> continuing(Rollback ended) {
        var incident = ended.incident();
        if (ended.outcome() != Outcome.SUCCEEDED) {
            return incident == null ? Optional.empty() : Optional.of(withAnotherRestorePoint(ended, incident));
        }
        var following = ended.plan().getFollowedBy();
        if (following != null) {
            return Optional.of(following(ended, following));
        }
        var found = ended.plan().getScenario().equals(Scenario.SELECTIVE_ROLLBACK.id())
                ? touched(ended)
                : Optional.<TargetVerified>empty();
        return found.map(touched -> continuing(ended, touched));
    }

    /** The same once more, with the best of those that are left. */
    private Decision withAnotherRestorePoint(Rollback ended, Incident incident) {
        var before = ended.plan();
        var damaged = damaged(String.valueOf(before.getRestorePoint()));
        if (Resolutions.isOver(state, incident)) {
            return new Decision.Ignore(incident, damaged + ", and the alert is resolved", false);
        }
        try {
            if (Platforms.waitsForOperator(state)) {
                throw new Refused("the platform was left to operators");
            }
            var platform = registered();
            var id = ended.id() + CONTINUED;
            fresh(id);
            var scenario = Scenario.of(before.getScenario())
                    .orElseThrow(() -> new Refused("there is no scenario " + before.getScenario() + " any more"));
            var wanted =
                    new Wanted(scenario, before.getTarget(), null, before.getServices(), before.getIncidentClass());
            var plan =
                    continuation(new Plans(state, platform, now).asReported(id, wanted, incident.getBeganAt()), ended);
            var why = damaged + "; the next is " + plan.getRestorePoint();
            return new Decision.Start(new RollbackCommand.Start(id, plan, incident, null, why));
        } catch (Refused | InvalidDescriptorException e) {
            return new Decision.Ignore(incident, damaged + ", and " + e.getMessage(), true);
        }
    }

    /** It goes on from one that itself goes on from another. */
    public static boolean isThirdOfItsKind(Plan plan) {
        var before = plan.getContinues();
        return before != null && before.endsWith(CONTINUED);
    }

    private String damaged(String directory) {
        var fault = state.getRestorePoints().stream()
                .filter(point -> point.getDirectory().equals(directory))
                .map(RestorePoint::getFault)
                .filter(Objects::nonNull)
                .findFirst();
        return "restore point " + directory.substring(directory.lastIndexOf('/') + 1) + " cannot be restored"
                + fault.map(why -> " (" + why + ")").orElse("");
    }

    private Decision following(Rollback ended, FollowingRollback following) {
        try {
            var platform = registered();
            var id = ended.id() + CONTINUED;
            fresh(id);
            var scenario = Scenario.of(following.getScenario())
                    .orElseThrow(() -> new Refused("there is no scenario " + following.getScenario() + " any more"));
            var wanted = new Wanted(
                    scenario, following.getTarget(), ended.id(), following.getServices(), following.getIncidentClass());
            var planned = new Plans(state, platform, now).asAsked(id, wanted);
            var plan = Plan.newBuilder(continuation(planned, ended))
                    .setOverrides(wanted.overrides(platform))
                    .build();
            return new Decision.Start(new RollbackCommand.Start(id, plan, null, ended.operator(), ended.startReason()));
        } catch (Refused | InvalidDescriptorException e) {
            return new Decision.Reject("nothing was started with " + ended.id() + ": " + e.getMessage());
        }
    }

    /** The time that the first took is part of the promise. */
    private Plan continuation(Plan planned, Rollback ended) {
        var passed = Duration.between(ended.startedAt(), now).toMillis();
        return Plan.newBuilder(planned)
                .setRto(Math.max(1000, planned.getRto() - passed))
                .setContinues(ended.id())
                .build();
    }

    private static Optional<TargetVerified> touched(Rollback ended) {
        return ended.plan().getSteps().stream()
                .map(step -> ended.track(step.getId(), false).result())
                .filter(Objects::nonNull)
                .map(StepResult::getResult)
                .filter(TargetVerified.class::isInstance)
                .map(TargetVerified.class::cast)
                .findFirst();
    }

    private Decision continuing(Rollback ended, TargetVerified touched) {
        var incident = ended.incident();
        var target = ended.plan().getTarget();
        var kind = ended.plan().getIncidentClass();
        try {
            var platform = registered();
            var choice = SelectiveRollback.choose(touched, platform, String.valueOf(target));
            var wanted = switch (choice) {
                case SelectiveRollback.Choice.Services services -> Wanted.by(services, target, kind);
                case SelectiveRollback.Choice.Whole _ -> Wanted.whole(target, kind);
                case SelectiveRollback.Choice.Nothing nothing -> {
                    // What hangs or leaks has changed no file.
                    if (kind != IncidentClass.SERVICE_DEGRADATION) {
                        throw new Refused(nothing.why());
                    }
                    yield Wanted.restart(kind);
                }
            };
            var id = ended.id() + CONTINUED;
            fresh(id);
            var began = incident == null ? ended.startedAt() : incident.getBeganAt();
            var plan = continuation(new Plans(state, platform, now).asReported(id, wanted, began), ended);
            return new Decision.Start(new RollbackCommand.Start(
                    id, plan, incident, ended.operator(), reason(ended.startReason(), choice.why())));
        } catch (Refused | InvalidDescriptorException e) {
            var why = String.valueOf(e.getMessage());
            return incident == null ? new Decision.Reject(why) : new Decision.Ignore(incident, why, true);
        }
    }

    private static String reason(@Nullable String asked, String found) {
        return asked == null || asked.isEmpty() ? found : asked + "; " + found;
    }

    // ---- operators ------------------------------------------------------------------------------

    public Decision decide(OperatorCommand command) {
        if (state.getHandled().contains(command.getCommandId())) {
            return new Decision.AlreadyHandled();
        }
        try {
            return switch (command.getCommand()) {
                case RegisterPlatform c -> register(command, c);
                case StartRollback c -> start(command, c);
                case StartAtMoment c -> start(command, c);
                case PreviewPlan c -> preview(command, c);
                case CheckPlatform c -> check(command, c);
                case StartDrill c -> drill(command, c);
                case AbortRollback c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.Abort(
                                    command.getOperator(), command.getReason(), c.getMode(), c.getCompensate()));
                case UndoRollback c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.Undo(
                                    command.getOperator(), command.getReason(), c.getAcceptDataLoss()));
                case PauseRollback c ->
                    control(c.getRollbackId(), new RollbackCommand.Pause(command.getOperator(), command.getReason()));
                case ResumeRollback c ->
                    control(c.getRollbackId(), new RollbackCommand.Resume(command.getOperator(), command.getReason()));
                case ApproveGate c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.Approve(c.getStepId(), command.getOperator(), command.getReason()));
                case RejectGate c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.Reject(c.getStepId(), command.getOperator(), command.getReason()));
                case RetryStep c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.RetryStep(c.getStepId(), command.getOperator(), command.getReason()));
                case SkipStep c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.SkipStep(c.getStepId(), command.getOperator(), command.getReason()));
                case TakeFasterWay c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.TakeFasterWay(
                                    c.getStepId(), command.getOperator(), command.getReason()));
                case ChangeTimeout c ->
                    control(
                            c.getRollbackId(),
                            new RollbackCommand.ChangeTimeout(
                                    c.getStepId(),
                                    Duration.ofMillis(c.getTimeout()),
                                    command.getOperator(),
                                    command.getReason()));
                case TestNotifications c -> test(command, c);
                case CompleteFollowUp c -> followedUp(command, c);
                default ->
                    throw new Refused("this orchestrator does not know "
                            + command.getCommand().getClass().getSimpleName());
            };
        } catch (Refused | InvalidDescriptorException e) {
            return new Decision.Reject(String.valueOf(e.getMessage()));
        }
    }

    private Decision register(OperatorCommand command, RegisterPlatform register)
            throws InvalidDescriptorException, Refused {
        var platform = named(PlatformDescriptors.parse(register.getDescriptor(), "platform.yaml"), command);
        var breach = platform.incidents().get(IncidentClass.SECURITY_BREACH.name());
        if (breach != null
                && Scenario.of(breach).filter(it -> !it.answersBreaches()).isPresent()) {
            throw new Refused("incidents.SECURITY_BREACH: " + breach
                    + " stops no intruder and keeps no evidence: name full-rollback, or none");
        }
        if (state.getArchive() != null && platform.database() == null) {
            throw new Refused(
                    "the WAL of the database of " + platform.name()
                            + " is archived: register it without `backups.wal` first, and once that has ended without the database");
        }
        return new Decision.Register(
                register.getDescriptor(), PlatformDescriptors.hash(register.getDescriptor()), command.getOperator());
    }

    private Decision start(OperatorCommand command, StartRollback start) throws InvalidDescriptorException, Refused {
        idle();
        var platform = registered();
        var wanted = Wanted.by(start, platform);
        fresh(start.getRollbackId());
        var plan = Plan.newBuilder(new Plans(state, platform, now).asAsked(start.getRollbackId(), wanted))
                .setOverrides(wanted.overrides(platform))
                .build();
        return new Decision.Start(new RollbackCommand.Start(
                start.getRollbackId(), plan, null, command.getOperator(), command.getReason()));
    }

    /** What is to follow is planned now, too: better refused before than after the restore point is made. */
    private Decision start(OperatorCommand command, StartAtMoment asked) throws InvalidDescriptorException, Refused {
        idle();
        var platform = registered();
        var start = asked.getStart();
        fresh(start.getRollbackId());
        fresh(start.getRollbackId() + CONTINUED);
        var wanted = Wanted.by(start, platform);
        var plans = new Plans(state, platform, now);
        plans.requireAtMoment(start.getRollbackId(), wanted, asked.getMoment());
        // The moment is from before whatever is wrong now: what is made of it serves a restore.
        var derived = new Wanted(Scenario.RESTORE_POINT_DERIVE, null, asked.getMoment(), List.of(), null);
        var plan = Plan.newBuilder(plans.asAsked(start.getRollbackId(), derived))
                .setFollowedBy(new FollowingRollback(
                        wanted.scenario().id(), wanted.target(), wanted.services(), wanted.kind()))
                .build();
        return new Decision.Start(new RollbackCommand.Start(
                start.getRollbackId(), plan, null, command.getOperator(), command.getReason()));
    }

    private Decision preview(OperatorCommand command, PreviewPlan preview) throws InvalidDescriptorException, Refused {
        var platform = registered();
        var wanted = Wanted.by(preview, platform);
        var plans = new Plans(state, platform, now);
        var plan = plans.asAsked("preview", wanted);
        var lookId = preview.getLookId();
        if (lookId == null) {
            return new Decision.Preview(plan, null, null);
        }
        if (running != null) {
            return new Decision.Preview(plan, null, "rollback " + running.id() + " runs and is changing it");
        }
        fresh(lookId);
        return new Decision.Preview(
                plan,
                new RollbackCommand.Start(
                        lookId, plans.look(lookId, wanted), null, command.getOperator(), command.getReason()),
                null);
    }

    private Decision check(OperatorCommand command, CheckPlatform check) throws InvalidDescriptorException, Refused {
        idle();
        var platform = named(PlatformDescriptors.parse(check.getDescriptor(), "platform.yaml"), command);
        fresh(check.getRollbackId());
        var plan = Planner.compile(new PlanRequest(
                platform,
                PlatformDescriptors.hash(check.getDescriptor()),
                Scenario.PLATFORM_CHECK,
                check.getRollbackId(),
                null,
                null,
                null,
                null,
                List.of(),
                Durations.of(state, Scenario.PLATFORM_CHECK),
                now,
                null,
                null,
                null,
                Set.of(),
                List.of()));
        return new Decision.Start(new RollbackCommand.Start(
                check.getRollbackId(), plan, null, command.getOperator(), command.getReason()));
    }

    private Decision drill(OperatorCommand command, StartDrill drill) throws InvalidDescriptorException, Refused {
        if (running != null) {
            throw new Refused("a drill of this platform runs already, " + running.id()
                    + ": wait for its end, or `rollbackctl abort " + running.id() + " --reason …`");
        }
        if (state.getDescriptor() != null) {
            throw new Refused(
                    state.getPlatform() + " is a registered platform, so there can be no drill of that name: register"
                            + " one of the two under another name");
        }
        var original = PlatformDescriptors.parse(drill.getDescriptor(), "platform.yaml");
        fresh(drill.getDrillId());
        try {
            var copy = named(DrillCopy.of(original, drill.getPortOffset()), command);
            return new Decision.Start(new RollbackCommand.Start(
                    drill.getDrillId(),
                    new Plans(state, copy, now).drill(drill, original),
                    null,
                    command.getOperator(),
                    command.getReason()));
        } catch (DrillCopy.Impossible e) {
            throw new Refused("there can be no drill: " + e.getMessage());
        }
    }

    private Decision followedUp(OperatorCommand command, CompleteFollowUp done) throws Refused {
        if (!state.getFollowUps().contains(done.getFollowUpId())) {
            throw new Refused("there is no follow-up " + done.getFollowUpId()
                    + " that is still to be done: `rollbackctl follow-ups list " + state.getPlatform()
                    + "` shows them");
        }
        return new Decision.FollowedUp(done.getFollowUpId(), command.getOperator(), command.getReason());
    }

    private Decision test(OperatorCommand command, TestNotifications test) throws InvalidDescriptorException, Refused {
        var channels = registered().notifications();
        var wanted = channels.stream()
                .filter(channel -> test.getChannel() == null || channel.name().equals(test.getChannel()))
                .toList();
        if (channels.isEmpty()) {
            throw new Refused("the descriptor of " + state.getPlatform()
                    + " has no `notifications`: add channels, then register it again");
        }
        if (wanted.isEmpty()) {
            throw new Refused("there is no channel " + test.getChannel() + ": choose one of "
                    + channels.stream().map(NotificationChannel::name).collect(Collectors.joining(", ")));
        }
        return new Decision.TestNotifications(wanted, command.getOperator());
    }

    private Decision control(String rollbackId, RollbackCommand.Control control) throws Refused {
        var permit = state.getPermit();
        if (permit != null && Permits.isAwaited(state) && rollbackId.equals(permit.getRollbackId())) {
            return beforeItsTurn(rollbackId, control);
        }
        if (running == null && (rollbackId.equals(state.getLeftBy()) || rollbackId.equals(state.getUndoable()))) {
            return reopen(rollbackId, control);
        }
        if (control instanceof RollbackCommand.Undo
                && (running == null || !running.id().equals(rollbackId))) {
            throw new Refused(undoable(rollbackId));
        }
        if (running == null || !running.id().equals(rollbackId)) {
            throw new Refused("rollback " + rollbackId + " is not running on " + state.getPlatform()
                    + ": `rollbackctl status " + state.getPlatform() + "` shows what is");
        }
        var refusal = Refusals.of(control, running, now);
        if (refusal.isPresent()) {
            throw new Refused(refusal.get());
        }
        return new Decision.Control(control);
    }

    private Decision beforeItsTurn(String rollbackId, RollbackCommand.Control control) throws Refused {
        var waiting = state.getQueue().getFirst();
        if (control instanceof RollbackCommand.Abort abort) {
            var why = abort.reason() == null ? "" : ": " + abort.reason();
            return new Decision.GiveUp(waiting, rollbackId, abort.operator() + " does not want it to start" + why);
        }
        throw new Refused("rollback " + rollbackId + " has not begun, it waits for its turn: "
                + Permits.override(waiting) + "; not to have it start: `rollbackctl abort " + rollbackId
                + " --reason …`");
    }

    private Decision reopen(String rollbackId, RollbackCommand.Control control) throws Refused {
        var over = finished.apply(rollbackId)
                .orElseThrow(() -> new Refused("rollback " + rollbackId + " is over, and its events are not kept"));
        var refusal = Refusals.of(control, over, now);
        if (refusal.isPresent()) {
            throw new Refused(refusal.get());
        }
        var events = RollbackDecider.decide(control, over, now);
        boolean others = !events.isEmpty() && events.stream().allMatch(RollbackEvent.UndoApproved.class::isInstance);
        return others ? new Decision.Note(rollbackId, control) : new Decision.Reopen(rollbackId, control);
    }

    private String undoable(String rollbackId) {
        if (running != null) {
            return "rollback " + running.id() + " is running on " + state.getPlatform()
                    + ": nothing else is undone meanwhile";
        }
        return "rollback " + rollbackId + " cannot be undone: only the newest that succeeded in changing "
                + state.getPlatform() + " can, which is "
                + (state.getUndoable() == null ? "none: it was undone, or accepted" : state.getUndoable());
    }

    // ---------------------------------------------------------------------------------------------

    private void fresh(String rollbackId) throws Refused {
        if (!ROLLBACK_ID.matcher(rollbackId).matches()) {
            throw new Refused(
                    "rollback id \"" + rollbackId + "\" is not of the form [a-z0-9][a-z0-9-]*, at most 63 characters");
        }
        if (state.getHandled().contains(rollbackId)) {
            throw new Refused("there already was a rollback " + rollbackId + ": choose another id");
        }
    }

    private void idle() throws Refused {
        if (running != null && Scenario.onlyShows(running.plan().getScenario())) {
            throw new Refused("somebody looks at " + state.getPlatform() + " ("
                    + running.plan().getScenario()
                    + "), which takes a few seconds: try again. If it does not end: `rollbackctl abort " + running.id()
                    + " --reason …`");
        }
        if (running != null) {
            throw new Refused("rollback " + running.id() + " (" + running.plan().getScenario() + ") is running on "
                    + state.getPlatform() + ": watch it with `rollbackctl watch " + running.id() + "`");
        }
    }

    private PlatformDescriptor registered() throws InvalidDescriptorException, Refused {
        var descriptor = state.getDescriptor();
        if (descriptor == null) {
            throw new Refused("platform " + state.getPlatform()
                    + " is not registered: register it with `rollbackctl platform register FILE`");
        }
        return Descriptors.read(descriptor);
    }

    private static PlatformDescriptor named(PlatformDescriptor platform, OperatorCommand command) throws Refused {
        if (!platform.name().equals(command.getPlatform())) {
            throw new Refused("the descriptor is of platform " + platform.name() + ", the command is for "
                    + command.getPlatform() + ": the record's key, its platform and the descriptor must agree");
        }
        return platform;
    }
}
