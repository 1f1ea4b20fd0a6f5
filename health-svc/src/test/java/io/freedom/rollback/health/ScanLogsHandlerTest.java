package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.ContainerState;
import io.freedom.rollback.schemas.action.ContainersRecorded;
import io.freedom.rollback.schemas.action.LogsScanned;
import io.freedom.rollback.schemas.action.ScanLogs;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class ScanLogsHandlerTest {
    private final String project = "health-test-" + UUID.randomUUID();
    private final Containers containers = new Containers();
    private final EngineProvider engines = new EngineProvider();

    @AfterEach
    void removeContainers() throws Exception {
        engines.close();
        containers.close();
    }

    @Test
    void passesWhenNoServiceLoggedAnError() throws Exception {
        logged("api", "echo ready; echo 'ERROR level: 0' >&2");
        logged("gui", "echo serving");

        var done = scan(List.of("ERROR"), List.of("ERROR level"));

        assertThat(done.result()).isEqualTo(new LogsScanned(3L));
        assertThat(done.detail()).isEqualTo("no error in 3 lines of 2 containers");
    }

    @Test
    void namesTheServiceAndTheLine() throws Exception {
        logged("api", "echo ready; echo 'ERROR no model' >&2; echo 'ERROR no model' >&2");
        logged("gui", "echo serving");

        var failure = failure(List.of("ERROR"));

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .contains("2 error lines: api ×2: ERROR no model")
                .contains("docker compose -p " + project + " logs");
    }

    @Test
    void readsOnlyWhatWasLoggedSinceTheLastStart() throws Exception {
        // What a service said before it was started again is history.
        var id = logged("api", "test -e /tmp/again && echo ready && exit; touch /tmp/again; echo 'ERROR old'; sleep 2");
        containers.start(id);
        containers.awaitEnd(id);

        assertThat(scan(List.of("ERROR"), List.of()).result()).isEqualTo(new LogsScanned(1L));
    }

    @Test
    void readsOfAContainerThatRanOnOnlyWhatCameAfterTheCheckout() throws Exception {
        var kept = logged("postgres", "echo 'ERROR of the incident'");
        logged("api", "echo ready");
        var recorded = new ContainersRecorded(
                List.of(new ContainerState(
                        "postgres", kept, "postgres-1", "postgres:15", "sha256:0", "running", null, null, 0, null)),
                null,
                "20.10",
                "2.26");
        var checkedOut = new TargetCheckedOut("a", "b", List.of(), Instant.now());
        var step = RecordedStep.within(Duration.ofSeconds(60));

        assertThat(scan(List.of("ERROR"), List.of(), step.after(recorded, checkedOut))
                        .result())
                .isEqualTo(new LogsScanned(1L));
        assertThatThrownBy(() -> scan(List.of("ERROR"), List.of(), step.after(checkedOut)))
                .as("a new container with an error")
                .isInstanceOf(StepFailure.class);
    }

    @Test
    void saysWhenTheProjectHasNoContainers() {
        var failure = failure(List.of("ERROR"));

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains("project " + project + " has no containers");
    }

    private String logged(String service, String script) throws StepFailure, InterruptedException {
        var id = containers.run(
                "--network=none",
                "--label=com.docker.compose.project=" + project,
                "--label=com.docker.compose.service=" + service,
                "rollback-local/python:bookworm",
                "sh",
                "-c",
                script);
        containers.awaitEnd(id);
        return id;
    }

    private Completed scan(List<String> errors, List<String> ignored) throws StepFailure, InterruptedException {
        return scan(errors, ignored, RecordedStep.within(Duration.ofSeconds(60)));
    }

    private Completed scan(List<String> errors, List<String> ignored, StepContext step)
            throws StepFailure, InterruptedException {
        var compose = ComposeProject.newBuilder()
                .setProject(project)
                .setDirectory("/")
                .setFiles(List.of())
                .build();
        return new ScanLogsHandler(engines).execute(new ScanLogs(compose, errors, ignored, List.of(), false), step);
    }

    private StepFailure failure(List<String> errors) {
        var failure = catchThrowableOfType(StepFailure.class, () -> scan(errors, List.of()));
        assertThat(failure).isNotNull();
        return failure;
    }
}
