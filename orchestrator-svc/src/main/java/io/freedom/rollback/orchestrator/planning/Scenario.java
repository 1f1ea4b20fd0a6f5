package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A named procedure of the runbook. A further one is a file that writes its steps, and a line here. */
public enum Scenario {
    /** The six phases: back to the target tag, the database restored from a restore point where one is given. */
    FULL_ROLLBACK(
            "full-rollback",
            null,
            FullRollback::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT,
            Trait.RESTORES_DATA),
    /** A failed service is restarted. */
    SERVICE_RESTART(
            "service-restart",
            Duration.ofMinutes(5),
            ServiceRestart::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.OF_SERVICES),
    /** What uses too much is restarted, and measured before and after. */
    PERFORMANCE_RELIEF(
            "performance-relief",
            Duration.ofMinutes(5),
            PerformanceRelief::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.OF_SERVICES),
    /** A model service is built and made anew, from the present work tree. */
    MODEL_RESET("model-reset", Duration.ofMinutes(5), ModelReset::write, Trait.CHOSEN_BY_OPERATORS, Trait.OF_SERVICES),
    /** The configuration as it was at the tag. */
    CONFIGURATION_ROLLBACK(
            "configuration-rollback",
            Duration.ofMinutes(10),
            ConfigurationRollback::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT),
    /** Some services back to the tag, with their data where a restore point is given. */
    SERVICE_ROLLBACK(
            "service-rollback",
            Duration.ofMinutes(20),
            ServiceRollback::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT,
            Trait.OF_SERVICES,
            Trait.RESTORES_DATA),
    /** The database from a restore point; code and configuration stay. */
    DATABASE_RESTORE(
            "database-restore",
            Duration.ofMinutes(20),
            DatabaseRestore::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.RESTORES_DATA),
    /** The same where its server does not even start: with a volume that is new. */
    DATABASE_REBUILD(
            "database-rebuild",
            Duration.ofMinutes(20),
            DatabaseRestore::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.RESTORES_DATA),
    /** Models, configuration and data of containers from a restore point; code and databases stay. */
    FILES_RESTORE(
            "files-restore",
            Duration.ofMinutes(20),
            FilesRestore::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.NEVER_UNASKED),
    /** Databases and files of a restore point together. */
    FULL_RESTORE(
            "full-restore",
            Duration.ofMinutes(20),
            FilesRestore::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.RESTORES_DATA,
            Trait.NEVER_UNASKED),
    /** As a full rollback to a restore point, with the data since then carried over in the target's format. */
    DATA_MIGRATION(
            "data-migration",
            Duration.ofMinutes(60),
            FullRollback::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT,
            Trait.RESTORES_DATA),
    /** Looks what a failed deployment has touched; the rollback of that follows. */
    SELECTIVE_ROLLBACK(
            "selective-rollback", null, SelectiveRollback::write, Trait.CHOSEN_BY_OPERATORS, Trait.TOUCHES_GIT),
    /** The nuclear option: volumes, untracked files and images go as well, all of it kept for the way back. */
    FULL_RESET(
            "full-reset",
            Duration.ofMinutes(30),
            FullReset::write,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT,
            Trait.RESTORES_DATA,
            Trait.NEVER_UNASKED),
    /** Phases 1 and 2 alone: a verified restore point, nothing stopped. */
    RESTORE_POINT("restore-point", null, Preservation::write, Trait.CHOSEN_BY_OPERATORS, Trait.TOUCHES_GIT),
    /** The same of one moment: what writes is stopped while databases and files are copied. */
    QUIESCED_RESTORE_POINT(
            "quiesced-restore-point",
            null,
            Preservation::writeQuiesced,
            Trait.CHOSEN_BY_OPERATORS,
            Trait.TOUCHES_GIT,
            Trait.NEVER_UNASKED),
    /** Reads a restore point back, and restores it into a throwaway server. */
    RESTORE_POINT_CHECK(
            "restore-point-check", null, RestorePointCare::check, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** Makes a restore point of a moment of which none was taken, from the WAL archive. */
    RESTORE_POINT_DERIVE(
            "restore-point-derive", null, RestorePointCare::derive, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** Recovers a throwaway server from the WAL archive, to where that ends. */
    RESTORE_POINT_WAL_CHECK(
            "restore-point-wal-check", null, RestorePointCare::recover, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** Learns from the disk which restore points there are. */
    RESTORE_POINT_IMPORT(
            "restore-point-import", null, RestorePointCare::find, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** One restore point is not removed for a while. */
    RESTORE_POINT_HOLD(
            "restore-point-hold", null, RestorePointCare::hold, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** Restore points that retention does not keep are removed. */
    RESTORE_POINT_PRUNE(
            "restore-point-prune", null, RestorePointCare::prune, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** There is no way back from a rollback any more: the databases that it replaced are dropped. */
    ACCEPTANCE("acceptance", null, RestorePointCare::accept, Trait.CHOSEN_BY_OPERATORS, Trait.NEVER_UNASKED),
    /** Looks whether the platform could be rolled back, and how it is; writes nothing. */
    PLATFORM_CHECK("platform-check", null, PlatformCheck::write, Trait.TOUCHES_GIT),
    /** Looks what another scenario would meet and do, see {@link Planner#look}. */
    PREVIEW("preview", null, plan -> Preview.write(plan, Set.of()), Trait.TOUCHES_GIT);

    private enum Trait {
        /** With {@code rollbackctl start}. */
        CHOSEN_BY_OPERATORS,
        /** Goes to, or looks at, a git tag. */
        TOUCHES_GIT,
        /** Concerns named services only. */
        OF_SERVICES,
        /** Can put a database back to a restore point. */
        RESTORES_DATA,
        /** No incident starts it. */
        NEVER_UNASKED
    }

    private final String id;
    private final @Nullable Duration rto;
    private final Consumer<PlanDraft> steps;
    private final Set<Trait> traits;

    Scenario(String id, @Nullable Duration rto, Consumer<PlanDraft> steps, Trait... traits) {
        this.id = id;
        this.rto = rto;
        this.steps = steps;
        this.traits = Set.of(traits);
    }

    public String id() {
        return id;
    }

    void write(PlanDraft plan) {
        steps.accept(plan);
    }

    /** The descriptor's objective, else the runbook's. */
    Duration rto(PlatformDescriptor platform) {
        return platform.objectives().getOrDefault(id, rto == null ? platform.rto() : rto);
    }

    public boolean touchesGit() {
        return traits.contains(Trait.TOUCHES_GIT);
    }

    /** Looks, and changes nothing: its success mends nothing either. */
    public boolean onlyLooks() {
        return onlyShows() || this == SELECTIVE_ROLLBACK || this != RESTORE_POINT && isHousekeeping(id);
    }

    /** What it finds is for whoever asked; nothing follows from it. */
    public boolean onlyShows() {
        return this == PLATFORM_CHECK || this == PREVIEW;
    }

    public static boolean onlyShows(String id) {
        return of(id).filter(Scenario::onlyShows).isPresent();
    }

    /** About restore points, or what a rollback has left behind: of the platform it changes nothing. */
    public static boolean isHousekeeping(String id) {
        return id.startsWith(RESTORE_POINT.id) || id.equals(ACCEPTANCE.id);
    }

    /** Its restore points hold no files. */
    public static boolean derivesDatabasesAlone(String id) {
        return id.equals(RESTORE_POINT_DERIVE.id);
    }

    /** Reads what is kept, in the background, and may take hours: what else is looked after goes on meanwhile. */
    public static boolean onlyReadsBackups(String id) {
        return id.equals(RESTORE_POINT_CHECK.id) || id.equals(RESTORE_POINT_WAL_CHECK.id);
    }

    public boolean isOfServices() {
        return traits.contains(Trait.OF_SERVICES);
    }

    public boolean restoresData() {
        return traits.contains(Trait.RESTORES_DATA);
    }

    /** It is there to have one. */
    public boolean takesRestorePoint() {
        return this == RESTORE_POINT || this == QUIESCED_RESTORE_POINT;
    }

    /** Models, configuration or data of containers. */
    public boolean restoresFiles() {
        return this == FILES_RESTORE || this == FULL_RESTORE;
    }

    /** Nothing can be done without one. */
    public boolean needsRestorePoint() {
        return this == DATABASE_RESTORE
                || this == DATABASE_REBUILD
                || restoresFiles()
                || this == DATA_MIGRATION
                || this == RESTORE_POINT_CHECK
                || this == RESTORE_POINT_HOLD;
    }

    /** Isolates first, or touches nothing. */
    public boolean answersBreaches() {
        return this == FULL_ROLLBACK
                || this == FULL_RESET
                || this == DATA_MIGRATION
                || onlyShows()
                || isHousekeeping(id);
    }

    public boolean startedByIncidents() {
        return !traits.contains(Trait.NEVER_UNASKED);
    }

    /** On a throwaway copy: not what runs programs that find the platform by themselves, what only leads to another, nor what the copy is made of. */
    public boolean canBeDrilled() {
        return chosenByOperators()
                && this != DATA_MIGRATION
                && this != SELECTIVE_ROLLBACK
                && !restoresFiles()
                && this != QUIESCED_RESTORE_POINT
                && (this == RESTORE_POINT || !isHousekeeping(id));
    }

    public static String drills() {
        return Arrays.stream(values())
                .filter(Scenario::canBeDrilled)
                .map(Scenario::id)
                .collect(Collectors.joining(", "));
    }

    public boolean chosenByOperators() {
        return traits.contains(Trait.CHOSEN_BY_OPERATORS);
    }

    public static Optional<Scenario> of(String id) {
        return Arrays.stream(values())
                .filter(scenario -> scenario.id.equals(id))
                .findFirst();
    }

    /** Those that an operator may choose. */
    public static String ids() {
        return Arrays.stream(values())
                .filter(Scenario::chosenByOperators)
                .map(Scenario::id)
                .collect(Collectors.joining(", "));
    }
}
