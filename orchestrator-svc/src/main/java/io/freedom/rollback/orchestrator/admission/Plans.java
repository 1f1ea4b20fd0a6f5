package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.orchestrator.planning.ChosenServices;
import io.freedom.rollback.orchestrator.planning.Drill;
import io.freedom.rollback.orchestrator.planning.FilePart;
import io.freedom.rollback.orchestrator.planning.PlanRequest;
import io.freedom.rollback.orchestrator.planning.Planner;
import io.freedom.rollback.orchestrator.planning.Scenario;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.operator.StartDrill;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.state.RestorePoint;
import io.freedom.rollback.schemas.step.Plan;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** From what is wanted to a plan: which services, which data, or why not. */
final class Plans {
    private static final int PRUNED_AT_ONCE = 200;
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");
    private static final Pattern POSITION = Pattern.compile("lsn:[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}");
    private static final String MOMENTS = "latest, lsn:0/3016588 or 2026-11-26T09:11:06Z";
    private static final String NONE = "none";
    private static final String LATEST = "latest";

    private final PlatformState state;
    private final PlatformDescriptor platform;
    private final Instant now;

    Plans(PlatformState state, PlatformDescriptor platform, Instant now) {
        this.state = state;
        this.platform = platform;
        this.now = now;
    }

    /** Operators choose the restore point: only they know since when something is wrong. */
    Plan asAsked(String rollbackId, Wanted wanted) throws Refused {
        return Planner.compile(request(rollbackId, wanted));
    }

    /** Whether {@link #asAsked} could be done with a restore point that is yet to be made. */
    void requireAtMoment(String id, Wanted wanted, String moment) throws Refused {
        if (wanted.kind() == IncidentClass.SECURITY_BREACH) {
            throw new Refused("an intruder is not left in while a moment is derived: stop the services now, with"
                    + " `rollbackctl start " + platform.name() + " --class security-breach --restore-point none`, then"
                    + " `rollbackctl backups derive`");
        }
        if (moment.equals(LATEST) && wanted.kind() == IncidentClass.DATA_CORRUPTION) {
            throw new Refused("the latest moment has the corruption: name one from before it began");
        }
        if (wanted.restorePoint() != null) {
            throw new Refused("the data go back to a moment, or to a restore point: name one of them");
        }
        if (!wanted.scenario().restoresData() || platform.database() == null) {
            throw new Refused(
                    wanted.scenario().id() + " of " + platform.name() + " restores no database: leave the moment out");
        }
        if (wanted.scenario().restoresFiles()) {
            throw new Refused("of a moment only databases can be made, and "
                    + wanted.scenario().id() + " puts files back as well: choose database-restore");
        }
        if (platform.backups().wal() == null && state.getArchive() == null) {
            throw new Refused("the descriptor of " + platform.name()
                    + " has no `backups.wal`: no moment can be derived; name a restore point");
        }
        var made = new RestorePoint(id, platform.backups().directory() + "/" + id, now, null, null, null);
        Planner.compile(request(id, wanted, services(wanted), new Chosen(made, null)));
    }

    /** A look at the platform as it is, for what {@link #asAsked} would meet and do there. */
    Plan look(String lookId, Wanted wanted) throws Refused {
        return Planner.look(request(lookId, wanted));
    }

    /** On the copy of a platform, which this is of. */
    Plan drill(StartDrill drill, PlatformDescriptor original) throws Refused {
        var scenario = Scenario.of(drill.getScenario())
                .filter(Scenario::canBeDrilled)
                .orElseThrow(() -> new Refused(
                        "there is no drill of " + drill.getScenario() + ": choose one of " + Scenario.drills()));
        var point = new RestorePoint(
                drill.getRestorePoint(),
                drill.getRestorePointDirectory(),
                drill.getRestorePointTakenAt(),
                null,
                null,
                null);
        boolean withData = scenario.restoresData()
                && platform.database() != null
                && (scenario.needsRestorePoint() || drill.getWithData());
        var wanted = new Wanted(scenario, drill.getTarget(), null, drill.getServices(), null);
        var request =
                request(drill.getDrillId(), wanted, services(wanted), withData ? new Chosen(point, null) : Chosen.NONE);
        return Drill.compile(request, original, point, drill.getCommit());
    }

    private PlanRequest request(String rollbackId, Wanted wanted) throws Refused {
        var services = services(wanted);
        return request(rollbackId, wanted, services, named(wanted, services));
    }

