package io.freedom.rollback.orchestrator.planning;

import static io.freedom.rollback.orchestrator.planning.PlannedStep.LONG;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.MINUTES;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.QUICK;
import static io.freedom.rollback.orchestrator.planning.PlannedStep.step;

import io.freedom.rollback.orchestrator.planning.PlannedStep.Undo;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.Probe;
import io.freedom.rollback.schemas.action.AwaitDatabase;
import io.freedom.rollback.schemas.action.CheckDatabase;
import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckFiles;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.RecordBaseline;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What health-svc does for a plan. */
final class HealthSteps {
    /** Services are healthy by then: a probe that fails for longer fails for good, and service waits for the way back. */
    static final Duration SETTLE = Duration.ofSeconds(15);

    private final PlatformDescriptor platform;
    private final ComposeProject compose;
    private final boolean leavesWhatFailsAgain;

    HealthSteps(PlanRequest request) {
        platform = request.platform();
        compose = request.compose();
        leavesWhatFailsAgain = request.leavesWhatFailsAgain();
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
                platform.compose().requiredEnvKeys(),
                List.of());
    }

    /** In the live work tree. */
    PlannedStep lookForCriticalPaths() {
        return step(
                "health.critical-paths",
                "Look for the critical paths",
                new CheckFiles(platform.workTree(), platform.criticalPaths(), null, List.of(), List.of()),
                QUICK);
    }

    /** In the live work tree. */
    PlannedStep lookForKeptPaths(List<String> paths) {
        return step(
                "health.kept-paths",
                "Look for configuration and models",
                new CheckFiles(platform.workTree(), List.of(), null, List.of(), paths),
                QUICK);
    }

    PlannedStep baseline(Database database) {
        return step(
                        "health.baseline",
                        "Count the rows before anything is changed",
                        new RecordBaseline(database),
                        MINUTES)
                .attempts(3);
    }

    /** Asked once: what it answers right now. */
    PlannedStep reachDatabase(Database database) {
        return step("health.database-ready", "Reach the database", new AwaitDatabase(database, false), QUICK);
    }

    PlannedStep awaitDatabase(Database database) {
        return step(
                "health.database-ready",
                "Await the database",
                new AwaitDatabase(database, true),
                Duration.ofMinutes(2));
    }

    PlannedStep compareRows(Database database) {
        return step("health.database", "Compare tables and rows", new CheckDatabase(database, false), MINUTES);
    }

    /** Once everything is back: no row may be missing that was there when the writers had stopped. */
    Undo rowsAsBefore(Database database) {
        return new Undo(
                "Compare tables and rows with those before", Worker.HEALTH, new CheckDatabase(database, true), LONG);
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
        steps.addAll(conversations(Contracts::probe, SETTLE));
        return steps;
    }

    /** Each sent once. One step a probe: that one cannot even be sent must not hide how the others are. */
    List<PlannedStep> glances() {
        var steps = new ArrayList<PlannedStep>();
        var probes = platform.probes().http();
        for (int i = 0; i < probes.size(); i++) {
            steps.add(step(
                    "health.probe-" + (i + 1),
                    "Probe " + probes.get(i).name(),
                    new ProbeHttp(List.of(Contracts.glance(probes.get(i)))),
                    QUICK));
        }
        steps.addAll(conversations(Contracts::glance, QUICK));
        return steps;
    }

    private List<PlannedStep> conversations(Function<Probe, HttpProbe> sent, Duration timeout) {
        var steps = new ArrayList<PlannedStep>();
        var probes = platform.probes();
        if (probes.model() != null) {
            steps.add(step(
                    "health.model",
                    "Ask the model for a completion",
                    new CheckModel(sent.apply(probes.model())),
                    timeout));
        }
        if (probes.endToEnd() != null) {
            steps.add(step(
                    "health.end-to-end",
                    "Send a query through the platform",
                    new CheckEndToEnd(sent.apply(probes.endToEnd())),
                    timeout));
        }
        return steps;
    }

    PlannedStep scanLogs() {
        return scanLogs(List.of());
    }

    /** All when empty. */
    PlannedStep scanLogs(List<String> services) {
        return step(
                "health.logs",
                "Scan the container logs",
                new ScanLogs(
                        compose,
                        platform.logs().errors(),
                        Contracts.harmless(platform),
                        services,
                        leavesWhatFailsAgain),
                MINUTES);
    }
}
