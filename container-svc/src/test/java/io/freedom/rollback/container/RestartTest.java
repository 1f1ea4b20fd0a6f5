package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.AwaitLog;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.LogLineSeen;
import io.freedom.rollback.schemas.action.MeasureUsage;
import io.freedom.rollback.schemas.action.RecordContainers;
import io.freedom.rollback.schemas.action.RestartServices;
import io.freedom.rollback.schemas.action.ServiceUsage;
import io.freedom.rollback.schemas.action.StopServices;
import io.freedom.rollback.schemas.action.UsageBound;
import io.freedom.rollback.schemas.action.UsageMeasured;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class RestartTest {
    private final TestProject project;

    RestartTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void restartsEachContainerOnceTheCrashedAndThePausedOneTooButNoJob() throws Exception {
        services("""
                  api: {image: "%s", init: true, command: [sleep, infinity], depends_on: {db: {condition: service_healthy}}}
                  db: {image: "%s", init: true, command: [sleep, infinity], healthcheck: {test: [CMD, "true"], interval: 1s}}
                  job: {image: "%s", command: ["true"]}
                """);
        project.engine.stop(project.container("api").id(), Duration.ofSeconds(5));
        TestProject.docker("pause", project.container("db").id());
        record();
        var job = start("job");
        var began = project.result(ContainersRecorded.class).getAt();

        var detail = restart(List.of());

        assertThat(detail).isEqualTo("restarted: api, db");
        assertThat(project.states()).containsEntry("api", "running").containsEntry("db", "running");
        assertThat(start("db")).isAfter(began);
        assertThat(start("api")).isAfter(start("db"));
        assertThat(start("job")).isEqualTo(job);

        var database = start("db");
        project.engine.stop(project.container("api").id(), Duration.ofSeconds(5));
        restart(List.of("api", "db"));
        assertThat(start("db")).as("after the next attempt").isEqualTo(database);
        assertThat(project.states()).containsEntry("api", "running");

        restart(List.of("job"));
        var again = start("job");
        assertThat(again).isAfter(job);
        restart(List.of("job"));
        assertThat(start("job")).as("after the next attempt").isEqualTo(again);
    }

    @Test
    void restartsWhatOnlyTheEngineHasStartedSince() throws Exception {
        services("""
                  api: {image: "%s", restart: always, command: [sh, -c, "sleep 1; exit 1"]}
                """);
        record();
        var id = project.container("api").id();
        int before = project.result(ContainersRecorded.class)
                .getContainers()
                .getFirst()
                .getRestarts();
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (project.engine.details(id).orElseThrow().restarts() <= before) {
            assertThat(System.nanoTime()).as("it crashes").isLessThan(end);
        }

        var action = new RestartServices(project.compose(), List.of("api"), 10, false);
        assertThat(new RestartServicesHandler(project.engines).probe(action, project.step))
                .isInstanceOf(Probe.NotApplied.class);
    }

    @Test
    void namesTheServicesThatThereAre() throws Exception {
        services("""
                  api: {image: "%s", init: true, command: [sleep, infinity]}
                """);
        record();

        fails(FailureKind.PRECONDITION, () -> restart(List.of("ape"))).hasMessageContaining("no service ape, only api");
        fails(FailureKind.PRECONDITION, () -> stop(List.of("api", "ape")))
                .hasMessageContaining("no service ape, only api");
        assertThat(project.states()).containsEntry("api", "running");
        project.engine.remove(project.container("api").id());
        assertThat(stop(List.of("api"))).isEqualTo("stopped: api");
        fails(FailureKind.PRECONDITION, () -> restart(List.of("api")))
                .hasMessageContaining(project.name + "-api-1")
                .hasMessageContaining("gone");
        Files.writeString(project.live.resolve("compose.yml"), "services: {api: [broken");
        assertThat(stop(List.of("api"))).isEqualTo("stopped: api");
    }

    @Test
    void measuresWhatServicesUseAndNamesTheBoundsThatArePassed() throws Exception {
        services("""
                  busy: {image: "%s", init: true, command: [python3, -c, "x = bytearray(80000000)\\nwhile True: pass"]}
                  idle: {image: "%s", init: true, command: [sleep, infinity]}
                  job: {image: "%s", command: ["true"]}
                """);
        var bounds = List.of(new UsageBound("busy", 50_000_000L, null), new UsageBound("idle", 50_000_000L, 100));

        var detail = measure(bounds, false);

        var usage = project.result(UsageMeasured.class);
        assertThat(usage.getServices()).extracting(ServiceUsage::getService).containsExactly("busy", "idle");
        assertThat(usage.getServices().getFirst().getMemory()).isBetween(80_000_000L, 200_000_000L);
        assertThat(usage.getServices().getFirst().getCpu()).isBetween(5.0, 130.0);
        assertThat(usage.getServices().getLast().getCpu()).isLessThan(20);
        assertThat(usage.getServices().getLast().getProcesses()).isEqualTo(2);
        assertThat(usage.getPassed()).singleElement().asString().startsWith("busy holds ");
        assertThat(detail)
                .contains("not running: " + project.name + "-job-1", "largest processes: python3 -c x = bytearray");

        project.step.within(Duration.ofSeconds(6));
        fails(FailureKind.MISMATCH, () -> measure(bounds, true))
                .hasMessageContaining("busy holds ")
                .hasMessageContaining("its bound is 50.0 MB");
        measure(List.of(new UsageBound("busy", 200_000_000L, 150)), true);
        fails(FailureKind.MISMATCH, () -> measure(List.of(new UsageBound("job", null, 100)), true))
                .hasMessageContaining("job does not run");
        fails(FailureKind.PRECONDITION, () -> measure(List.of(new UsageBound("bussy", null, 1)), false))
                .hasMessageContaining("no service bussy, only busy, idle, job");
    }

    @Test
    void awaitsALineOfThePresentRun() throws Exception {
        services("""
                  model: {image: "%s", init: true, command: [sh, -c, "test -e /ran && echo no weights || { touch /ran; sleep 1; echo Model loaded in 1 s; }; exec sleep infinity"]}
                """);

        awaitLog("(?i)model loaded");
        assertThat(project.result(LogLineSeen.class).getLine()).isEqualTo("Model loaded in 1 s");

        project.engine.stop(project.container("model").id(), Duration.ofSeconds(5));
        awaitLog("(?i)model loaded");
        fails(FailureKind.MISMATCH, () -> awaitLog("(?i)model saved"))
                .hasMessageContaining("it ended before")
                .hasMessageContaining("is exited");
        project.engine.start(project.container("model").id());
        project.step.within(Duration.ofSeconds(4));
        fails(FailureKind.MISMATCH, () -> awaitLog("(?i)model loaded"))
                .hasMessageContaining("in time")
                .hasMessageContaining("no weights");
        fails(FailureKind.INVALID, () -> awaitLog("(")).hasMessageContaining("is not a regular expression");
    }

    private void services(String services) throws Exception {
        Files.writeString(
                project.live.resolve("compose.yml"), "services:\n" + services.replace("%s", TestProject.BASE));
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of(), false, false, true, List.of()));
    }

    private void record() throws Exception {
        project.run(
                new RecordContainersHandler(project.engines),
                new RecordContainers(project.compose(), project.backup.toString()));
    }

    @Test
    void restartsOnlyWhatIsPastItsBoundsAndAllWhereNothingIs() throws Exception {
        services("""
                  busy: {image: "%s", init: true, command: [python3, -c, "x = bytearray(80000000)\\nwhile True: pass"]}
                  idle: {image: "%s", init: true, command: [sleep, infinity]}
                """);
        record();
        measure(List.of(new UsageBound("busy", 50_000_000L, null), new UsageBound("idle", 50_000_000L, null)), false);
        assertThat(project.result(UsageMeasured.class).getPast()).containsExactly("busy");
        assertThat(restartPastBounds("busy", "idle")).isEqualTo("restarted: busy");

        record();
        measure(List.of(new UsageBound("busy", 500_000_000L, null), new UsageBound("idle", 50_000_000L, null)), false);
        assertThat(restartPastBounds("busy", "idle")).isEqualTo("restarted: busy, idle");
    }

    private String restartPastBounds(String... services) throws Exception {
        return project.run(
                new RestartServicesHandler(project.engines),
                new RestartServices(project.compose(), List.of(services), 10, true));
    }

    private String restart(List<String> services) throws Exception {
        return project.run(
                new RestartServicesHandler(project.engines),
                new RestartServices(project.compose(), services, 10, false));
    }

    private String stop(List<String> services) throws Exception {
        return project.run(new StopServicesHandler(project.engines), new StopServices(project.compose(), services, 10));
    }

    private String measure(List<UsageBound> bounds, boolean enforce) throws Exception {
        return project.run(
                new MeasureUsageHandler(project.engines), new MeasureUsage(project.compose(), bounds, enforce));
    }

    private void awaitLog(String pattern) throws Exception {
        project.run(new AwaitLogHandler(project.engines), new AwaitLog(project.compose(), "model", pattern));
    }

    private Instant start(String service) throws Exception {
        return Instant.parse(project.engine
                .details(project.container(service).id())
                .orElseThrow()
                .startedAt());
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> fails(FailureKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
