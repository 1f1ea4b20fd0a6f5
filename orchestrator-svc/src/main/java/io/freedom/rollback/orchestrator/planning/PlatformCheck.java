package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.schemas.step.Phase;
import java.util.stream.Stream;

/** Everything a rollback would stumble over, each on its own, so that all of it is reported at once. */
final class PlatformCheck {
    private PlatformCheck() {}

    static void write(PlanDraft plan) {
        var platform = plan.request.platform();
        var database = plan.request.database();
        var services = Stream.concat(
                        plan.request.databaseService().stream(),
                        platform.containerData().stream().map(ContainerData::service))
                .distinct()
                .toList();

        plan.phase(Phase.ASSESS);
        plan.add(plan.git.verifyTarget().dispensable());
        plan.add(plan.container.check(services).dispensable());
        plan.add(plan.health.envKeys().dispensable());
        if (database != null) {
            plan.add(plan.health.reachDatabase(database).dispensable());
        }
        plan.add(plan.backup.checkSpace(platform.backups().directory()).dispensable());
    }
}
