package io.freedom.rollback.platform;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One docker-compose platform under git, as read from platform.yaml; every default is filled in.
 *
 * @param workTree absolute path of the git work tree
 * @param target git tag to roll back to
 * @param criticalPaths relative to {@code workTree}
 * @param rto recovery time objective of a full rollback
 * @param rpo recovery point objective of the database
 * @param objectives recovery time objectives of other scenarios, by their names
 * @param services those that can be rolled back, reset or restarted on their own
 * @param configuration relative to {@code workTree}
 * @param models relative to {@code workTree}
 * @param incidents scenario of each incident class, {@link #NO_SCENARIO} where such an incident starts nothing
 * @param dataLoss before a database goes back to a restore point, and what was committed since is given up
 * @param reset before a full reset removes volumes, files that git does not track, and images
 */
public record PlatformDescriptor(
        String name,
        String site,
        String workTree,
        String target,
        List<String> criticalPaths,
        Duration rto,
        Duration rpo,
        Map<String, Duration> objectives,
        Compose compose,
        List<ServiceSpec> services,
        @Nullable DatabaseSpec database,
        List<String> configuration,
        List<String> models,
        List<ContainerData> containerData,
        Probes probes,
        Logs logs,
        Backups backups,
        Map<String, String> incidents,
        ApprovalPolicy dataLoss,
        ApprovalPolicy reset,
        List<ChangeApproval> changes,
        @Nullable Migration migration,
        AutomaticPolicy automatic,
        List<NotificationChannel> notifications,
        StabilityPolicy watch,
        List<FollowUpSpec> followUps) {

    /** Value in {@link #incidents} for "starts nothing". */
    public static final String NO_SCENARIO = "none";

    public PlatformDescriptor {
        criticalPaths = List.copyOf(criticalPaths);
        objectives = Map.copyOf(objectives);
        services = List.copyOf(services);
        configuration = List.copyOf(configuration);
        models = List.copyOf(models);
        containerData = List.copyOf(containerData);
        incidents = Map.copyOf(incidents);
        notifications = List.copyOf(notifications);
        followUps = List.copyOf(followUps);
        changes = List.copyOf(changes);
    }
}
