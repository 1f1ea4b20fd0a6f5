package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.RecordBaseline;
import io.freedom.rollback.schemas.action.ScanLogs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What health-svc does for a plan. */
final class HealthSteps {
    /** Services are healthy by then: a probe that fails for longer fails for good, and service waits for the way back. */
    private static final Duration SETTLE = Duration.ofSeconds(15);

    private final PlatformDescriptor platform;
    private final ComposeProject compose;

    HealthSteps(PlanRequest request) {
        platform = request.platform();
        compose = request.compose();
    }

    PlannedStep envKeys() {
        return step("health.env-keys", "Check the required env keys", files(List.of()), QUICK);
    }

    PlannedStep files() {
        return step("health.files", "Check critical files and env keys", files(platform.criticalPaths()), QUICK);
    }

    private CheckFiles files(List<String> criticalPaths) {
        return new CheckFiles(
                platform.workTree(),
                criticalPaths,
                compose.getEnvFile(),
                platform.compose().requiredEnvKeys());
    }

    PlannedStep baseline(Database database) {
        return step(
                        "health.baseline",
                        "Count the rows while the platform serves",
                        new RecordBaseline(database),
                        MINUTES)
                .attempts(3);
    }

    PlannedStep reachDatabase(Database database) {
        return databaseReady("Reach the database", database, Duration.ofSeconds(10));
    }

    PlannedStep awaitDatabase(Database database) {
        return databaseReady("Await the database", database, Duration.ofMinutes(2));
    }

    private static PlannedStep databaseReady(String title, Database database, Duration timeout) {
        return step("health.database-ready", title, new AwaitDatabase(database), timeout);
    }

    PlannedStep compareRows(Database database) {
        return step("health.database", "Compare tables and rows", new CheckDatabase(database), MINUTES);
    }

    /** Those that the descriptor has: services, model, end to end. */
    List<PlannedStep> probes() {
        var steps = new ArrayList<PlannedStep>();
        var probes = platform.probes();
        if (!probes.http().isEmpty()) {
            steps.add(step(
                    "health.probes",
                    "Probe the services",
                    new ProbeHttp(probes.http().stream().map(Contracts::probe).toList()),
                    SETTLE));
        }
        if (probes.model() != null) {
            steps.add(step(
                    "health.model",
                    "Ask the model for a completion",
                    new CheckModel(Contracts.probe(probes.model())),
                    SETTLE));
        }
        if (probes.endToEnd() != null) {
            steps.add(step(
                    "health.end-to-end",
                    "Send a query through the platform",
                    new CheckEndToEnd(Contracts.probe(probes.endToEnd())),
                    SETTLE));
        }
        return steps;
    }

    PlannedStep scanLogs() {
        return step(
                "health.logs",
                "Scan the container logs",
                new ScanLogs(compose, platform.logs().errors(), platform.logs().ignore()),
                MINUTES);
    }
}
