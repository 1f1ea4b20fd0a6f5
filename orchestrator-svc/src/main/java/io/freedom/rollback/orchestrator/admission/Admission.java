package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.PlanRequest;
import io.freedom.rollback.orchestrator.planning.Planner;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.orchestrator.saga.Rollback;
import io.freedom.rollback.orchestrator.saga.RollbackCommand;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.action.ComposeDown;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.incident.IncidentStatus;
import io.freedom.rollback.schemas.operator.AbortRollback;
import io.freedom.rollback.schemas.operator.CheckPlatform;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.operator.PreviewPlan;
import io.freedom.rollback.schemas.operator.RegisterPlatform;
import io.freedom.rollback.schemas.operator.StartRollback;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One platform has one running rollback at a time; what else comes is answered, never lost. */
public final class Admission {
    private static final DateTimeFormatter ID_CLOCK =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
    /** It becomes the name of a directory, a git ref and image tags. */
    private static final Pattern ROLLBACK_ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");

    private final PlatformState state;
    private final @Nullable Rollback running;
    private final Instant now;

    /** @param running the rollback that {@code state} says is running */
    public Admission(PlatformState state, @Nullable Rollback running, Instant now) {
        this.state = state;
        this.running = running;
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
            return new Decision.Ignore(incident, "the alert is resolved; a resolved incident starts nothing");
        }
        var answered = state.getIncidents().stream()
                .filter(known -> known.getKey().equals(key(incident)))
                .findFirst();
        if (answered.isPresent()) {
            return new Decision.Duplicate(incident, answered.get().getRollbackId());
        }
        if (state.getQueue().stream().anyMatch(waiting -> key(waiting).equals(key(incident)))) {
            return new Decision.Duplicate(incident, String.valueOf(state.getRunning()));
        }
        if (running != null) {
            return isAnsweredBy(running, incident) ? new Decision.Merge(incident) : new Decision.Queue(incident);
        }
        return start(incident);
    }

    /**
     * A rollback that is being undone answers nothing, one that keeps the data no corruption of it, and one that keeps a
     * container running no breach.
     */
    private static boolean isAnsweredBy(Rollback rollback, Incident incident) {
        boolean answers = Scenario.of(rollback.plan().getScenario())
                .map(Scenario::answersIncidents)
                .orElse(true);
        boolean keepsCorruption = incident.getIncidentClass() == IncidentClass.DATA_CORRUPTION
                && rollback.plan().getRestorePoint() == null;
        boolean keepsIntruder = incident.getIncidentClass() == IncidentClass.SECURITY_BREACH
                && rollback.plan().getSteps().stream()
                        .map(step -> step.getAction().getAction())
                        .anyMatch(action -> action instanceof ComposeDown down
                                && !down.getKeep().isEmpty());
        return answers && rollback.stopping() == null && !keepsCorruption && !keepsIntruder;
    }

    /** What identifies an incident, however often it is reported. */
    public static String key(Incident incident) {
        return incident.getFingerprint() + "@" + incident.getBeganAt();
    }

    private Decision start(Incident incident) {
        var rollbackId = "rb-" + ID_CLOCK.format(now) + "-"
                + "%08x".formatted(key(incident).hashCode());
        try {
            var platform = PlatformDescriptors.parse(String.valueOf(state.getDescriptor()), "platform.yaml");
            var scenario = scenarioFor(incident.getIncidentClass(), platform);
            if (scenario.isEmpty()) {
                return new Decision.Ignore(
                        incident, "the descriptor names no scenario for " + incident.getIncidentClass());
            }
            String restored = null;
            if (incident.getIncidentClass() == IncidentClass.DATA_CORRUPTION && platform.database() != null) {
                restored = before(incident.getBeganAt());
            }
            return started(
                    rollbackId,
                    platform,
                    scenario.get(),
                    null,
                    restored,
                    incident.getIncidentClass(),
                    new Trigger(incident, null, null));
        } catch (InvalidDescriptorException | Refused e) {
            return new Decision.Ignore(incident, String.valueOf(e.getMessage()));
        }
    }

    /** A dump of a corrupted database restores the corruption: only what was taken before it began will do. */
    private String before(Instant began) throws Refused {
        return state.getRestorePoints().stream()
                .filter(point -> point.getTakenAt().isBefore(began))
                .reduce((_, newer) -> newer)
                .map(RestorePoint::getDirectory)
                .orElseThrow(() -> new Refused("no verified restore point was taken before " + began
                        + ", when the corruption began; nothing was started. Roll back without restoring the database"
                        + " with `rollbackctl start " + state.getPlatform() + "`"));
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
                case PreviewPlan c -> preview(c);
                case CheckPlatform c -> check(command, c);
                case AbortRollback c -> abort(command, c);
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
        named(PlatformDescriptors.parse(register.getDescriptor(), "platform.yaml"), command);
        return new Decision.Register(
                register.getDescriptor(), PlatformDescriptors.hash(register.getDescriptor()), command.getOperator());
    }

    private Decision start(OperatorCommand command, StartRollback start) throws InvalidDescriptorException, Refused {
        idle();
        var platform = registered();
        var kind = start.getIncidentClass();
        var scenario = scenario(start.getScenario(), kind, platform);
        return started(
                start.getRollbackId(),
                platform,
                scenario,
                start.getTarget(),
                restorePoint(start.getRestorePoint(), scenario, kind, platform),
                kind,
                new Trigger(null, command.getOperator(), command.getReason()));
    }

    private Decision preview(PreviewPlan preview) throws InvalidDescriptorException, Refused {
        var platform = registered();
        var kind = preview.getIncidentClass();
        var scenario = scenario(preview.getScenario(), kind, platform);
        return new Decision.Preview(Planner.compile(new PlanRequest(
                platform,
                PlatformDescriptors.hash(String.valueOf(state.getDescriptor())),
                scenario,
                "preview",
                tag(preview.getTarget()),
                restorePoint(preview.getRestorePoint(), scenario, kind, platform),
                kind)));
    }

    private Decision check(OperatorCommand command, CheckPlatform check) throws InvalidDescriptorException, Refused {
        idle();
        var platform = named(PlatformDescriptors.parse(check.getDescriptor(), "platform.yaml"), command);
        if (state.getHandled().contains(check.getRollbackId())) {
            throw new Refused("there already was a rollback " + check.getRollbackId() + ": choose another id");
        }
        var plan = Planner.compile(new PlanRequest(
                platform,
                PlatformDescriptors.hash(check.getDescriptor()),
                Scenario.PLATFORM_CHECK,
                rollbackId(check.getRollbackId()),
                null,
                null,
                null));
        return new Decision.Start(new RollbackCommand.Start(
                check.getRollbackId(), plan, null, command.getOperator(), command.getReason()));
    }

    private Decision abort(OperatorCommand command, AbortRollback abort) throws Refused {
        if (running == null || !running.id().equals(abort.getRollbackId())) {
            throw new Refused("rollback " + abort.getRollbackId() + " is not running on " + state.getPlatform());
        }
        if (running.stopping() != null) {
            throw new Refused("rollback " + running.id() + " is already being undone: " + running.stopping());
        }
        return new Decision.Abort(new RollbackCommand.Abort(command.getOperator(), command.getReason()));
    }

    // ---------------------------------------------------------------------------------------------

    /** Who wants a rollback: an incident, or an operator. */
    private record Trigger(
            @Nullable Incident incident,
            @Nullable String operator,
            @Nullable String reason) {}

    private Decision started(
            String rollbackId,
            PlatformDescriptor platform,
            Scenario scenario,
            @Nullable String target,
            @Nullable String restored,
            @Nullable IncidentClass kind,
            Trigger trigger)
            throws Refused {
        if (state.getHandled().contains(rollbackId(rollbackId))) {
            throw new Refused("there already was a rollback " + rollbackId + ": choose another id");
        }
        var plan = Planner.compile(new PlanRequest(
                platform,
                PlatformDescriptors.hash(String.valueOf(state.getDescriptor())),
                scenario,
                rollbackId,
                tag(target),
                restored,
                kind));
        return new Decision.Start(
                new RollbackCommand.Start(rollbackId, plan, trigger.incident(), trigger.operator(), trigger.reason()));
    }

    private void idle() throws Refused {
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
        return PlatformDescriptors.parse(descriptor, "platform.yaml");
    }

    private static PlatformDescriptor named(PlatformDescriptor platform, OperatorCommand command) throws Refused {
        if (!platform.name().equals(command.getPlatform())) {
            throw new Refused("the descriptor is of platform " + platform.name() + ", the command is for "
                    + command.getPlatform() + ": the record's key, its platform and the descriptor must agree");
        }
        return platform;
    }

    private static Optional<Scenario> scenarioFor(IncidentClass kind, PlatformDescriptor platform) {
        return Optional.ofNullable(platform.incidents().get(kind.name())).flatMap(Scenario::of);
    }

    private static Scenario scenario(String id, @Nullable IncidentClass kind, PlatformDescriptor platform)
            throws Refused {
        if (id.isEmpty() && kind != null) {
            return scenarioFor(kind, platform)
                    .orElseThrow(() -> new Refused("the descriptor names no scenario for " + kind
                            + ": such an incident starts nothing. Choose one of " + Scenario.ids()));
        }
        return Scenario.of(id)
                .filter(scenario -> scenario != Scenario.PLATFORM_CHECK)
                .orElseThrow(() -> new Refused("there is no scenario " + id + ": choose one of " + Scenario.ids()));
    }

    private static String rollbackId(String id) throws Refused {
        if (!ROLLBACK_ID.matcher(id).matches()) {
            throw new Refused(
                    "rollback id \"" + id + "\" is not of the form [a-z0-9][a-z0-9-]*, at most 63 characters");
        }
        return id;
    }

    private static @Nullable String tag(@Nullable String tag) throws Refused {
        if (tag != null && !TAG.matcher(tag).matches()) {
            throw new Refused("\"" + tag + "\" is no name of a git tag");
        }
        return tag;
    }

    private @Nullable String restorePoint(
            @Nullable String wanted, Scenario scenario, @Nullable IncidentClass kind, PlatformDescriptor platform)
            throws Refused {
        if (wanted == null) {
            boolean keepsCorruption = kind == IncidentClass.DATA_CORRUPTION
                    && scenario == Scenario.FULL_ROLLBACK
                    && platform.database() != null;
            if (keepsCorruption) {
                throw new Refused(corrupt());
            }
            return null;
        }
        return state.getRestorePoints().stream()
                .filter(point -> wanted.equals("latest") || point.getId().equals(wanted))
                .reduce((_, newer) -> newer)
                .map(RestorePoint::getDirectory)
                .orElseThrow(() -> new Refused("there is no verified restore point " + wanted + " of "
                        + state.getPlatform()
                        + ": take one with `rollbackctl start --scenario restore-point " + state.getPlatform() + "`"));
    }

    /** Only who asks knows when the corruption began, so the choice is theirs. */
    private String corrupt() {
        var points = state.getRestorePoints().reversed().stream()
                .limit(5)
                .map(point -> point.getId() + " of " + point.getTakenAt())
                .collect(Collectors.joining(", "));
        return "for a data corruption name a restore point from before it began, with --restore-point; "
                + (points.isEmpty() ? "there is none of " + state.getPlatform() : "the newest are " + points)
                + ". To keep the data as it is, leave the class out";
    }

    /** Why a command is not followed. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String reason) {
            super(reason);
        }
    }
}
