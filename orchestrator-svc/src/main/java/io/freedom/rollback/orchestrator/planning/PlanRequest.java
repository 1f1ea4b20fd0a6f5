package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.platform.Migration;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.state.RestorePoint;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a plan is compiled from.
 *
 * @param descriptorHash SHA-256 of the descriptor's text
 * @param target git tag; null for the descriptor's
 * @param point restore point whose database is restored; null for none
 * @param passedOver newer than {@code point}, and not taken because it was never restored or has a fault; null for none
 * @param incident class of the incident that is answered; null when an operator asks and does not say
 * @param services those that the scenario concerns; empty for a scenario of the whole platform
 * @param durations what steps took before, by their ids
 * @param at when it is asked for
 * @param undoable the rollback that can be undone until this one has succeeded; null for none
 * @param moment that a restore point is derived of: "latest", "lsn:…" or ISO 8601; null for none
 * @param asked id of the restore point to fetch from the store, or of the rollback to accept; null for none that was asked for
 * @param parts what of the restore point's files goes back; empty where the scenario has no parts
 * @param surplus restore points that retention does not keep, the oldest first
 */
public record PlanRequest(
        PlatformDescriptor platform,
        String descriptorHash,
        Scenario scenario,
        String rollbackId,
        @Nullable String target,
        @Nullable RestorePoint point,
        @Nullable RestorePoint passedOver,
        @Nullable IncidentClass incident,
        List<String> services,
        Map<String, Duration> durations,
        Instant at,
        @Nullable String undoable,
        @Nullable String moment,
        @Nullable String asked,
        Set<FilePart> parts,
        List<RestorePoint> surplus) {

    public PlanRequest {
        services = List.copyOf(services);
        durations = Map.copyOf(durations);
        parts = Set.copyOf(parts);
        surplus = List.copyOf(surplus);
    }

    /** Directory of the restore point; null for none. */
    @Nullable
    String restorePoint() {
        return point == null ? null : point.getDirectory();
    }

    List<String> released() {
        return undoable == null ? List.of() : List.of(undoable);
    }

    /** What the descriptor says of the chosen services. */
    List<ServiceSpec> specs() {
        return platform.services().stream()
                .filter(service -> services.contains(service.name()))
                .toList();
    }

    String tag() {
        return target == null ? platform.target() : target;
    }

    ComposeProject compose() {
        return Contracts.compose(platform);
    }

    /** Null where the platform has none. */
    @Nullable
    Database database() {
        return platform.database() == null ? null : Contracts.database(platform.database());
    }

    /**
     * The database as it is may be too corrupt to be counted or dumped, and that must not keep it from being replaced: it
     * is kept whole in any case. Not where its data are to be carried over.
     */
    boolean replacesDatabase() {
        return (point != null && scenario.restoresData() || isReset())
                && platform.database() != null
                && migration() == null;
    }

    /** Nobody counts its rows when the last writer has stopped: some services may write on, or it is no longer to be relied on. */
    boolean replacesDatabaseUnsealed() {
        return switch (scenario) {
            case SERVICE_ROLLBACK, DATABASE_RESTORE, DATABASE_REBUILD, FULL_RESTORE -> replacesDatabase();
            default -> false;
        };
    }

    /**
     * Why what is kept of the data serves analysis only, never a restore: they are known or feared to be corrupt, or are being
     * replaced. Null where they may be restored.
     */
    @Nullable
    String distrust() {
        if (incident == IncidentClass.DATA_CORRUPTION || incident == IncidentClass.SECURITY_BREACH) {
            return "taken after a " + incident.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
        return point != null && scenario.restoresData() ? "of data that were about to be replaced" : null;
    }

    /** The step that stops what writes. */
    String stop() {
        return scenario == Scenario.SERVICE_ROLLBACK ? "container.stop" : "container.stop-writers";
    }

    /** Nothing of the platform stays where it is. */
    boolean isReset() {
        return scenario == Scenario.FULL_RESET;
    }

    /** What it is about may be so broken that it does not even run. */
    boolean makesDoWithWhatIsReadable() {
        return isReset() || rebuildsDatabase();
    }

    /** The server begins anew, in a volume that is empty. */
    boolean rebuildsDatabase() {
        return scenario == Scenario.DATABASE_REBUILD;
    }

    /** An intruder is stopped first, kept for analysis, and never let in again by undoing. */
    boolean isBreach() {
        return incident == IncidentClass.SECURITY_BREACH;
    }

    /** The database's service; empty where the platform has none. */
    List<String> databaseService() {
        return platform.database() == null
                ? List.of()
                : List.of(platform.database().service());
    }

    /** The descriptor's services, but that of the database. */
    List<String> ownServices() {
        return platform.services().stream()
                .map(ServiceSpec::name)
                .filter(name -> !databaseService().contains(name))
                .toList();
    }

    /** It starts what had failed, and is none the worse where that fails again, for reasons of its own. */
    boolean leavesWhatFailsAgain() {
        return scenario == Scenario.CONFIGURATION_ROLLBACK || scenario == Scenario.FILES_RESTORE;
    }

    /** What of the work tree a restore point keeps a copy of. */
    List<String> keptPaths() {
        return Stream.concat(platform.configuration().stream(), platform.models().stream())
                .toList();
    }

    /** What of the work tree goes back to how a restore point has it. */
    List<String> restoredPaths() {
        return Stream.concat(
                        parts.contains(FilePart.CONFIGURATION)
                                ? platform.configuration().stream()
                                : Stream.<String>empty(),
                        parts.contains(FilePart.MODELS) ? platform.models().stream() : Stream.<String>empty())
                .toList();
    }

    /** What of the containers does. */
    List<ContainerData> restoredData() {
        return parts.contains(FilePart.CONTAINERS) ? platform.containerData() : List.of();
    }

    /** What is made anew for its configuration loses what is in it alone: so that is kept as well. */
    List<ContainerData> keptData() {
        return parts.contains(FilePart.CONFIGURATION)
                ? platform.containerData().stream()
                        .filter(data -> !databaseService().contains(data.service()))
                        .toList()
                : restoredData();
    }

    /** The rollback's own directory, which becomes its restore point. */
    String directory() {
        return platform.backups().directory() + "/" + rollbackId;
    }

    /** How data get into the target's format; null where they stay as they are. */
    @Nullable
    Migration migration() {
        return scenario == Scenario.DATA_MIGRATION ? platform.migration() : null;
    }

    /** What was exported; beside the restore point, whose manifest is complete by then. */
    String exported() {
        return platform.backups().directory() + "/.migrations/" + rollbackId + "/data";
    }

    /** Where a reset keeps the content of the volumes; beside the restore point, whose manifest is complete by then. */
    String keptVolumes() {
        return platform.backups().directory() + "/.volumes/" + rollbackId;
    }

    /** Where the target is checked out beside the live work tree, to build its images from. */
    String worktree() {
        return platform.backups().directory() + "/.worktrees/" + rollbackId;
    }
}
