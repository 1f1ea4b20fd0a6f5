package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.AwaitHealthy;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ComposeUp;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.RestoreImages;
import io.freedom.rollback.schemas.action.StopWriters;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("engine")
class FailureTest {
    private TestProject project;

    @TempDir
    Path sockets;

    FailureTest(@TempDir Path folder) throws Exception {
        project = new TestProject(folder);
    }

    @AfterEach
    void removeAll() throws Exception {
        project.close();
    }

    @Test
    void saysThatDockerDoesNotAnswer() {
        var nobody = new EngineProvider(URI.create("unix://" + sockets.resolve("docker.sock")));
        var action = new StopWriters(project.compose(), List.of(), 1);

        fails(FailureKind.OUTAGE, () -> new StopWritersHandler(nobody).execute(action, project.step))
                .hasMessageContaining("Docker does not answer at unix://")
                .hasMessageContaining("is the daemon running?");
    }

    @Test
    void findsACrashLoopLongBeforeTheTimeIsOver() throws Exception {
        services("""
                  api: {image: "%s", command: [sh, -c, "echo the key is missing; exit 3"], restart: always}
                  web: {image: "%s", init: true, command: [sleep, infinity]}
                """);
        up();
        long began = System.nanoTime();

        fails(FailureKind.MISMATCH, this::awaitHealthy)
                .hasMessageContaining("crash loop")
                .hasMessageContaining("last exit code 3")
                .hasMessageContaining("the key is missing");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void letsAServiceCrashUntilWhatItNeedsIsUp() throws Exception {
        services("""
                  api: {image: "%s", command: [sh, -c, "test -e /shared/ready || exit 1; exec sleep infinity"],
                        init: true, restart: always, volumes: ["shared:/shared"]}
                  db: {image: "%s", command: [sh, -c, "rm -f /shared/ready; sleep 5; touch /shared/ready; exec sleep infinity"],
                       init: true, volumes: ["shared:/shared"],
                       healthcheck: {test: [CMD, test, -e, /shared/ready], interval: 1s, retries: 20}}
                volumes: {shared: {}}
                """);
        up();

        awaitHealthy();

        assertThat(project.states()).containsEntry("api", "running");
        assertThat(project.step.notes)
                .anyMatch(note -> note.contains("api=restarting") || note.contains("api=crashing"));
    }

    @Test
    void namesTheServiceThatDidNotBecomeHealthyInTime() throws Exception {
        services("  db: {image: \"%s\", init: true, command: [sh, -c, \"echo waiting for a lock; exec sleep 99\"],"
                + " healthcheck: {test: [CMD, \"false\"], interval: 1s, start_period: 60s}}\n");
        up();
        project.step.within(Duration.ofSeconds(5));

        fails(FailureKind.MISMATCH, this::awaitHealthy)
                .hasMessageContaining("0 of 1 services healthy")
                .hasMessageContaining("db=starting")
                .hasMessageContaining("waiting for a lock");
    }

    @Test
    void showsTheLogOfTheServiceThatKeepsOthersFromStarting() throws Exception {
        services("""
                  db: {image: "%s", command: [sh, -c, "echo disk is full; exit 4"], healthcheck: {test: [CMD, "true"]}}
                  api: {image: "%s", command: [sleep, infinity], depends_on: {db: {condition: service_healthy}}}
                """);

        fails(FailureKind.TOOL, this::up)
                .hasMessageContaining("last exit code 4")
                .hasMessageContaining("disk is full");
    }

    @Test
    void saysWhyAnImageCannotBeBuiltAndStopsNothing() throws Exception {
        project.up();
        Files.writeString(
                project.worktree.resolve("api/Dockerfile"),
                "FROM %s\nRUN echo the mirror is gone >&2; exit 9\n".formatted(TestProject.BASE));

        fails(FailureKind.TOOL, this::prepare)
                .hasMessageContaining("nothing was stopped")
                .hasMessageContaining("the mirror is gone");
        assertThat(project.states()).containsEntry("api", "running").containsEntry("db", "running");
    }

    @Test
    void saysThatAnImageIsNeitherHereNorCanBePulled() throws Exception {
        Files.writeString(
                project.worktree.resolve("compose.yml"), "services: {db: {image: \"registry.invalid/none:1\"}}\n");

        fails(FailureKind.PRECONDITION, this::prepare)
                .hasMessageContaining("image registry.invalid/none:1 of service db is not here and cannot be pulled");
    }

    @Test
    void movesNoNameWhenOneRecordedImageIsGone() throws Exception {
        project.engine.images().tag(project.engine.images().id(TestProject.BASE).orElseThrow(), project.name + "-x:1");
        project.step.feed(new ContainersRecorded(
                List.of(new ContainerState(
                        "x",
                        "1",
                        "x",
                        project.name + "-x:1",
                        "sha256:" + "0".repeat(64),
                        "running",
                        null,
                        null,
                        0,
                        null)),
                null,
                "",
                ""));

        fails(
                        FailureKind.PRECONDITION,
                        () -> new RestoreImagesHandler(project.engines)
                                .execute(new RestoreImages(project.compose(), List.of()), project.step))
                .hasMessageContaining(project.name + "-x:1 (000000000000) is gone");
    }

    @Test
    void changesNothingOnceTheStepIsCancelled() throws Exception {
        project.up();
        project.step.cancel();

        assertThatThrownBy(() -> new StopWritersHandler(project.engines)
                        .execute(new StopWriters(project.compose(), List.of(), 5), project.step))
                .isInstanceOf(StepCancelledException.class);
        assertThat(project.states()).containsEntry("api", "running");
    }

    @Test
    void saysThatTheProjectDirectoryDoesNotExist() {
        var compose = new ComposeProject(project.name, "/no/such", List.of("compose.yml"), null, null, null);

        fails(
                        FailureKind.PRECONDITION,
                        () -> new ComposeUpHandler(project.engines, project.vault)
                                .execute(
                                        new ComposeUp(compose, List.of(), false, false, true, List.of()), project.step))
                .hasMessageContaining("/no/such does not exist");
    }

    private void services(String services) throws Exception {
        Files.writeString(
                project.live.resolve("compose.yml"), "services:\n" + services.replace("%s", TestProject.BASE));
    }

    private void up() throws Exception {
        project.run(
                new ComposeUpHandler(project.engines, project.vault),
                new ComposeUp(project.compose(), List.of(), false, false, true, List.of()));
    }

    /** As an engine does that was killed and started again. */
    @Test
    void startsWhatIsToRunAlwaysAndWasStoppedMeanwhile() throws Exception {
        project.up();
        project.engine.stop(project.container("db").id(), Duration.ofSeconds(5));

        awaitHealthy();

        assertThat(project.states()).containsEntry("db", "running");
    }

    private void awaitHealthy() throws Exception {
        project.run(
                new AwaitHealthyHandler(project.engines), new AwaitHealthy(project.compose(), List.of(), false, false));
    }

    private void prepare() throws Exception {
        project.run(
                new PrepareImagesHandler(project.engines),
                new PrepareImages(
                        project.compose(), project.worktree.toString(), "f".repeat(40), List.of(), true, true, false));
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> fails(FailureKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StepFailure.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
