package io.freedom.rollback.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    /** What recovery point objectives of the runbook nobody keeps, a sentence each; empty where all of them are. */
    public List<String> unkeptObjectives() {
        var every = backups.every();
        var unkept = new ArrayList<String>();
        boolean seldom = every == null || every.compareTo(rpo) > 0;
        if (database != null && backups.wal() == null && seldom) {
            unkept.add("a restore loses more than the RPO of %s: %s; set `backups.wal: {}`, or `backups.every` to less"
                    .formatted(
                            text(rpo),
                            every == null
                                    ? "no restore point is taken by itself, and no WAL is archived"
                                    : "restore points are taken every " + text(every) + ", and no WAL is archived"));
        }
        if ((!models.isEmpty() || !containerData.isEmpty())
                && (every == null || every.compareTo(Duration.ofHours(24)) > 0)) {
            unkept.add("models and data of containers are not kept each day: set `backups.every`");
        }
        if (backups.logs() == null) {
            unkept.add("logs are not kept each hour: set `backups.logs: {}`");
        }
        if (!configuration.isEmpty() && backups.configuration() == null) {
            unkept.add("changes of the configuration are not recorded as they happen: set `backups.configuration: {}`");
        }
        return List.copyOf(unkept);
    }

    private static String text(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
