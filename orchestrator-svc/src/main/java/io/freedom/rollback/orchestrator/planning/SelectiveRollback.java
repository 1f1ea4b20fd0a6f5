package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.step.Phase;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * A deployment has failed: which services did it touch? This scenario only looks, since nobody but git-svc can read the
 * repository; what it finds decides which rollback follows at once.
 */
public final class SelectiveRollback {
    static final String STEP = "git.verify-target";
    /** As many as git-svc lists: there may be more. */
    private static final int LISTED = 1000;

    private static final int NAMED = 5;

    /** What follows, and why. */
    public sealed interface Choice {
        String why();

        record Services(List<String> names, String why) implements Choice {}

        /** What changed cannot be taken back service by service. */
        record Whole(String why) implements Choice {}

        record Nothing(String why) implements Choice {}
    }

    private SelectiveRollback() {}

    static void write(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.git.findTouchedPaths());
    }

    public static Choice choose(TargetVerified found, PlatformDescriptor platform, String target) {
        // What differs now: a rollback of some services leaves HEAD where it is, and is not to be done again.
        var differing = found.getDifferingPaths();
        if (differing.size() >= LISTED) {
            return new Choice.Whole("more than " + LISTED + " paths have changed since " + target);
        }
        var services = new TreeSet<String>();
        var shared = new TreeSet<String>();
        var owned = new ArrayList<String>();
        for (var path : differing) {
            var owners = platform.services().stream()
                    .filter(service -> owns(service, path))
                    .map(ServiceSpec::name)
                    .toList();
            services.addAll(owners);
            if (!owners.isEmpty()) {
                owned.add(path);
            }
            boolean documentation = path.endsWith(".md"); // that of no service has never broken a deployment
            if (owners.isEmpty() && !documentation) {
                shared.add(path);
            }
        }
        if (services.isEmpty() && shared.isEmpty()) {
            return new Choice.Nothing(platform.name() + " is as at " + target
                    + ", as far as git knows: no rollback to it would change anything");
        }
        if (!shared.isEmpty()) {
            return new Choice.Whole(
                    "what has changed since " + target + " belongs to no service alone: " + few(shared));
        }
        var database = platform.database();
        if (database != null && services.contains(database.service())) {
            return new Choice.Whole(database.service() + ", which holds the database, has changed since " + target);
        }
        return new Choice.Services(
                List.copyOf(services),
                "since " + target + " only " + String.join(", ", services) + " changed: " + few(owned));
    }

    private static boolean owns(ServiceSpec service, String path) {
        return service.paths().stream().anyMatch(own -> {
            var folder = own.endsWith("/") ? own : own + "/";
            return path.equals(own) || path.startsWith(folder);
        });
    }

    private static String few(Collection<String> paths) {
        var named = paths.stream().limit(NAMED).toList();
        int more = paths.size() - named.size();
        return String.join(", ", named) + (more > 0 ? " and " + more + " more" : "");
    }
}
