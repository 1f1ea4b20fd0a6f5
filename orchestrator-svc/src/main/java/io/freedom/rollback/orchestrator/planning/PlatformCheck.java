package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.ContainerData;
import io.freedom.rollback.platform.ServiceSpec;
import io.freedom.rollback.schemas.step.Phase;
import java.util.stream.Stream;

/**
 * What a rollback would stumble over, each on its own, so that all of it is reported at once; then, as validation, what it
 * would find different from the descriptor once it is done. The latter may be broken right now: hence the rollback.
 */
final class PlatformCheck {
    private PlatformCheck() {}

    static void write(PlanDraft plan) {
        var platform = plan.request.platform();
        var database = plan.request.database();
        var services = Stream.of(
                        plan.request.databaseService().stream(),
                        platform.containerData().stream().map(ContainerData::service),
                        platform.services().stream().map(ServiceSpec::name))
                .flatMap(names -> names)
                .distinct()
                .toList();

        plan.phase(Phase.ASSESS);
        plan.add(plan.git.verifyTarget().dispensable());
        plan.add(plan.container.check(services).dispensable());
        plan.add(plan.health.envKeys().dispensable());
        if (database != null) {
            plan.add(plan.health.reachDatabase(database).dispensable());
        }
        plan.add(plan.backup.lookForSpace().dispensable());

        plan.phase(Phase.VALIDATE);
        if (!platform.criticalPaths().isEmpty()) {
            plan.add(plan.health.lookForCriticalPaths().dispensable());
        }
        if (!plan.request.keptPaths().isEmpty()) {
            plan.add(plan.health.lookForKeptPaths(plan.request.keptPaths()).dispensable());
        }
        plan.health.glances().forEach(probe -> plan.add(probe.dispensable()));
    }
}