    /** Data, where they go back, go back to before the incident began: a dump of a corrupted database restores that. */
    Plan asReported(String rollbackId, Wanted wanted, Instant began) throws Refused {
        var services = services(wanted);
        // Data that nobody called corrupt are not given up because of an alert: that is for operators to decide.
        boolean corrupt = wanted.scenario().needsRestorePoint() || wanted.kind() == IncidentClass.DATA_CORRUPTION;
        var restored = corrupt && wanted.scenario().restoresData() && platform.database() != null
                ? before(began)
                : Chosen.NONE;
        return Planner.compile(request(rollbackId, wanted, services, restored));
    }

    private PlanRequest request(String rollbackId, Wanted wanted, List<String> services, Chosen restored)
            throws Refused {
        if (wanted.scenario().needsRestorePoint() && wanted.scenario().restoresData() && platform.database() == null) {
            throw new Refused(wanted.scenario().id() + " needs a database, and the descriptor of " + platform.name()
                    + " has none");
        }
        boolean needsMore =
                wanted.kind() == IncidentClass.DATA_CORRUPTION || wanted.kind() == IncidentClass.SECURITY_BREACH;
        if (wanted.scenario() == Scenario.SELECTIVE_ROLLBACK && needsMore) {
            throw new Refused("selective-rollback keeps data and isolates nothing: no answer to " + wanted.kind()
                    + "; choose full-rollback");
        }
        if (wanted.kind() == IncidentClass.SECURITY_BREACH && !wanted.scenario().answersBreaches()) {
            throw new Refused(wanted.scenario().id() + " stops no intruder and keeps no evidence: no answer to "
                    + wanted.kind() + "; choose full-rollback. To do it all the same, leave the class out");
        }
        if (wanted.target() != null && !wanted.scenario().touchesGit()) {
            throw new Refused(wanted.scenario().id() + " goes to no git tag: leave --target out");
        }
        if (wanted.scenario() == Scenario.CONFIGURATION_ROLLBACK
                && platform.configuration().isEmpty()) {
            throw new Refused("the descriptor of " + platform.name()
                    + " names no `configuration`: add its paths, then register it again");
        }
        boolean archives =
                platform.database() != null && (platform.backups().wal() != null || state.getArchive() != null);
        if (wanted.scenario() == Scenario.RESTORE_POINT_WAL_CHECK && !archives) {
            throw new Refused(
                    "the descriptor of " + platform.name()
                            + " has no `backups.wal` of a database: there is no WAL archive to recover from; add it, then register it again");
        }
        if (wanted.scenario() == Scenario.DATA_MIGRATION && platform.migration() == null) {
            throw new Refused("the descriptor of " + platform.name()
                    + " has no `migration`: add how its data are exported and imported, then register it again");
        }
        return new PlanRequest(
                platform,
                PlatformDescriptors.hash(String.valueOf(state.getDescriptor())),
                wanted.scenario(),
                rollbackId,
                tag(wanted.target()),
                restored.point(),
                restored.passedOver(),
                wanted.kind(),
                services,
                Durations.of(state, wanted.scenario()),
                now,
                state.getUndoable(),
                moment(wanted),
                asked(wanted),
                parts(wanted),
                surplus(wanted.scenario()));
    }

    /** Whether the archive reaches it, its worker knows. Null where nothing is derived. */
    private @Nullable String moment(Wanted wanted) throws Refused {
        if (wanted.scenario() != Scenario.RESTORE_POINT_DERIVE) {
            return null;
        }
        if (platform.database() == null) {
            throw new Refused("the descriptor of " + platform.name() + " has no database");
        }
        var asked = wanted.restorePoint();
        if (asked == null) {
            throw new Refused("say which moment, with --restore-point " + MOMENTS);
        }
        if (asked.equals(LATEST) || POSITION.matcher(asked).matches()) {
            return asked;
        }
        try {
            var moment = OffsetDateTime.parse(asked).toInstant();
            if (moment.isAfter(now)) {
                throw new Refused(asked + " is in the future");
            }
            return moment.toString();
        } catch (DateTimeParseException e) {
            throw new Refused("\"" + asked + "\" is no moment: write " + MOMENTS);
        }
    }

    /** Id of what the scenario is about; null where none was asked for. Whether it is there, its worker knows. */
    private @Nullable String asked(Wanted wanted) throws Refused {
        var asked = wanted.restorePoint();
        if (wanted.scenario() == Scenario.ACCEPTANCE) {
            return accepted(asked);
        }
        if (wanted.scenario() != Scenario.RESTORE_POINT_IMPORT || asked == null) {
            return null;
        }
        if (platform.backups().store() == null) {
            throw new Refused("the descriptor of " + platform.name() + " has no `backups.store` to fetch " + asked
                    + " from: add it, then register it again");
        }
        return asked;
    }

    private String accepted(@Nullable String asked) throws Refused {
        if (platform.database() == null) {
            throw new Refused("the descriptor of " + platform.name() + " has no database");
        }
        if (asked == null) {
            throw new Refused("say which rollback is accepted: `rollbackctl replaced list` shows them");
        }
        if (asked.equals(state.getLeftBy())) {
            throw new Refused(
                    asked + " left the platform to you, and may need what it replaced: go on with it, or start"
                            + " another rollback, and accept it once the platform is well");
        }
        boolean isKnown = state.getHandled().contains(asked)
                || state.getReplaced().stream()
                        .anyMatch(replaced -> replaced.getRollbackId().equals(asked));
        if (!isKnown) {
            throw new Refused("there was no rollback " + asked + " of " + platform.name()
                    + ": `rollbackctl replaced list` shows those that have replaced a database");
        }
        return asked;
    }

    /** As many as one plan is to remove: after a change of the retention the rest goes with the next. */
    private List<RestorePoint> surplus(Scenario scenario) throws Refused {
        var surplus = surplus();
        if (scenario == Scenario.RESTORE_POINT_PRUNE && surplus.isEmpty()) {
            throw new Refused("no restore point of " + platform.name() + " is to be removed: "
                    + (platform.backups().keep() == null
                            ? "its descriptor has no `backups.keep`"
                            : "`backups.keep` keeps them all"));
        }
        return scenario.takesRestorePoint() || scenario == Scenario.RESTORE_POINT_PRUNE ? surplus : List.of();
    }

    private List<RestorePoint> surplus() {
        var keep = platform.backups().keep();
        return keep == null
                ? List.of()
                : keep.surplus(Platforms.offered(state), RestorePoint::getTakenAt).stream()
                        .filter(point -> !newestProven().equals(Optional.of(point)))
                        .limit(PRUNED_AT_ONCE)
                        .toList();
    }

    List<String> services(Wanted wanted) throws Refused {
        try {
            return ChosenServices.of(wanted.scenario(), platform, wanted.services());
        } catch (ChosenServices.Unsuitable e) {
            throw new Refused(String.valueOf(e.getMessage()));
        }
    }

    private Set<FilePart> parts(Wanted wanted) throws Refused {
        try {
            return FilePart.of(wanted.scenario(), platform, wanted.parts());
        } catch (ChosenServices.Unsuitable e) {
            throw new Refused(String.valueOf(e.getMessage()));
        }
    }

    private static @Nullable String tag(@Nullable String tag) throws Refused {
        if (tag != null && !TAG.matcher(tag).matches()) {
            throw new Refused("\"" + tag + "\" is no name of a git tag");
        }
        return tag;
    }

    // ---- data -----------------------------------------------------------------------------------

    /** Whether the data as they are would be wrong afterwards. */
    private boolean databaseGoesBack(Wanted wanted, List<String> services) {
        if (platform.database() == null
                || Scenario.isHousekeeping(wanted.scenario().id())
                // Its gate says what becomes of the data; none of them stay where they are.
                || wanted.scenario() == Scenario.FULL_RESET) {
            return false;
        }
        return wanted.scenario().needsRestorePoint()
                || wanted.kind() == IncidentClass.DATA_CORRUPTION
                || platform.services().stream()
                        .filter(service -> services.contains(service.name()))
                        .anyMatch(ServiceSpec::data);
    }

    /**
     * What to restore.
     *
     * @param passedOver newer than that, and never proven or with a fault
     */
    private record Chosen(
            @Nullable RestorePoint point, @Nullable RestorePoint passedOver) {
        static final Chosen NONE = new Chosen(null, null);
    }

    private Chosen named(Wanted wanted, List<String> services) throws Refused {
        var asked = wanted.restorePoint();
        switch (wanted.scenario()) {
            case RESTORE_POINT_DERIVE, RESTORE_POINT_WAL_CHECK, RESTORE_POINT_IMPORT, ACCEPTANCE -> {
                return Chosen.NONE;
            }
            case FILES_RESTORE, FULL_RESTORE -> {
                return withFiles(wanted);
            }
            default -> {} // goes on below
        }
        if (wanted.scenario() == Scenario.RESTORE_POINT_CHECK || wanted.scenario() == Scenario.RESTORE_POINT_HOLD) {
            // Also one that is offered no longer: it may be mended.
            return new Chosen(of(asked == null ? LATEST : asked, state.getRestorePoints()), null);
        }
        if (asked == null) {
            if (wanted.scenario().restoresData() && databaseGoesBack(wanted, services)) {
                throw new Refused(choice(wanted));
            }
            return Chosen.NONE;
        }
        if (asked.equals(NONE)) {
            if (wanted.scenario().needsRestorePoint()) {
                throw new Refused(choice(wanted));
            }
            return Chosen.NONE;
        }
        if (asked.equals(LATEST) && wanted.kind() == IncidentClass.DATA_CORRUPTION) {
            throw new Refused(choice(wanted)); // the newest may be of after it began
        }
        if (!wanted.scenario().restoresData() || platform.database() == null) {
            throw new Refused(wanted.scenario().id() + " of " + platform.name()
                    + " restores no database: leave --restore-point out");
        }
        return asked.equals(LATEST)
                ? best(state.getRestorePoints()).orElseThrow(() -> unknown(asked))
                : new Chosen(of(asked, Platforms.offered(state)), null);
    }

    /** Those that are derived of a moment hold databases alone. */
    private Chosen withFiles(Wanted wanted) throws Refused {
        var asked = wanted.restorePoint();
        boolean mayHaveIt = LATEST.equals(asked) && wanted.kind() == IncidentClass.DATA_CORRUPTION;
        if (asked == null || asked.equals(NONE) || mayHaveIt) {
            throw new Refused("name the restore point whose files go back, with --restore-point; "
                    + points().orElse("there is none of " + platform.name()));
        }
        if (state.getDatabasesAlone().contains(asked)) {
            throw new Refused(asked + " was derived of a moment and holds databases alone: name another, see"
                    + " `rollbackctl backups list " + state.getPlatform() + "`");
        }
        var points = Platforms.offered(state).stream()
                .filter(point -> !state.getDatabasesAlone().contains(point.getId()))
                .filter(point -> !asked.equals(LATEST) || point.getFault() == null)
                .toList();
        return asked.equals(LATEST) && wanted.scenario().restoresData()
                ? best(points).orElseThrow(() -> unknown(asked))
                : new Chosen(of(asked, points), null);
    }

    private RestorePoint of(String asked, List<RestorePoint> points) throws Refused {
        return points.stream()
                .filter(point -> asked.equals(LATEST) || point.getId().equals(asked))
                .reduce((_, newer) -> newer)
                .orElseThrow(() -> unknown(asked));
    }

    private Refused unknown(String asked) {
        return new Refused("there is no verified restore point " + asked + " of " + platform.name() + ": "
                + points().orElse("there is none at all"));
    }

    /** The newest that was restored before; where none was, the newest; none with a fault. Empty where there is none. */
    private static Optional<Chosen> best(List<RestorePoint> points) {
        var newest = points.stream().reduce((_, newer) -> newer);
        var sound = points.stream().filter(point -> point.getFault() == null).toList();
        return sound.stream()
                .filter(point -> point.getProvenAt() != null)
                .reduce((_, newer) -> newer)
                .or(() -> sound.stream().reduce((_, newer) -> newer))
                .map(point -> new Chosen(
                        point, newest.filter(other -> !other.equals(point)).orElse(null)));
    }

    /** It is never removed. */
    private Optional<RestorePoint> newestProven() {
        return state.getRestorePoints().stream()
                .filter(point -> point.getProvenAt() != null)
                .reduce((_, newer) -> newer);
    }

    private String choice(Wanted wanted) {
        var why = wanted.kind() == IncidentClass.DATA_CORRUPTION
                ? "for a data corruption"
                : "with " + wanted.scenario().id() + " the data go back, too:";
        var kept = wanted.scenario().needsRestorePoint()
                ? ""
                : ". To keep the data as they are, say --restore-point " + NONE;
        return why + " name a restore point from before it began, with --restore-point; "
                + points().orElse("there is none of " + platform.name()) + kept;
    }

    private Optional<String> points() {
        var points = Platforms.offered(state).reversed().stream()
                .limit(5)
                .map(point -> point.getId() + " of " + point.getTakenAt()
                        + (point.getProvenAt() == null ? " (never restored)" : ""))
                .collect(Collectors.joining(", "));
        return points.isEmpty() ? Optional.empty() : Optional.of("the newest are " + points);
    }

    private Chosen before(Instant began) throws Refused {
        return best(state.getRestorePoints().stream()
                        .filter(point -> point.getTakenAt().isBefore(began))
                        .toList())
                .orElseThrow(() -> new Refused("no verified restore point was taken before " + began
                        + ", when the corruption began; nothing was started. To roll the code back and keep the data:"
                        + " `rollbackctl start " + state.getPlatform() + " --reason …`"));
    }
}
